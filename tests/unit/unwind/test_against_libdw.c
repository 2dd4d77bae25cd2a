// SPDX-License-Identifier: GPL-2.0-only
/*
 * Row for row, our rules against those of libdw. With paths as arguments, of every ELF file below
 * them; without, of the programs of this machine and the libraries next to libc, for as long as
 * SAMPLE_SECONDS (or SAMPLE_SECONDS_OF_PART) allow. Each range of addresses with one set of rules
 * in libdw is compared with every row of ours in it.
 *
 * A difference is counted under the reason for it. What has none is unexplained and fails.
 */
#include <dlfcn.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <gelf.h>
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "effort.h"
#include "elf/cfi.h"
#include "unwind/libdw_fdes.h"
#include "unwind/libdw_rule.h"
#include "unwind/rules.h"
#include "unwind/table.h"

#define SAMPLE_SECONDS	       60
#define SAMPLE_SECONDS_OF_PART 5
#define PRINTED_MAX	       20 /* unexplained differences */

struct totals {
	uint64_t files;
	uint64_t files_without_cfi;
	uint64_t fdes;
	uint64_t ranges; /* of addresses with one set of rules in libdw */
	uint64_t rows;
	uint64_t compared; /* rules */
	uint64_t reasons[REASONS];
	double our_seconds;
	double libdw_seconds;
};

struct comparison {
	const char *path;
	int fd;
	struct totals *totals;
	struct seep_image *image;
	struct seep_cfi cfi;
	struct seep_rules *rules;
	struct seep_unwind_table table;
	Elf *elf;
	Dwarf *dwarf;
	Dwarf_CFI *libdw;
	struct fdes fdes;
	size_t row; /* the one in force at the address that is compared */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void count(struct comparison *c, uint64_t address, enum reason reason,
		  const struct seep_rule *rule)
{
	static const struct seep_rule none = {.kind = SEEP_RULE_KIND_COUNT};

	if (reason == EQUAL)
		return;
	if (!rule)
		rule = &none;
	if (c->totals->reasons[reason]++ < PRINTED_MAX && reason == UNEXPLAINED)
		print_error("%s: %#lx: kind %d offset %d add %d ra %d fp %d %d bx %d\n", c->path,
			    (unsigned long)address, rule->kind, rule->offset, rule->add,
			    rule->ra_offset, rule->fp, rule->fp_offset, rule->bx_offset);
}

/* The number of rows at or before @offset. */
static size_t rows_before(const struct comparison *c, uint64_t offset)
{
	size_t low = 0, high = c->cfi.num_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->cfi.rows[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first of the FDEs behind @address, which are in order. */
static size_t fde_behind(const struct comparison *c, uint64_t address)
{
	size_t low = 0, high = c->fdes.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->fdes.ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool overlaps(const struct comparison *c, size_t fde)
{
	const struct range *range = &c->fdes.ranges[fde];

	return (fde && range[-1].end > range->start) ||
	       (fde + 1 < c->fdes.count && range[1].start < range->end);
}

/* At @offset, or right behind it: a row begins a byte before its trampoline. */
static bool is_signal_code(const struct comparison *c, uint64_t offset)
{
	static const uint8_t number_syscall[] = {0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
	uint8_t code[1 + 4 + 3 + sizeof(number_syscall)];

	return pread(c->fd, code, sizeof(code), (off_t)offset) == (ssize_t)sizeof(code) &&
	       memmem(code, sizeof(code), number_syscall, sizeof(number_syscall));
}

/* Whether the table has the rule of the row that is compared. */
static void compare_table(struct comparison *c, uint64_t address, uint64_t offset)
{
	const struct seep_cfi_row *row = &c->cfi.rows[c->row];
	bool one_byte = c->row + 1 < c->cfi.num_rows && row[1].offset == row->offset + 1;
	enum reason reason = UNEXPLAINED;
	uint32_t number;

	if (!c->table.num_chunks)
		return; /* TOO_LONG */
	if (!seep_unwind_table_find(&c->table, offset, &number)) {
		if (memcmp(seep_rules_at(c->rules, number), &row->rule, sizeof(row->rule)) == 0)
			return;
		if (c->table.short_rows && one_byte)
			reason = FULL_PAGE;
		else if (c->table.dropped_rows && !number)
			reason = NO_ROOM;
	}
	count(c, address, reason, &row->rule);
}

static void compare_row(struct comparison *c, const struct expected *expected, uint64_t address,
			uint64_t offset)
{
	const struct seep_rule *rule = &c->cfi.rows[c->row].rule;
	enum reason reasons[3];

	c->totals->compared++;
	if (c->cfi.rows[c->row].offset > offset) {
		count(c, address, UNEXPLAINED, NULL);
		return;
	}
	compare_rule(expected, rule, reasons);
	if (reasons[0] == SIGNAL_BY_CODE && !is_signal_code(c, offset))
		reasons[0] = UNEXPLAINED;
	for (size_t i = 0; i < 3; i++)
		count(c, address, reasons[i], rule);
	compare_table(c, address, offset);
}

static int ask_register(Dwarf_Frame *frame, int number, Dwarf_Op *memory, struct place *place)
{
	if (dwarf_frame_register(frame, number, memory, &place->ops, &place->count))
		return -1;
	place->same = !place->ops;
	/* An expression begins with the CFA on the stack, whether it uses it or not. */
	if (place->count >= 2 && place->ops[0].atom == DW_OP_call_frame_cfa &&
	    place->ops[1].atom >= DW_OP_breg0 && place->ops[1].atom <= DW_OP_breg31) {
		place->ops++;
		place->count--;
	}
	return 0;
}

/* What libdw says of @address, up to *ret_end. It is valid until the frame is freed. */
static Dwarf_Frame *ask(struct comparison *c, uint64_t address, struct expected *ret_expected,
			uint64_t *ret_end)
{
	struct expected *e = ret_expected;
	double start_time = now();
	Dwarf_Addr start, end = 0;
	Dwarf_Frame *frame;
	int error;

	if (dwarf_cfi_addrframe(c->libdw, address, &frame))
		return NULL;
	error = dwarf_frame_info(frame, &start, &end, &e->signal) < 0 ||
		dwarf_frame_cfa(frame, &e->cfa, &e->cfa_count) ||
		ask_register(frame, RETURN_ADDRESS, e->memory[0], &e->ra) ||
		ask_register(frame, RBP, e->memory[1], &e->rbp) ||
		ask_register(frame, RBX, e->memory[2], &e->rbx);
	c->totals->libdw_seconds += now() - start_time;
	if (error || end <= address) {
		free(frame);
		return NULL;
	}
	*ret_end = end;
	return frame;
}

/* From libdw's frame at @address to its end, which is returned; 0 if libdw has none. */
static uint64_t compare_frame(struct comparison *c, uint64_t address, uint64_t limit,
			      uint64_t offset)
{
	struct expected expected;
	Dwarf_Frame *frame;
	uint64_t end;

	frame = ask(c, address, &expected, &end);
	if (!frame)
		return 0;
	if (end > limit)
		end = limit;
	c->totals->ranges++;
	for (uint64_t at = offset;;) {
		while (c->row + 1 < c->cfi.num_rows && c->cfi.rows[c->row + 1].offset <= at)
			c->row++;
		compare_row(c, &expected, address + (at - offset), at);
		if (c->row + 1 == c->cfi.num_rows)
			break;
		at = c->cfi.rows[c->row + 1].offset;
		if (at - offset >= end - address)
			break;
	}
	free(frame);
	return end;
}

static void compare_fde(struct comparison *c, size_t fde)
{
	const struct range *range = &c->fdes.ranges[fde];
	uint64_t address = range->start, offset;
	size_t before;

	if (overlaps(c, fde)) {
		count(c, address, OVERLAP, NULL);
		return;
	}
	if (seep_image_address_to_offset(c->image, address, &offset)) {
		count(c, address, UNEXPLAINED, NULL);
		return;
	}
	before = rows_before(c, offset);
	c->row = before ? before - 1 : 0;
	while (address < range->end) {
		uint64_t at = offset + (address - range->start);
		uint64_t end = compare_frame(c, address, range->end, at);

		if (!end) {
			const struct seep_rule *rule = seep_cfi_find(&c->cfi, at);
			bool gap = !rule || rule->kind == SEEP_RULE_GAP;

			count(c, address, gap ? LIBDW_FAILED : LIBDW_GAVE_UP, rule);
			return;
		}
		address = end;
	}
}

/* Rows of ours where libdw has no FDE. */
static void compare_rest(struct comparison *c)
{
	for (size_t i = 0; i < c->cfi.num_rows; i++) {
		const struct seep_cfi_row *row = &c->cfi.rows[i];
		uint64_t address;
		size_t behind;

		if (row->rule.kind == SEEP_RULE_GAP)
			continue;
		if (seep_image_offset_to_address(c->image, row->offset, &address)) {
			count(c, row->offset, UNEXPLAINED, &row->rule);
			continue;
		}
		behind = fde_behind(c, address);
		if (behind && (address < c->fdes.ranges[behind - 1].end || overlaps(c, behind - 1)))
			continue;
		if (row->rule.kind == SEEP_RULE_END || is_signal_code(c, row->offset))
			count(c, address, STUB, &row->rule);
		else
			count(c, address, UNEXPLAINED, &row->rule);
	}
}

/* 0, or -ENOENT when the file has no FDE. */
static int open_libdw(struct comparison *c)
{
	Elf_Scn *eh_frame, *debug_frame;

	c->elf = elf_begin(c->fd, ELF_C_READ_MMAP, NULL);
	assert_non_null(c->elf);
	eh_frame = find_section(c->elf, ".eh_frame");
	if (eh_frame)
		list_fdes(c->elf, eh_frame, true, &c->fdes);
	c->libdw = dwarf_getcfi_elf(c->elf);
	debug_frame = c->fdes.count ? NULL : find_section(c->elf, ".debug_frame");
	if (debug_frame) {
		list_fdes(c->elf, debug_frame, false, &c->fdes);
		c->dwarf = dwarf_begin_elf(c->elf, DWARF_C_READ, NULL);
		c->libdw = c->dwarf ? dwarf_getcfi(c->dwarf) : NULL;
	}
	if (!c->fdes.count)
		return -ENOENT;
	qsort(c->fdes.ranges, c->fdes.count, sizeof(*c->fdes.ranges), compare_ranges);
	return c->libdw ? 0 : -ENOENT;
}

static void close_all(struct comparison *c)
{
	seep_unwind_table_done(&c->table);
	seep_cfi_done(&c->cfi);
	if (c->dwarf)
		dwarf_end(c->dwarf);
	else
		dwarf_cfi_end(c->libdw);
	elf_end(c->elf);
	seep_image_close(c->image);
	free(c->fdes.ranges);
}

/* Why only one of the two has CFI for the file. */
static enum reason why_alone(const struct comparison *c, bool here, int error)
{
	uint64_t offset;
	size_t sections;

	if (here)
		return elf_getshdrnum(c->elf, &sections) || !sections ? NO_SECTIONS : UNEXPLAINED;
	for (size_t i = 0; i < c->fdes.count; i++)
		if (!seep_image_address_to_offset(c->image, c->fdes.ranges[i].start, &offset))
			return UNEXPLAINED;
	return error == -EINVAL ? NO_CODE : UNEXPLAINED;
}

static void compare_contents(struct comparison *c)
{
	double start_time = now();
	int error = seep_cfi_read(c->image, &c->cfi), no_libdw;

	if (!error && seep_unwind_table_build(&c->cfi, c->rules, &c->table))
		count(c, 0, TOO_LONG, NULL);
	c->totals->our_seconds += now() - start_time;
	c->totals->files++;
	c->totals->rows += c->cfi.num_rows;
	no_libdw = open_libdw(c);
	if (no_libdw && error == -ENOENT) {
		c->totals->files_without_cfi++;
	} else if (no_libdw || error) {
		count(c, 0, why_alone(c, !error, error), NULL);
	} else {
		c->totals->fdes += c->fdes.count;
		for (size_t i = 0; i < c->fdes.count; i++)
			compare_fde(c, i);
		compare_rest(c);
	}
}

static void compare_file(const char *path, struct seep_rules *rules, struct totals *totals)
{
	struct comparison c = {.path = path, .totals = totals, .rules = rules};

	c.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (c.fd < 0)
		return;
	if (!seep_image_open(c.fd, &c.image)) {
		compare_contents(&c);
		close_all(&c);
	}
	close(c.fd);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All files below the paths; with a deadline, those directly in them. False if time was up. */
static bool compare_files(char **below, double deadline, struct totals *totals)
{
	FTS *tree = fts_open(below, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	struct seep_rules *rules;
	bool finished = true;
	FTSENT *entry;

	assert_non_null(tree);
	assert_int_equal(seep_rules_new(&rules), 0);
	while (finished && (entry = fts_read(tree))) {
		if (deadline > 0 && entry->fts_info == FTS_D && entry->fts_level > 0)
			fts_set(tree, entry, FTS_SKIP);
		if (entry->fts_info == FTS_F)
			compare_file(entry->fts_path, rules, totals);
		finished = deadline <= 0 || now() < deadline;
	}
	printf("%zu rules in all, %lu too many\n", seep_rules_count(rules),
	       seep_rules_overflow(rules));
	seep_rules_free(rules);
	fts_close(tree);
	return finished;
}

static void print_totals(const struct totals *totals, bool finished)
{
	printf("%lu files%s, %lu without CFI; %lu FDEs, %lu rows, %lu ranges in libdw, "
	       "%lu rules compared; %.1f s here, %.1f s libdw\n",
	       totals->files, finished ? "" : " (time is up)", totals->files_without_cfi,
	       totals->fdes, totals->rows, totals->ranges, totals->compared, totals->our_seconds,
	       totals->libdw_seconds);
	for (size_t i = 0; i < REASONS; i++)
		if (totals->reasons[i])
			printf("%10lu %s\n", totals->reasons[i], reason_names[i]);
}

static void test_against_libdw(void **state)
{
	char programs[] = "/usr/bin", system_programs[] = "/usr/sbin";
	char *sample[] = {NULL, programs, system_programs, NULL};
	char **paths = *state;
	struct totals totals = {0};
	Dl_info libc;
	bool finished;

	elf_version(EV_CURRENT);
	assert_true(dladdr((void *)gnu_get_libc_version, &libc));
	sample[0] = realpath(libc.dli_fname, NULL);
	assert_non_null(sample[0]);
	*strrchr(sample[0], '/') = '\0';
	finished = *paths ? compare_files(paths, 0, &totals) :
			    compare_files(sample,
					  now() + effort(SAMPLE_SECONDS, SAMPLE_SECONDS_OF_PART),
					  &totals);
	print_totals(&totals, finished);
	free(sample[0]);
	assert_true(totals.compared > 0);
	assert_int_equal(totals.reasons[UNEXPLAINED], 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_against_libdw, argv + (argc > 0)),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
