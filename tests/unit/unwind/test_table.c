// SPDX-License-Identifier: GPL-2.0-only
/*
 * From rows to the chunks that BPF searches: pages, chunks and dictionaries that are full, and a
 * real file found back row by row.
 */
#include "unwind/table.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE   (1u << SEEP_UNWIND_PAGE_SHIFT)
#define NOBODY UINT32_MAX /* a rule number that no table has */

struct fixture {
	struct seep_rules *rules;
	struct seep_cfi cfi;
	size_t max_rows;
	struct seep_unwind_table table;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(seep_rules_new(&fixture->rules), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	seep_unwind_table_done(&fixture->table);
	seep_cfi_done(&fixture->cfi);
	seep_rules_free(fixture->rules);
	free(fixture);
	return 0;
}

static void add(struct fixture *fixture, uint64_t offset, struct seep_rule rule)
{
	struct seep_cfi *cfi = &fixture->cfi;

	if (cfi->num_rows == fixture->max_rows) {
		fixture->max_rows = fixture->max_rows ? 2 * fixture->max_rows : 64;
		cfi->rows = reallocarray(cfi->rows, fixture->max_rows, sizeof(*cfi->rows));
		assert_non_null(cfi->rows);
	}
	cfi->rows[cfi->num_rows++] = (struct seep_cfi_row){offset, rule};
}

static void add_sp(struct fixture *fixture, uint64_t offset, int32_t stack_bytes)
{
	add(fixture, offset,
	    (struct seep_rule){.kind = SEEP_RULE_SP, .offset = stack_bytes, .ra_offset = -8});
}

static void add_gap(struct fixture *fixture, uint64_t offset)
{
	add(fixture, offset, (struct seep_rule){.kind = SEEP_RULE_GAP});
}

static void build(struct fixture *fixture)
{
	assert_int_equal(seep_unwind_table_build(&fixture->cfi, fixture->rules, &fixture->table),
			 0);
}

static uint32_t find(const struct fixture *fixture, uint64_t offset)
{
	uint32_t rule = NOBODY;
	int error = seep_unwind_table_find(&fixture->table, offset, &rule);

	assert_int_equal(error, rule == NOBODY ? -ENOENT : 0);
	return rule;
}

/* The table says what the rows say, from its first page up to the page of the last row. */
static void check_offset(const struct fixture *fixture, uint64_t offset)
{
	const struct seep_cfi *cfi = &fixture->cfi;
	const struct seep_rule *rule = seep_cfi_find(cfi, offset);
	uint64_t page = offset / PAGE;
	uint32_t number = find(fixture, offset);

	if (page < cfi->rows[0].offset / PAGE || page > cfi->rows[cfi->num_rows - 1].offset / PAGE)
		assert_int_equal(number, NOBODY);
	else if (!rule)
		assert_int_equal(number, 1);
	else
		assert_memory_equal(seep_rules_at(fixture->rules, number), rule, sizeof(*rule));
}

static void check_all(const struct fixture *fixture)
{
	const struct seep_cfi *cfi = &fixture->cfi;

	for (size_t i = 0; i < cfi->num_rows; i++) {
		uint64_t offset = cfi->rows[i].offset;

		if (offset)
			check_offset(fixture, offset - 1);
		check_offset(fixture, offset);
		check_offset(fixture, offset + 1);
		check_offset(fixture, offset & ~(uint64_t)(PAGE - 1));
		check_offset(fixture, offset | (PAGE - 1));
		check_offset(fixture, (offset | (PAGE - 1)) + 1);
	}
}

/*
 * Rows ascend in their page, begin at its start, differ from their neighbours and lie in a chunk.
 */
static void check_pages(const struct seep_unwind_table *table)
{
	size_t rows = 0;

	for (size_t i = 0; i < table->num_pages; i++) {
		const struct seep_unwind_page *page =
			&table->chunks[i / SEEP_CHUNK_PAGES].pages[i % SEEP_CHUNK_PAGES];
		const seep_row *words;

		assert_in_range(page->count, 1, SEEP_MAX_PAGE_ROWS);
		assert_true(page->chunk < table->num_chunks);
		assert_true((size_t)page->first + page->count <= SEEP_CHUNK_WORDS);
		if (page->chunk == (table->num_pages - 1) / SEEP_CHUNK_PAGES)
			assert_true(page->first >=
				    2 * ((table->num_pages - 1) % SEEP_CHUNK_PAGES + 1));
		else
			assert_true(page->chunk > (table->num_pages - 1) / SEEP_CHUNK_PAGES);
		words = table->chunks[page->chunk].words + page->first;
		assert_int_equal(SEEP_ROW_OFFSET(words[0]), 0);
		for (size_t row = 1; row < page->count; row++) {
			assert_true(SEEP_ROW_OFFSET(words[row]) > SEEP_ROW_OFFSET(words[row - 1]));
			assert_int_not_equal(SEEP_ROW_RULE(words[row]),
					     SEEP_ROW_RULE(words[row - 1]));
		}
		rows += page->count;
	}
	assert_int_equal(rows, table->num_rows);
}

static void test_one_row(void **state)
{
	struct fixture *fixture = *state;

	add_sp(fixture, 0x1234, 8);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.num_pages, 1);
	assert_int_equal(fixture->table.num_chunks, 1);
	assert_int_equal(fixture->table.num_rows, 2);
}

static void test_no_rows(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(seep_unwind_table_build(&fixture->cfi, fixture->rules, &fixture->table),
			 -ENOENT);
}

/* At both ends of pages, over pages without a row of their own, not from the file's start. */
static void test_pages(void **state)
{
	struct fixture *fixture = *state;

	add_sp(fixture, 5 * PAGE, 8);
	add_sp(fixture, 6 * PAGE - 1, 16);
	add_sp(fixture, 6 * PAGE, 24);
	add_sp(fixture, 6 * PAGE + 1, 32);
	add_gap(fixture, 9 * PAGE + 0x8000);
	add_sp(fixture, 12 * PAGE + 0x8000, 8);
	add_gap(fixture, 13 * PAGE);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.first_page, 5);
	assert_int_equal(fixture->table.num_pages, 9);
	assert_int_equal(find(fixture, 5 * PAGE - 1), NOBODY);
	assert_int_equal(find(fixture, 14 * PAGE), NOBODY);
	assert_int_equal(find(fixture, UINT64_MAX), NOBODY);
}

/* Pages of 3,000 rows: two to a chunk, and the rest stays free. */
static void test_chunks(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t page = 0; page < 20; page++)
		for (uint32_t row = 0; row < 3000; row++)
			add_sp(fixture, page * PAGE + row * 20, row % 2 ? 8 : 16);
	add_gap(fixture, 20 * PAGE);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.num_chunks, 10);
}

static void test_relocate(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t numbers[] = {700, 30, 16383};
	const struct seep_unwind_page *pages;

	for (uint32_t page = 0; page < 3; page++)
		for (uint32_t row = 0; row < 6000; row++)
			add_sp(fixture, page * PAGE + row * 10, row % 2 ? 8 : 16);
	build(fixture);
	assert_int_equal(fixture->table.num_chunks, 3);
	seep_unwind_table_relocate(&fixture->table, numbers);
	pages = fixture->table.chunks[0].pages;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pages[i].chunk, numbers[i]);
}

static void test_full_page(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t row = 0; row < SEEP_MAX_PAGE_ROWS; row++)
		add_sp(fixture, PAGE + row * 8, row % 2 ? 8 : 16);
	add_sp(fixture, 2 * PAGE, 64);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.chunks[0].pages[0].count, SEEP_MAX_PAGE_ROWS);
	assert_int_equal(fixture->table.short_rows, 0);
	assert_int_equal(fixture->table.dropped_rows, 0);
}

/* A page that fills the rest of the first chunk to the last word. */
static void test_full_chunk(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t row = 0; row < SEEP_CHUNK_WORDS - 2; row++)
		add_sp(fixture, PAGE + row * 8, row % 2 ? 8 : 16);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.num_chunks, 1);
}

/* With rows of a byte, as between the pops before a return, those go and the others stay. */
static void test_short_rows(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t row = 0; row < 10000; row += 2) {
		add_sp(fixture, PAGE + row * 6, 16 + (int32_t)(row % 500));
		add_sp(fixture, PAGE + row * 6 + 11, 8);
	}
	build(fixture);
	check_pages(&fixture->table);
	assert_int_equal(fixture->table.dropped_rows, 0);
	assert_int_equal(fixture->table.short_rows, 10000 - SEEP_MAX_PAGE_ROWS);
	for (uint32_t row = 0; row < 10000; row += 2)
		for (uint32_t byte = 0; byte < 11; byte++)
			check_offset(fixture, PAGE + row * 6 + byte);
}

/* Where that does not help either, code is BAD and never under a wrong rule. */
static void test_dropped_rows(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t kept = SEEP_MAX_PAGE_ROWS - 1;

	for (uint32_t row = 0; row < 9000; row++)
		add_sp(fixture, PAGE + row * 7, row % 2 ? 8 : 16);
	add_sp(fixture, 2 * PAGE + 5, 64);
	build(fixture);
	check_pages(&fixture->table);
	assert_int_equal(fixture->table.short_rows, 0);
	assert_int_equal(fixture->table.dropped_rows, 9000 - kept);
	for (uint32_t row = 0; row < 9000; row++) {
		if (row < kept)
			check_offset(fixture, PAGE + row * 7 + 6);
		else
			assert_int_equal(find(fixture, PAGE + row * 7), 0);
	}
	check_offset(fixture, 2 * PAGE);
	check_offset(fixture, 2 * PAGE + 5);
}

static void test_too_long(void **state)
{
	struct fixture *fixture = *state;
	const size_t most = (size_t)SEEP_INDEX_CHUNKS * SEEP_CHUNK_PAGES;
	const uint64_t last = (most - 1) * PAGE;

	add_sp(fixture, 7 * PAGE, 8);
	add_gap(fixture, 7 * PAGE + last);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
	assert_int_equal(fixture->table.num_pages, most);
	seep_unwind_table_done(&fixture->table);
	add_sp(fixture, 8 * PAGE + last, 16);
	assert_int_equal(seep_unwind_table_build(&fixture->cfi, fixture->rules, &fixture->table),
			 -E2BIG);
	fixture->cfi.num_rows = 0;
	add_sp(fixture, (uint64_t)UINT32_MAX * PAGE, 8);
	assert_int_equal(seep_unwind_table_build(&fixture->cfi, fixture->rules, &fixture->table),
			 -E2BIG);
}

/* Rules that the dictionary has no room for. */
static void test_full_dictionary(void **state)
{
	struct fixture *fixture = *state;

	for (int32_t i = 0; seep_rules_count(fixture->rules) < SEEP_MAX_RULES; i++)
		seep_rules_get(fixture->rules, &(struct seep_rule){.add = i});
	add_sp(fixture, 0x100, 8);
	add_sp(fixture, 0x200, 16);
	add_gap(fixture, 0x300);
	build(fixture);
	check_pages(&fixture->table);
	assert_int_equal(find(fixture, 0x100), 0);
	assert_int_equal(find(fixture, 0x2ff), 0);
	assert_int_equal(find(fixture, 0x300), 1);
	assert_int_equal(seep_rules_overflow(fixture->rules), 2);
}

/* This very program, which has a good deal of code. */
static void test_real_file(void **state)
{
	struct fixture *fixture = *state;
	struct seep_image *image;
	Dl_info libc;
	int fd;

	assert_true(dladdr((void *)gnu_get_libc_version, &libc) != 0);
	fd = open(libc.dli_fname, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &image), 0);
	assert_int_equal(seep_cfi_read(image, &fixture->cfi), 0);
	seep_image_close(image);
	close(fd);
	assert_true(fixture->cfi.num_rows > 1000);
	build(fixture);
	check_pages(&fixture->table);
	check_all(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_chunks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_relocate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_chunk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_short_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dropped_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_dictionary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_real_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
