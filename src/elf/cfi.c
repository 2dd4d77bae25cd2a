// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leads through the parts (cfi_private.h): finds .eh_frame, goes over its entries, remembers each
 * CIE and has each FDE run as soon as it comes, so that the section is read once, in order. If it
 * has hardly any, .debug_frame is read too. Then come what no FDE describes but code bytes tell
 * (signal trampolines, the entry), and the rows are put in order.
 *
 * One FDE that is broken is skipped, and its code becomes a gap; only a section without any sense
 * is an error. This is the most expensive part of attaching to a large file (libxul: 300,000 FDEs),
 * so an FDE allocates nothing of its own. Bounded by CIES_MAX, SEEP_CFI_MAX_ROWS and the size of a
 * section.
 */
#include "elf/cfi.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "elf/cfi_place.h"
#include "elf/cfi_program.h"
#include "elf/cfi_reader.h"
#include "elf/cfi_rows.h"
#include "elf/cfi_stubs.h"
#include "elf/context_start.h"
#include "elf/extents_private.h"
#include "elf/image_private.h"
#include "elf/signal_return.h"

/* Linkers merge equal CIEs; the most seen in a file is in the hundreds. */
#define CIES_MAX 65536

/* With fewer FDEs in .eh_frame, which come from the C runtime, .debug_frame is read as well. */
#define FDES_FEW 8

struct reader {
	const struct seep_image *image;
	struct seep_cfi *cfi;
	struct seep_cfi_extents *extents; /* only these are wanted; NULL: the rows */
	struct seep_cfi_section section;
	struct seep_cfi_rows rows;
	struct seep_cfi_cie *cies; /* of this section, by offset */
	size_t num_cies;
	size_t max_cies;
	const struct seep_cfi_cie *last_cie;
	const struct seep_segment *last_segment;
	struct seep_context_starts context_starts;
};

static void reader_done(struct reader *reader)
{
	free(reader->cies);
	seep_cfi_rows_done(&reader->rows);
}

static int add_cie(struct reader *reader, const struct seep_cfi_entry *entry)
{
	struct seep_cfi_cie cie;

	/* FDEs of a CIE that makes no sense do not find it. */
	if (seep_cfi_cie_read(&reader->section, entry, &cie))
		return 0;
	if (reader->num_cies == CIES_MAX)
		return -E2BIG;
	if (reader->num_cies == reader->max_cies) {
		size_t max = reader->max_cies ? reader->max_cies * 2 : 16;
		void *grown = reallocarray(reader->cies, max, sizeof(*reader->cies));

		if (!grown)
			return -ENOMEM;
		reader->cies = grown;
		reader->max_cies = max;
	}
	reader->cies[reader->num_cies++] = cie;
	reader->last_cie = NULL;
	return 0;
}

static int compare_cie(const void *key, const void *element)
{
	const uint64_t *offset = key;
	const struct seep_cfi_cie *cie = element;

	return *offset < cie->offset ? -1 : *offset > cie->offset;
}

/* In file order, so CIEs that come later than their FDEs are not found; nobody writes that. */
static const struct seep_cfi_cie *find_cie(struct reader *reader, uint64_t offset)
{
	if (!reader->num_cies)
		return NULL;
	if (!reader->last_cie || reader->last_cie->offset != offset)
		reader->last_cie = bsearch(&offset, reader->cies, reader->num_cies,
					   sizeof(*reader->cies), compare_cie);
	return reader->last_cie;
}

/*
 * The segment with the code at @address. FDEs come by address, so the last answer mostly holds.
 */
static const struct seep_segment *find_code(struct reader *reader, uint64_t address)
{
	const struct seep_image *image = reader->image;
	const struct seep_segment *segment = reader->last_segment;

	if (segment && address >= segment->address && address - segment->address < segment->length)
		return segment;
	for (size_t i = 0; i < image->num_segments; i++) {
		segment = &image->segments[i];
		if (segment->executable && address >= segment->address &&
		    address - segment->address < segment->length) {
			reader->last_segment = segment;
			return segment;
		}
	}
	return NULL;
}

/* A block of one row that no FDE describes. */
static int add_block(struct reader *reader, uint64_t start, uint64_t end, enum seep_rule_kind kind)
{
	const struct seep_rule rule = {.kind = (uint8_t)kind};
	int error = seep_cfi_rows_begin(&reader->rows, start, end);

	if (error)
		return error;
	error = seep_cfi_rows_add(&reader->rows, start, &rule);
	if (error)
		seep_cfi_rows_abort(&reader->rows);
	else
		seep_cfi_rows_commit(&reader->rows);
	return error;
}

/* Rows for the code of one FDE. 0; -EINVAL if it is no code of this file; -E2BIG; -ENOMEM. */
static int add_code(struct reader *reader, const struct seep_cfi_cie *cie, struct seep_cfi_fde *fde)
{
	const struct seep_segment *segment = find_code(reader, fde->address);
	uint64_t skip, offset;
	int error;

	if (!segment || !fde->length)
		return -EINVAL;
	skip = fde->address - segment->address;
	offset = segment->offset + skip;
	if (fde->length > segment->length - skip)
		fde->length = segment->length - skip;
	error = seep_context_starts_at(&reader->context_starts, offset, fde->length) ?
			add_block(reader, offset - 1, offset, SEEP_RULE_END) :
			0;
	if (!error)
		error = seep_cfi_rows_begin(&reader->rows, offset, offset + fde->length);
	if (error)
		return error;
	error = seep_cfi_run_fde(&reader->section, cie, fde, offset, &reader->rows);
	if (error)
		seep_cfi_rows_abort(&reader->rows);
	else
		seep_cfi_rows_commit(&reader->rows);
	return error;
}

/* What is broken is counted and skipped: only -E2BIG and -ENOMEM end the walk. */
static int add_fde(struct reader *reader, const struct seep_cfi_entry *entry)
{
	const struct seep_cfi_cie *cie = find_cie(reader, entry->cie);
	struct seep_cfi_fde fde;
	int error;

	error = cie ? seep_cfi_fde_read(&reader->section, entry, cie, &fde) : -EINVAL;
	if (error == -ENOENT)
		return 0;
	if (!error)
		error = reader->extents ? seep_cfi_extents_add(reader->extents, &fde) :
					  add_code(reader, cie, &fde);
	if (!error)
		reader->cfi->num_fdes++;
	if (error != -EINVAL)
		return error;
	reader->cfi->num_skipped++;
	return 0;
}

/*
 * From entry to entry. Zeros end .eh_frame, but a linker that keeps those of each crtend.o leaves
 * some in the middle: when the length is known or the sorted table has more FDEs, it goes on.
 */
static int walk(struct reader *reader, const struct seep_cfi_place *place)
{
	uint64_t offset = 0;
	size_t fdes = 0;

	while (reader->section.length - offset >= sizeof(uint32_t)) {
		struct seep_cfi_entry entry;
		int error = seep_cfi_entry_read(&reader->section, offset, &entry);

		if (error == -ENOENT && (place->length_known || fdes < place->num_fdes)) {
			offset += sizeof(uint32_t);
			continue;
		}
		if (error)
			return 0; /* the end, or nothing by which to find the next entry */
		error = entry.is_cie ? add_cie(reader, &entry) : add_fde(reader, &entry);
		if (error)
			return error;
		fdes += !entry.is_cie;
		offset = entry.next;
	}
	return 0;
}

static int read_section(struct reader *reader, const struct seep_cfi_place *place, bool debug_frame)
{
	SEEP_AUTO_FREE uint8_t *bytes = NULL;
	size_t length;
	int error;

	error = seep_cfi_read_bytes(reader->image, place->offset, place->length, &bytes, &length);
	if (error)
		return error;
	reader->section = (struct seep_cfi_section){
		.bytes = bytes,
		.length = length,
		.address = place->address,
		.debug_frame = debug_frame,
	};
	/* FDEs of the second section name their CIEs by offset in that one. */
	reader->num_cies = 0;
	reader->last_cie = NULL;
	error = walk(reader, place);
	reader->section = (struct seep_cfi_section){0};
	return error;
}

/*
 * .eh_frame, and .debug_frame where that has next to nothing: code built without unwind tables.
 */
static int read_sections(struct reader *reader)
{
	struct seep_cfi_place place;
	int error = seep_cfi_find_eh_frame(reader->image, &place);

	if (!error)
		error = read_section(reader, &place, false);
	if (error && error != -ENOENT)
		return error;
	if (reader->cfi->num_fdes >= FDES_FEW ||
	    seep_cfi_find_section(reader->image, ".debug_frame", &place))
		return 0;
	error = read_section(reader, &place, true);
	return error == -ENOENT ? 0 : error;
}

int seep_cfi_read_extents(const struct seep_image *image, struct seep_cfi_extents *extents)
{
	struct seep_cfi cfi = {0};
	SEEP_CLEANUP(reader_done)
	struct reader reader = {.image = image, .cfi = &cfi, .extents = extents};
	int error = read_sections(&reader);

	if (error)
		return error;
	if (extents->count)
		return 0;
	return cfi.num_skipped ? -EINVAL : -ENOENT;
}

/*
 * A block begins a byte before its trampoline, so it comes before an FDE that takes the trampoline
 * for a function, as those of musl's assembly do; and it is lost in a function that returns from a
 * signal by itself, as in libunwind, to which no handler returns.
 */
static int add_signal_returns(struct reader *reader)
{
	struct seep_signal_returns returns = {0};
	int error = seep_signal_returns_find(reader->image, &returns);

	for (size_t i = 0; i < returns.count && !error; i++)
		error = add_block(reader, returns.list[i].start, returns.list[i].end,
				  SEEP_RULE_SIGNAL);
	return error;
}

int seep_cfi_read(const struct seep_image *image, struct seep_cfi *ret_cfi)
{
	SEEP_CLEANUP(seep_cfi_done) struct seep_cfi cfi = {0};
	SEEP_CLEANUP(reader_done)
	struct reader reader = {
		.image = image,
		.cfi = &cfi,
		.context_starts = {.image = image, .left = SEEP_CONTEXT_STARTS_MAX},
	};
	int error;

	error = read_sections(&reader);
	if (error)
		return error;
	/* Nothing but broken FDEs is an error; no FDE at all is a file without CFI. */
	if (!reader.rows.num_blocks)
		return cfi.num_skipped ? -EINVAL : -ENOENT;
	error = add_signal_returns(&reader);
	if (error)
		return error;
	error = seep_cfi_rows_finish(&reader.rows, &cfi);
	if (error)
		return error;
	seep_cfi_rows_done(&reader.rows);
	error = seep_cfi_add_stubs(image, &cfi);
	if (error)
		return error;
	*ret_cfi = cfi;
	cfi = (struct seep_cfi){0};
	return 0;
}

void seep_cfi_done(struct seep_cfi *cfi)
{
	free(cfi->rows);
	free(cfi->paddings);
	*cfi = (struct seep_cfi){0};
}

int seep_cfi_without(const struct seep_image *image, struct seep_cfi *ret_cfi)
{
	SEEP_CLEANUP(seep_cfi_done) struct seep_cfi cfi = {0};
	uint64_t start = UINT64_MAX;
	int error;

	for (size_t i = 0; i < image->num_segments; i++)
		if (image->segments[i].executable && image->segments[i].offset < start)
			start = image->segments[i].offset;
	if (start == UINT64_MAX)
		return -ENOENT;
	cfi.rows = calloc(1, sizeof(*cfi.rows));
	if (!cfi.rows)
		return -ENOMEM;
	cfi.rows[0] = (struct seep_cfi_row){start, {.kind = SEEP_RULE_GAP}};
	cfi.num_rows = 1;
	error = seep_cfi_add_stubs(image, &cfi);
	if (error)
		return error;
	*ret_cfi = cfi;
	cfi = (struct seep_cfi){0};
	return 0;
}

size_t seep_cfi_rows_before(const struct seep_cfi *cfi, uint64_t offset)
{
	size_t low = 0, high = cfi->num_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cfi->rows[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct seep_rule *seep_cfi_find(const struct seep_cfi *cfi, uint64_t offset)
{
	size_t count = seep_cfi_rows_before(cfi, offset);

	return count ? &cfi->rows[count - 1].rule : NULL;
}
