/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the sections with call frame information are in a file, and their bytes. Offsets are of the
 * file, all of it untrusted.
 */
#ifndef SEEP_ELF_CFI_PLACE_H
#define SEEP_ELF_CFI_PLACE_H

#include "elf/cfi_private.h"

/* Where a section is and how to know its end. */
struct seep_cfi_place {
	uint64_t offset;
	uint64_t length;   /* at most this many bytes */
	uint64_t address;  /* in memory */
	uint64_t num_fdes; /* that a sorted table in .eh_frame_hdr has; 0 if there is none */
	bool length_known; /* by a section header; else other things may follow */
};

/* The section @name. 0, or -ENOENT if there is none whose bytes are in the file as they are. */
int seep_cfi_find_section(const struct seep_image *image, const char *name,
			  struct seep_cfi_place *ret_place);

/* .eh_frame, with or without section headers. 0 or -ENOENT. */
int seep_cfi_find_eh_frame(const struct seep_image *image, struct seep_cfi_place *ret_place);

/*
 * Reads @length bytes at @offset, or as many as the file has and the cap allows. The caller frees
 * *ret_bytes. 0; -ENOENT behind the end of the file; -ENOMEM; another -errno.
 */
int seep_cfi_read_bytes(const struct seep_image *image, uint64_t offset, uint64_t length,
			uint8_t **ret_bytes, size_t *ret_length);

#endif
