// SPDX-License-Identifier: GPL-2.0-only
/*
 * One pass over the rows of a file, page by page: fill_page gathers the rows of a page, store_page
 * puts them behind those of the page before and enters them into the index. Chunks of the index
 * come first, so that whoever publishes the table knows where they are; rows never straddle two
 * chunks, so that BPF searches one of them.
 *
 * A rule takes a number in the dictionary that all files share (rules.h). Bounded by INDEX_MAX
 * pages of code and SEEP_MAX_PAGE_ROWS rows of a page; rows that do not fit are counted.
 */
#include "unwind/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define INDEX_MAX   (SEEP_INDEX_CHUNKS * SEEP_CHUNK_PAGES) /* pages */
#define INDEX_WORDS 2					   /* of a page */

struct builder {
	const struct seep_cfi *cfi;
	struct seep_rules *rules;
	struct seep_unwind_table table;
	size_t max_chunks; /* allocated */
	size_t used;	   /* words of the last chunk */
	size_t next;	   /* row of the CFI */
	uint32_t rule;	   /* in force */
	size_t count;	   /* of words in page */
	seep_row page[SEEP_MAX_PAGE_ROWS];
};

static void builder_free(struct builder **builder)
{
	if (!*builder)
		return;
	seep_unwind_table_done(&(*builder)->table);
	free(*builder);
}

static uint32_t page_of(uint64_t offset)
{
	return (uint32_t)(offset >> SEEP_UNWIND_PAGE_SHIFT);
}

/*
 * @page counts from the table's first page. The index is in the first chunks, one entry after the
 * other.
 */
static struct seep_unwind_page *index_entry(const struct seep_unwind_table *table, size_t page)
{
	return &table->chunks[page / SEEP_CHUNK_PAGES].pages[page % SEEP_CHUNK_PAGES];
}

/* One more, zeroed: an index entry of zeros is a page without rows. */
static int add_chunk(struct builder *builder)
{
	struct seep_unwind_table *table = &builder->table;

	if (table->num_chunks == builder->max_chunks) {
		size_t max = builder->max_chunks ? builder->max_chunks * 2 : 1;
		union seep_chunk *grown = reallocarray(table->chunks, max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		table->chunks = grown;
		builder->max_chunks = max;
	}
	memset(&table->chunks[table->num_chunks++], 0, sizeof(*table->chunks));
	builder->used = 0;
	return 0;
}

/*
 * Appends to the page that is being gathered. Rows that do not fit are counted; their code gets
 * SEEP_RULE_BAD.
 */
static void add_row(struct builder *builder, uint64_t offset, uint32_t rule)
{
	if (builder->count && SEEP_ROW_RULE(builder->page[builder->count - 1]) == rule)
		return;
	if (builder->count < SEEP_MAX_PAGE_ROWS) {
		builder->page[builder->count++] = SEEP_ROW(offset, rule);
		return;
	}
	/* The last row becomes the one for what does not fit. */
	if (SEEP_ROW_RULE(builder->page[builder->count - 1]) != SEEP_RULE_NUMBER_BAD) {
		/* SEEP_RULE_NUMBER_BAD is 0. */
		builder->page[builder->count - 1] &= ~(seep_row)SEEP_ROW_RULE(UINT32_MAX);
		builder->table.dropped_rows++;
	}
	builder->table.dropped_rows++;
}

/* How many rows more than a page can have begin in the page at the file offset @start. */
static size_t count_excess(const struct builder *builder, uint64_t start)
{
	const struct seep_cfi *cfi = builder->cfi;
	size_t first = builder->next, end = first;
	size_t count;

	while (end < cfi->num_rows && page_of(cfi->rows[end].offset) == page_of(start))
		end++;
	/* Plus the one that repeats the rule in force at the page's start. */
	count = end - first + (cfi->rows[first].offset != start);
	return count > SEEP_MAX_PAGE_ROWS ? count - SEEP_MAX_PAGE_ROWS : 0;
}

/*
 * The rows of the page that begins at the file offset @start, up to the next page. When they are
 * too many, those of a single byte go first: a call has two bytes at least and rows begin at
 * instructions, so no return address less one, which is what is looked up, lies in such a row.
 */
static void fill_page(struct builder *builder, uint64_t start)
{
	const struct seep_cfi *cfi = builder->cfi;
	size_t excess = count_excess(builder, start);

	builder->count = 0;
	/* A search stays within its page, so the rule in force from the page before is repeated. */
	if (cfi->rows[builder->next].offset != start)
		add_row(builder, start, builder->rule);
	while (builder->next < cfi->num_rows &&
	       page_of(cfi->rows[builder->next].offset) == page_of(start)) {
		const struct seep_cfi_row *row = &cfi->rows[builder->next++];

		builder->rule = seep_rules_get(builder->rules, &row->rule);
		if (excess && builder->count && builder->next < cfi->num_rows &&
		    row[1].offset == row->offset + 1) {
			excess--;
			builder->table.short_rows++;
			continue;
		}
		add_row(builder, row->offset, builder->rule);
	}
}

/* 0 or -ENOMEM. */
static int store_page(struct builder *builder, size_t index)
{
	struct seep_unwind_table *table = &builder->table;
	struct seep_unwind_page *entry;

	/* What is left of the last chunk stays unused. */
	if (builder->count > SEEP_CHUNK_WORDS - builder->used) {
		int error = add_chunk(builder);

		if (error)
			return error;
	}
	/* After add_chunk, which may move the chunks. */
	entry = index_entry(table, index);
	entry->chunk = (uint32_t)(table->num_chunks - 1);
	entry->first = (uint16_t)builder->used;
	entry->count = (uint16_t)builder->count;
	memcpy(table->chunks[entry->chunk].words + builder->used, builder->page,
	       builder->count * sizeof(seep_row));
	builder->used += builder->count;
	table->num_rows += builder->count;
	return 0;
}

int seep_unwind_table_build(const struct seep_cfi *cfi, struct seep_rules *rules,
			    struct seep_unwind_table *ret_table)
{
	SEEP_CLEANUP(builder_free) struct builder *builder = NULL;
	uint64_t first_page, num_pages;
	int error;

	if (!cfi->num_rows)
		return -ENOENT;
	first_page = cfi->rows[0].offset >> SEEP_UNWIND_PAGE_SHIFT;
	num_pages =
		(cfi->rows[cfi->num_rows - 1].offset >> SEEP_UNWIND_PAGE_SHIFT) - first_page + 1;
	if (num_pages > INDEX_MAX || first_page > UINT32_MAX - INDEX_MAX)
		return -E2BIG;
	builder = malloc(sizeof(*builder));
	if (!builder)
		return -ENOMEM;
	*builder = (struct builder){.cfi = cfi, .rules = rules, .rule = SEEP_RULE_NUMBER_GAP};
	builder->table.first_page = (uint32_t)first_page;
	builder->table.num_pages = (uint32_t)num_pages;
	/* The index first. Rows go on in its last chunk, behind the entries. */
	for (size_t i = 0; i < num_pages; i += SEEP_CHUNK_PAGES) {
		error = add_chunk(builder);
		if (error)
			return error;
		builder->used = INDEX_WORDS * (num_pages - i < SEEP_CHUNK_PAGES ? num_pages - i :
										  SEEP_CHUNK_PAGES);
	}
	for (size_t i = 0; i < num_pages; i++) {
		fill_page(builder, (first_page + i) << SEEP_UNWIND_PAGE_SHIFT);
		error = store_page(builder, i);
		if (error)
			return error;
	}
	*ret_table = builder->table;
	builder->table = (struct seep_unwind_table){0};
	return 0;
}

void seep_unwind_table_done(struct seep_unwind_table *table)
{
	free(table->chunks);
	*table = (struct seep_unwind_table){0};
}

void seep_unwind_table_relocate(struct seep_unwind_table *table, const uint32_t *numbers)
{
	for (size_t i = 0; i < table->num_pages; i++) {
		struct seep_unwind_page *page = index_entry(table, i);

		page->chunk = numbers[page->chunk];
	}
}

/*
 * The last of @count rows at or before @offset of the page: 13 steps without a branch, as in BPF.
 */
static size_t search(const seep_row *rows, size_t count, uint64_t offset)
{
	/*
	 * The offset is in the upper half, so no row at this offset is above the key, whatever its
	 * rule.
	 */
	seep_row key = SEEP_ROW(offset, 0xffff);
	size_t found = 0;

	for (size_t step = SEEP_CHUNK_WORDS / 2; step; step /= 2)
		if (found + step < count && rows[found + step] <= key)
			found += step;
	return found;
}

int seep_unwind_table_find(const struct seep_unwind_table *table, uint64_t offset,
			   uint32_t *ret_rule)
{
	uint64_t index = (offset >> SEEP_UNWIND_PAGE_SHIFT) - table->first_page;
	const struct seep_unwind_page *page;
	const seep_row *rows;

	if (index >= table->num_pages)
		return -ENOENT;
	page = index_entry(table, index);
	/* A page between pieces of code, without rows. */
	if (!page->count)
		return -ENOENT;
	rows = table->chunks[page->chunk].words + page->first;
	*ret_rule = SEEP_ROW_RULE(rows[search(rows, page->count, offset)]);
	return 0;
}
