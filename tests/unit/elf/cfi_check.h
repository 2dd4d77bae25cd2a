/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what cfi_builder.h makes, and looks at the rows. */
#ifndef TESTS_UNIT_ELF_CFI_CHECK_H
#define TESTS_UNIT_ELF_CFI_CHECK_H

#include "compile.h"
#include "elf/cfi.h"
#include "elf/cfi_builder.h"

#define PROGRAM(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static const struct seep_rule at_entry = {.kind = SEEP_RULE_SP, .offset = 8, .ra_offset = -8};
static const struct seep_rule pushed = {.kind = SEEP_RULE_SP, .offset = 16, .ra_offset = -8};
static const struct seep_rule gap = {.kind = SEEP_RULE_GAP};

static inline int read_file(int fd, struct seep_cfi *ret_cfi)
{
	struct seep_image *image;
	int error;

	assert_true(fd >= 0);
	error = seep_image_open(fd, &image);
	close(fd);
	if (error)
		return error;
	error = seep_cfi_read(image, ret_cfi);
	seep_image_close(image);
	return error;
}

static inline int read_frame(const struct bytes *frame, struct seep_cfi *ret_cfi)
{
	return read_file(make_file(frame->data, frame->length, &(struct image_options){0}),
			 ret_cfi);
}

/* @code counts from the start of the code. */
static inline void check(const struct seep_cfi *cfi, uint64_t code,
			 const struct seep_rule *expected)
{
	const struct seep_rule *rule = seep_cfi_find(cfi, CODE_OFFSET + code);

	assert_non_null(rule);
	assert_int_equal(rule->kind, expected->kind);
	assert_memory_equal(rule, expected, sizeof(*rule));
}

/* What is said of everything that is read, broken or not. */
static inline void check_invariants(const struct seep_cfi *cfi)
{
	size_t bad = 0;

	assert_true(cfi->num_rows > 0);
	for (size_t i = 0; i < cfi->num_rows; i++) {
		const struct seep_cfi_row *row = &cfi->rows[i];

		assert_true(row->rule.kind < SEEP_RULE_KIND_COUNT);
		bad += row->rule.kind == SEEP_RULE_BAD;
		if (!i)
			continue;
		assert_true(row->offset > row[-1].offset);
		assert_memory_not_equal(&row->rule, &row[-1].rule, sizeof(row->rule));
	}
	assert_int_equal(cfi->num_bad, bad);
	assert_int_equal(cfi->rows[cfi->num_rows - 1].rule.kind, SEEP_RULE_GAP);
}

#endif
