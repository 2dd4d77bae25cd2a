// SPDX-License-Identifier: GPL-2.0-only
#include "elf/cfi_stubs.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/image_private.h"

/* An entry without CFI is some instructions long: musl's _start has 22 bytes. */
#define ENTRY_MAX_BYTES 64

/*
 * The index of the gap's row at @offset of the file, SIZE_MAX before the first row; else -ENOENT.
 */
static int find_gap(const struct seep_cfi *cfi, uint64_t offset, size_t *ret_index)
{
	size_t index = 0;

	while (index < cfi->num_rows && cfi->rows[index].offset <= offset)
		index++;
	/* Before the first row nothing is known of the code either. */
	if (index && cfi->rows[index - 1].rule.kind != SEEP_RULE_GAP)
		return -ENOENT;
	*ret_index = index - 1;
	return 0;
}

/* The end of the code at the file offset @offset, as far as it can be the entry's. */
static uint64_t end_of_entry(const struct seep_image *image, uint64_t offset, uint64_t gap_end)
{
	/* Three limits: the usual size of an entry, the next row, and the end of the segment. */
	uint64_t end = offset + ENTRY_MAX_BYTES < gap_end ? offset + ENTRY_MAX_BYTES : gap_end;

	for (size_t i = 0; i < image->num_segments; i++) {
		const struct seep_segment *segment = &image->segments[i];

		if (!segment->executable || offset < segment->offset ||
		    offset - segment->offset >= segment->length)
			continue;
		return end < segment->offset + segment->length ? end :
								 segment->offset + segment->length;
	}
	return offset; /* not in code */
}

int seep_cfi_add_stubs(const struct seep_image *image, struct seep_cfi *cfi)
{
	/* The entry, and the gap that goes on behind it. */
	struct seep_cfi_row new_rows[] = {
		{0, {.kind = SEEP_RULE_END}},
		{0, {.kind = SEEP_RULE_GAP}},
	};
	size_t gap, at, count = 2;
	struct seep_cfi_row *rows;
	uint64_t offset, gap_end;
	GElf_Ehdr header;

	/* Most libraries have no entry, and most entries have CFI. */
	if (!gelf_getehdr(image->elf, &header) || !header.e_entry ||
	    seep_image_address_to_offset(image, header.e_entry, &offset) ||
	    find_gap(cfi, offset, &gap))
		return 0;
	gap_end = gap + 1 < cfi->num_rows ? cfi->rows[gap + 1].offset : UINT64_MAX;
	new_rows[0].offset = offset;
	new_rows[1].offset = end_of_entry(image, offset, gap_end);
	if (new_rows[1].offset == offset)
		return 0;
	/* The entry takes the whole rest of the gap, so nothing of it goes on behind. */
	if (new_rows[1].offset == gap_end)
		count = 1;
	rows = reallocarray(cfi->rows, cfi->num_rows + count, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	cfi->rows = rows;
	/* The entry may be where the gap begins: then its row takes the place of the gap's. */
	at = gap + 1;
	if (at && rows[gap].offset == offset)
		at = gap;
	/* Make room before the new rows are written. */
	memmove(rows + at + count, rows + (gap + 1), (cfi->num_rows - (gap + 1)) * sizeof(*rows));
	memcpy(rows + at, new_rows, count * sizeof(*rows));
	cfi->num_rows = at + count + (cfi->num_rows - (gap + 1));
	return 0;
}
