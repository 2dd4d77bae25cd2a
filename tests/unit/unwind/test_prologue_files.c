// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules made from code against the CFI of the same code, at every instruction that has both. With
 * paths as arguments, of these files; without, of this program, the C library, and programs that
 * are on every machine. The functions that are given are those with a symbol, as where there is no
 * CFI.
 *
 * Of a program with symbols every rule must be that of the CFI. In the C library there are two
 * kinds of differences: assembly whose CFI does not mention its pushes (__mpn_mul_1), and the
 * landing pads of stripped functions one behind the other, each ending in a call of _Unwind_Resume
 * that nothing there says does not return. Code without CFI has no landing pads.
 */
#include <dlfcn.h>
#include <fcntl.h>
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

#include "elf/cfi.h"
#include "elf/functions.h"
#include "elf/sections.h"
#include "unwind/prologue.h"

#define PRINTED_MAX 20

struct totals {
	uint64_t compared; /* instructions with CFI that says a CFA by a register */
	uint64_t agreed;
	uint64_t not_made; /* not reached */
	uint64_t unknown;  /* reached, but paths do not agree, or the rule needs another register */
	uint64_t elsewhere; /* the CFA is known by another register only */
	uint64_t wrong_cfa;
	uint64_t wrong_fp;
	uint64_t wrong_bx;
	uint64_t lost_fp; /* not known here */
};

static bool has_register(const struct seep_rule *rule)
{
	return rule->kind == SEEP_RULE_SP || rule->kind == SEEP_RULE_FP ||
	       rule->kind == SEEP_RULE_BX;
}

/* The CFA that @rule says is at a distance from the CFA of the walk through the code: 0. */
static bool cfa_of(const struct seep_rule *rule, const struct seep_prologue_values *values,
		   int32_t *ret_difference)
{
	int32_t base = rule->kind == SEEP_RULE_SP ? values->sp :
		       rule->kind == SEEP_RULE_FP ? values->fp :
						    values->bx;

	*ret_difference = base + rule->offset;
	return seep_value_is_address(base);
}

static bool same_fp(const struct seep_rule *cfi, const struct seep_rule *rule,
		    const struct seep_prologue_values *values)
{
	if (cfi->fp == rule->fp && (cfi->fp != SEEP_FP_AT_CFA || cfi->fp_offset == rule->fp_offset))
		return true;
	/* Saved, but still or again unchanged: either is right. */
	return values->fp == SEEP_VALUE_ENTRY;
}

static bool same_bx(const struct seep_rule *cfi, const struct seep_rule *rule,
		    const struct seep_prologue_values *values)
{
	return cfi->bx_offset == rule->bx_offset || values->bx == SEEP_VALUE_ENTRY ||
	       (cfi->bx_offset && !rule->bx_offset);
}

static void print(const char *path, uint64_t address, const char *what, const struct seep_rule *cfi,
		  const struct seep_rule *rule, uint64_t count)
{
	if (count < PRINTED_MAX)
		print_message("%s: %#lx: %s: CFI %d %d fp %d %d bx %d, here %d %d fp %d %d bx %d\n",
			      path, (unsigned long)address, what, cfi->kind, cfi->offset, cfi->fp,
			      cfi->fp_offset, cfi->bx_offset, rule->kind, rule->offset, rule->fp,
			      rule->fp_offset, rule->bx_offset);
}

static void compare(const char *path, uint64_t address, const struct seep_rule *cfi,
		    const struct seep_rule *rule, const struct seep_prologue_values *values,
		    struct totals *totals)
{
	int32_t difference;

	if (!cfa_of(cfi, values, &difference)) {
		totals->elsewhere++;
		return;
	}
	if (difference) {
		print(path, address, "CFA", cfi, rule, totals->wrong_cfa++);
		return;
	}
	if (!same_fp(cfi, rule, values)) {
		if (rule->fp == SEEP_FP_UNDEFINED)
			totals->lost_fp++;
		else
			print(path, address, "rbp", cfi, rule, totals->wrong_fp++);
		return;
	}
	if (!same_bx(cfi, rule, values)) {
		print(path, address, "rbx", cfi, rule, totals->wrong_bx++);
		return;
	}
	totals->agreed++;
}

struct text {
	const char *path;
	struct seep_image *image;
	struct seep_cfi cfi;
	uint64_t address, offset;
	const uint8_t *code;
	size_t length;
	struct seep_prologues *prologues;
};

static int add_symbol(const struct seep_symbol *symbol, void *context)
{
	struct text *text = context;
	struct seep_function function;

	if (symbol->address < text->address || symbol->address - text->address >= text->length ||
	    strstr(symbol->name, ".cold"))
		return 0;
	function = (struct seep_function){
		.start = (uint32_t)(symbol->address - text->address),
		.size = (uint32_t)symbol->size,
	};
	seep_prologues_add(text->prologues, &function);
	return 0;
}

static void compare_text(struct text *text, struct totals *totals)
{
	struct seep_instructions *decoder;
	size_t at = 0;

	assert_int_equal(seep_instructions_open(&decoder), 0);
	while (at < text->length) {
		const struct seep_rule *cfi = seep_cfi_find(&text->cfi, text->offset + at);
		struct seep_instruction instruction;
		struct seep_prologue_values values;
		const struct seep_rule *rule;
		size_t length;

		rule = seep_prologues_at(text->prologues, at, &length);
		if (!rule) {
			seep_instruction_decode(decoder, text->code + at, text->length - at, at,
						&instruction);
			length = instruction.length ? instruction.length : 1;
		}
		if (cfi && has_register(cfi)) {
			totals->compared++;
			if (!rule)
				totals->not_made++;
			else if (rule->kind == SEEP_RULE_BAD)
				totals->unknown++;
			else if (seep_prologues_values(text->prologues, at, &values))
				compare(text->path, text->address + at, cfi, rule, &values, totals);
		}
		at += length;
	}
	seep_instructions_close(decoder);
}

static void compare_file(const char *path, struct totals *totals)
{
	struct seep_prologue_budget budget = {UINT32_MAX, UINT64_MAX};
	struct text text = {.path = path};
	struct seep_prologue_counts counts;
	struct timespec start, end;
	GElf_Shdr header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &text.image), 0);
	close(fd);
	assert_int_equal(seep_cfi_read(text.image, &text.cfi), 0);
	assert_non_null(seep_section_find(seep_image_elf(text.image), ".text", &header));
	text.address = header.sh_addr;
	text.offset = header.sh_offset;
	text.length = seep_image_code(
		text.image, header.sh_addr,
		header.sh_size < SEEP_PROLOGUE_MAX_BYTES ? header.sh_size : SEEP_PROLOGUE_MAX_BYTES,
		&text.code);
	assert_true(text.length > 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	assert_int_equal(seep_prologues_new(text.code, text.length, text.address, &budget,
					    &text.prologues),
			 0);
	seep_image_each_function(text.image, add_symbol, &text);
	assert_int_equal(seep_prologues_run(text.prologues), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seep_prologues_count(text.prologues, &counts);
	printf("%s: %zu functions, %zu refused, %zu capped, %u instructions, %lu steps, %.3f s\n",
	       path, counts.functions, counts.refused, counts.capped,
	       UINT32_MAX - budget.instructions, UINT64_MAX - budget.steps,
	       (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	compare_text(&text, totals);
	seep_prologues_free(text.prologues);
	seep_cfi_done(&text.cfi);
	seep_image_close(text.image);
}

static void print_totals(const struct totals *totals)
{
	printf("%lu compared: %lu agreed, %lu not made, %lu unknown, %lu by another register, "
	       "%lu without rbp, %lu %lu %lu wrong (CFA, rbp, rbx)\n",
	       totals->compared, totals->agreed, totals->not_made, totals->unknown,
	       totals->elsewhere, totals->lost_fp, totals->wrong_cfa, totals->wrong_fp,
	       totals->wrong_bx);
}

static uint64_t wrong(const struct totals *totals)
{
	return totals->wrong_cfa + totals->wrong_fp + totals->wrong_bx;
}

/* All functions have symbols here. */
static void test_program(void **state)
{
	struct totals totals = {0};

	(void)state;
	compare_file("/proc/self/exe", &totals);
	print_totals(&totals);
	assert_true(totals.agreed > totals.compared / 10 * 8);
	assert_int_equal(wrong(&totals), 0);
}

static void test_files(void **state)
{
	char bash[] = "/bin/bash", make[] = "/usr/bin/make";
	char *sample[] = {NULL, bash, make, NULL};
	char **paths = *state;
	struct totals totals = {0};
	Dl_info libc;

	assert_true(dladdr((void *)gnu_get_libc_version, &libc));
	sample[0] = realpath(libc.dli_fname, NULL);
	for (char **path = *paths ? paths : sample; *path; path++)
		compare_file(*path, &totals);
	free(sample[0]);
	print_totals(&totals);
	assert_true(totals.agreed > totals.compared / 10 * 5);
	assert_true(wrong(&totals) <= totals.agreed / 2000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test_prestate(test_files, argv + (argc > 0)),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
