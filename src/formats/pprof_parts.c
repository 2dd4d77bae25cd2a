// SPDX-License-Identifier: GPL-2.0-only
/* How a profile is packed: part by part, each one through gzip, and the string table at the end. */
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "formats/pprof_private.h"

/* Packed bytes that are collected before they go to gzip: many samples per call of deflate. */
#define FLUSH_BYTES 65536

void seep_pprof_keep_error(struct pprof *pprof, int error)
{
	if (error && !pprof->error)
		pprof->error = error;
}

uint32_t seep_pprof_text(struct pprof *pprof, const char *text)
{
	uint32_t number = 0;

	if (text)
		seep_pprof_keep_error(pprof, seep_strings_get(&pprof->texts, text, &number));
	return number;
}

/* profile.proto is proto3, whose strings must be UTF-8; names of targets may have any bytes. */
uint32_t seep_pprof_clean_text(struct pprof *pprof, const char *text)
{
	seep_buffer_reset(&pprof->clean);
	if (text)
		seep_text_append_clean(&pprof->clean, text, SIZE_MAX);
	seep_pprof_keep_error(pprof, pprof->clean.error);
	return seep_pprof_text(pprof, pprof->clean.data);
}

/*
 * The callback of protobuf-c, which passes only its own base: the profile is the struct around it.
 */
static void append_packed(ProtobufCBuffer *base, size_t length, const uint8_t *bytes)
{
	struct pprof *pprof = (struct pprof *)((char *)base - offsetof(struct pprof, base));

	seep_buffer_append(&pprof->packed, bytes, length);
}

void seep_pprof_flush(struct pprof *pprof)
{
	seep_pprof_keep_error(pprof, pprof->packed.error);
	seep_gzip_append(&pprof->gzip, pprof->packed.data, pprof->packed.length);
	seep_buffer_reset(&pprof->packed);
}

/* The encoding of a part is that of a whole profile, so parts are written one behind the other. */
void seep_pprof_pack(struct pprof *pprof, const struct Seep__Pprof__Profile *part)
{
	protobuf_c_message_pack_to_buffer(&part->base, &pprof->base);
	if (pprof->packed.length >= FLUSH_BYTES)
		seep_pprof_flush(pprof);
}

void seep_pprof_start_packing(struct pprof *pprof)
{
	seep_buffer_init(&pprof->packed);
	pprof->base.append = append_packed;
}

/* One string per part: the table as one message would need an array of all its pointers. */
void seep_pprof_pack_texts(struct pprof *pprof)
{
	for (uint32_t i = 0; !pprof->error && i < pprof->texts.count; i++) {
		Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
		/* protobuf-c has no const in its structs, but does not change what it packs. */
		char *text = (char *)seep_strings_text(&pprof->texts, i);

		part.n_texts = 1;
		part.texts = &text;
		seep_pprof_pack(pprof, &part);
	}
}
