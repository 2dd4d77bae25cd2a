// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/cfi_private.h"

/* An entry without CFI is some instructions long: musl's _start has 22 bytes. */
#define ENTRY_MAX_BYTES 64

/* A file has one or two; more are not looked for. */
#define STUBS_MAX 16

/* How much code without CFI is searched. A gap counts as at least what reading it costs. */
#define SEARCH_MAX_BYTES   (8u << 20)
#define SEARCH_MIN_BYTES   512
#define SEARCH_PIECE_BYTES (64u << 10)

/* mov $15, %rax; syscall: rt_sigreturn, as in musl's __restore_rt and in Go */
static const uint8_t signal_return[SEEP_CFI_SIGNAL_RETURN_BYTES] = {0x48, 0xc7, 0xc0, 0x0f, 0x00,
								    0x00, 0x00, 0x0f, 0x05};

struct stub {
	uint64_t start; /* file offsets */
	uint64_t end;
	enum seep_rule_kind kind;
};

struct stubs {
	const struct seep_image *image;
	uint64_t entry; /* file offset */
	uint64_t budget;
	uint8_t *piece;
	size_t count;
	struct stub list[STUBS_MAX];
};

bool seep_cfi_is_signal_return(const struct seep_image *image, uint64_t offset)
{
	uint8_t code[sizeof(signal_return)];

	return offset <= INT64_MAX &&
	       pread(image->fd, code, sizeof(code), (off_t)offset) == (ssize_t)sizeof(code) &&
	       memcmp(code, signal_return, sizeof(code)) == 0;
}

static void add(struct stubs *stubs, uint64_t start, uint64_t end, enum seep_rule_kind kind)
{
	if (stubs->count < STUBS_MAX)
		stubs->list[stubs->count++] = (struct stub){start, end, kind};
}

/* Pieces overlap by one byte less than what is looked for. */
static void search(struct stubs *stubs, uint64_t start, uint64_t end)
{
	while (start <= INT64_MAX && end - start >= sizeof(signal_return)) {
		size_t length = end - start < SEARCH_PIECE_BYTES ? end - start : SEARCH_PIECE_BYTES;
		uint64_t cost = length < SEARCH_MIN_BYTES ? SEARCH_MIN_BYTES : length;
		const uint8_t *found;
		ssize_t got;

		if (stubs->budget < cost)
			return;
		stubs->budget -= cost;
		got = pread(stubs->image->fd, stubs->piece, length, (off_t)start);
		if (got < (ssize_t)sizeof(signal_return))
			return;
		found = memmem(stubs->piece, (size_t)got, signal_return, sizeof(signal_return));
		if (found) {
			start += (uint64_t)(found - stubs->piece);
			add(stubs, start, start + sizeof(signal_return), SEEP_RULE_SIGNAL);
			start += sizeof(signal_return);
		} else {
			start += (uint64_t)got - (sizeof(signal_return) - 1);
		}
	}
}

/* Code without CFI, as far as it lies in executable segments. */
static void look_at_gap(struct stubs *stubs, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < stubs->image->num_segments; i++) {
		const struct seep_segment *segment = &stubs->image->segments[i];
		uint64_t from = start > segment->offset ? start : segment->offset;
		uint64_t to = segment->offset + segment->length;

		if (to > end)
			to = end;
		if (!segment->executable || from >= to)
			continue;
		if (stubs->entry >= from && stubs->entry < to) {
			uint64_t left = to - stubs->entry;

			add(stubs, stubs->entry,
			    stubs->entry + (left < ENTRY_MAX_BYTES ? left : ENTRY_MAX_BYTES),
			    SEEP_RULE_END);
		}
		search(stubs, from, to);
	}
}

static void look_at_gaps(struct stubs *stubs, const struct seep_cfi *cfi)
{
	look_at_gap(stubs, 0, cfi->rows[0].offset);
	for (size_t i = 0; i < cfi->num_rows; i++)
		if (cfi->rows[i].rule.kind == SEEP_RULE_GAP)
			look_at_gap(stubs, cfi->rows[i].offset,
				    i + 1 < cfi->num_rows ? cfi->rows[i + 1].offset : UINT64_MAX);
}

/* The array has room for two more rows. What is behind the stub stays a gap. */
static void insert(struct seep_cfi *cfi, const struct stub *stub)
{
	struct seep_cfi_row new_rows[] = {
		{stub->start, {.kind = (uint8_t)stub->kind}},
		{stub->end, {.kind = SEEP_RULE_GAP}},
	};
	size_t at = 0, behind, count = 2;

	while (at < cfi->num_rows && cfi->rows[at].offset < stub->start)
		at++;
	behind = at;
	while (behind < cfi->num_rows && cfi->rows[behind].offset < stub->end)
		behind++;
	if (behind < cfi->num_rows && cfi->rows[behind].offset == stub->end)
		count = 1;
	memmove(cfi->rows + at + count, cfi->rows + behind,
		(cfi->num_rows - behind) * sizeof(*cfi->rows));
	memcpy(cfi->rows + at, new_rows, count * sizeof(*cfi->rows));
	cfi->num_rows = at + count + (cfi->num_rows - behind);
}

static void merge_equal_neighbours(struct seep_cfi *cfi)
{
	size_t count = 1;

	for (size_t i = 1; i < cfi->num_rows; i++)
		if (memcmp(&cfi->rows[i].rule, &cfi->rows[count - 1].rule,
			   sizeof(struct seep_rule)) != 0)
			cfi->rows[count++] = cfi->rows[i];
	cfi->num_rows = count;
}

int seep_cfi_add_stubs(const struct seep_image *image, struct seep_cfi *cfi)
{
	SEEP_AUTO_FREE uint8_t *piece = malloc(SEARCH_PIECE_BYTES);
	struct stubs stubs = {
		.image = image,
		.entry = UINT64_MAX,
		.budget = SEARCH_MAX_BYTES,
		.piece = piece,
	};
	struct seep_cfi_row *rows;
	GElf_Ehdr header;

	if (!piece)
		return -ENOMEM;
	if (gelf_getehdr(image->elf, &header) && header.e_entry)
		seep_image_address_to_offset(image, header.e_entry, &stubs.entry);
	look_at_gaps(&stubs, cfi);
	if (!stubs.count)
		return 0;
	rows = reallocarray(cfi->rows, cfi->num_rows + 2 * stubs.count, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	cfi->rows = rows;
	for (size_t i = 0; i < stubs.count; i++)
		insert(cfi, &stubs.list[i]);
	merge_equal_neighbours(cfi);
	return 0;
}
