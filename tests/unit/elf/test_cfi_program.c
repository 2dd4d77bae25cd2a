// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions and expressions of CFI, one program of instructions for each case, whole and broken.
 */
/* Instructions of CIEs and FDEs, one by one. */
#include <errno.h>

#include "elf/cfi_check.h"

/* Runs @program in an FDE of 0x40 bytes at 0x100 and returns the rule of its last byte. */
static int last_rule(const struct cie_options *options, const void *program, size_t length,
		     struct seep_rule *ret_rule)
{
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	int error;

	put_fde(&frame, put_cie(&frame, options), 0x100, 0x40, program, length);
	error = read_frame(&frame, &cfi);
	if (error)
		return error;
	check_invariants(&cfi);
	*ret_rule = *seep_cfi_find(&cfi, CODE_OFFSET + 0x13f);
	seep_cfi_done(&cfi);
	return 0;
}

static void check_program(const char *name, const uint8_t *program, size_t length,
			  const struct seep_rule *expected)
{
	const struct cie_options options = {.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4};
	struct seep_rule rule;

	if (last_rule(&options, program, length, &rule) ||
	    memcmp(&rule, expected, sizeof(rule)) != 0)
		fail_msg("%s", name);
}

struct program {
	const char *name;
	uint8_t bytes[40];
	size_t length;
	struct seep_rule rule;
};

#define CODE(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
#define SP(...)	  {.kind = SEEP_RULE_SP, .ra_offset = -8, __VA_ARGS__}

static const struct program instructions[] = {
	{"nop", CODE(DW_CFA_nop, DW_CFA_nop), SP(.offset = 8)},
	{"advance_loc2", CODE(DW_CFA_advance_loc2, 0x3f, 0, DW_CFA_def_cfa_offset, 16),
	 SP(.offset = 16)},
	{"advance_loc4", CODE(DW_CFA_advance_loc4, 0x3f, 0, 0, 0, DW_CFA_def_cfa_offset, 16),
	 SP(.offset = 16)},
	{"advance_loc8",
	 CODE(DW_CFA_MIPS_advance_loc8, 0x3f, 0, 0, 0, 0, 0, 0, 0, DW_CFA_def_cfa_offset, 16),
	 SP(.offset = 16)},
	{"behind the end", CODE(DW_CFA_advance_loc1, 0x40, DW_CFA_def_cfa_offset, 16),
	 SP(.offset = 8)},
	{"def_cfa",
	 CODE(DW_CFA_def_cfa, 6, 0x90, 0x01),
	 {.kind = SEEP_RULE_FP, .offset = 0x90, .ra_offset = -8}},
	{"def_cfa rbx",
	 CODE(DW_CFA_def_cfa, 3, 24),
	 {.kind = SEEP_RULE_BX, .offset = 24, .ra_offset = -8}},
	{"def_cfa rax", CODE(DW_CFA_def_cfa, 0, 24), {.kind = SEEP_RULE_BAD}},
	{"def_cfa no such register", CODE(DW_CFA_def_cfa, 0x87, 0x02, 24), {.kind = SEEP_RULE_BAD}},
	{"def_cfa_sf", CODE(DW_CFA_def_cfa_sf, 7, 0x7e), SP(.offset = 16)},
	{"def_cfa_register",
	 CODE(DW_CFA_def_cfa_register, 6),
	 {.kind = SEEP_RULE_FP, .offset = 8, .ra_offset = -8}},
	{"def_cfa_offset", CODE(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x04), SP(.offset = 0x10000)},
	{"def_cfa_offset 31 bits", CODE(DW_CFA_def_cfa_offset, 0xff, 0xff, 0xff, 0xff, 0x07),
	 SP(.offset = INT32_MAX)},
	{"def_cfa_offset 32 bits",
	 CODE(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 0x08),
	 {.kind = SEEP_RULE_BAD}},
	{"def_cfa_offset_sf", CODE(DW_CFA_def_cfa_offset_sf, 0x7c), SP(.offset = 32)},
	{"offset", CODE(DW_CFA_offset | 6, 2),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = -16)},
	{"offset rbx", CODE(DW_CFA_offset | 3, 3), SP(.offset = 8, .bx_offset = -24)},
	{"offset of others", CODE(DW_CFA_offset | 12, 3), SP(.offset = 8)},
	{"offset of the return address",
	 CODE(DW_CFA_offset | 16, 4),
	 {.kind = SEEP_RULE_SP, .offset = 8, .ra_offset = -32}},
	{"offset 16 bits", CODE(DW_CFA_offset | 6, 0x80, 0x20),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = INT16_MIN)},
	{"offset 17 bits", CODE(DW_CFA_offset | 6, 0x81, 0x20, DW_CFA_offset | 3, 0x81, 0x20),
	 SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"far return address", CODE(DW_CFA_offset | 16, 0x81, 0x20), {.kind = SEEP_RULE_BAD}},
	{"offset_extended", CODE(DW_CFA_offset_extended, 6, 2),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = -16)},
	{"offset_extended_sf", CODE(DW_CFA_offset_extended_sf, 6, 0x7e),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = 16)},
	{"GNU_negative_offset_extended", CODE(DW_CFA_GNU_negative_offset_extended, 6, 2),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = 16)},
	{"restore", CODE(DW_CFA_offset | 6, 2, DW_CFA_restore | 6), SP(.offset = 8)},
	{"restore_extended", CODE(DW_CFA_offset | 6, 2, DW_CFA_restore_extended, 6),
	 SP(.offset = 8)},
	{"undefined", CODE(DW_CFA_undefined, 6), SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"the end", CODE(DW_CFA_undefined, 16), {.kind = SEEP_RULE_END}},
	{"same_value", CODE(DW_CFA_offset | 6, 2, DW_CFA_same_value, 6), SP(.offset = 8)},
	{"same_value of the return address", CODE(DW_CFA_same_value, 16), {.kind = SEEP_RULE_BAD}},
	{"register", CODE(DW_CFA_register, 6, 9), SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"register itself", CODE(DW_CFA_register, 6, 6), SP(.offset = 8)},
	{"return address in a register", CODE(DW_CFA_register, 16, 5), {.kind = SEEP_RULE_BAD}},
	{"val_offset", CODE(DW_CFA_val_offset, 6, 2), SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"val_offset_sf", CODE(DW_CFA_val_offset_sf, 6, 0x7e),
	 SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"val_expression", CODE(DW_CFA_val_expression, 6, 2, DW_OP_breg6, 0),
	 SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"remember_state, restore_state",
	 CODE(DW_CFA_remember_state, DW_CFA_def_cfa, 6, 24, DW_CFA_offset | 6, 2,
	      DW_CFA_remember_state, DW_CFA_def_cfa_offset, 64, DW_CFA_restore_state,
	      DW_CFA_restore_state),
	 SP(.offset = 8)},
	{"GNU_args_size", CODE(DW_CFA_GNU_args_size, 0x80, 0x01), SP(.offset = 8)},
	{"negate_ra_state", CODE(DW_CFA_AARCH64_negate_ra_state), SP(.offset = 8)},
	{"from an expression to a register",
	 CODE(DW_CFA_def_cfa_offset, 56, DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x70,
	      DW_OP_deref, DW_CFA_def_cfa_register, 7),
	 SP(.offset = 56)},
};

static const struct program expressions[] = {
	{"PLT",
	 CODE(DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	      DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus),
	 {.kind = SEEP_RULE_PLT, .offset = 11, .ra_offset = -8}},
	{"PLT with IBT",
	 CODE(DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	      DW_OP_and, DW_OP_lit10, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus),
	 {.kind = SEEP_RULE_PLT, .offset = 10, .ra_offset = -8}},
	{"almost a PLT",
	 CODE(DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	      DW_OP_and, DW_OP_lit16, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus),
	 {.kind = SEEP_RULE_BAD}},
	{"a shorter PLT",
	 CODE(DW_CFA_def_cfa_expression, 10, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15,
	      DW_OP_and, DW_OP_lit11, DW_OP_ge, DW_OP_lit3, DW_OP_shl),
	 {.kind = SEEP_RULE_BAD}},
	{"realigned",
	 CODE(DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x78, DW_OP_deref, DW_CFA_expression, 6, 2,
	      DW_OP_breg6, 0),
	 {.kind = SEEP_RULE_DEREF_FP, .offset = -8, .fp = SEEP_FP_AT_FP, .ra_offset = -8}},
	{"*(rsp + 152) + 8",
	 CODE(DW_CFA_def_cfa_expression, 6, DW_OP_breg7, 0x98, 0x01, DW_OP_deref, DW_OP_plus_uconst,
	      8),
	 {.kind = SEEP_RULE_DEREF_SP, .offset = 152, .add = 8, .ra_offset = -8}},
	{"*(rax)",
	 CODE(DW_CFA_def_cfa_expression, 3, DW_OP_breg0, 0, DW_OP_deref),
	 {.kind = SEEP_RULE_BAD}},
	{"**(rsp)",
	 CODE(DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0, DW_OP_deref, DW_OP_deref),
	 {.kind = SEEP_RULE_BAD}},
	{"an offset that ends early",
	 CODE(DW_CFA_def_cfa_expression, 2, DW_OP_breg7, 0x80),
	 {.kind = SEEP_RULE_BAD}},
	{"a sum that ends early",
	 CODE(DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0, DW_OP_deref, DW_OP_plus_uconst),
	 {.kind = SEEP_RULE_BAD}},
	{"an empty expression", CODE(DW_CFA_def_cfa_expression, 0), {.kind = SEEP_RULE_BAD}},
	{"from rsp, as is the CFA", CODE(DW_CFA_expression, 6, 2, DW_OP_breg7, 0x78),
	 SP(.offset = 8, .fp = SEEP_FP_AT_CFA, .fp_offset = -16)},
	{"rbx from rbp", CODE(DW_CFA_expression, 3, 2, DW_OP_breg6, 0x78), SP(.offset = 8)},
	{"rbp from rax", CODE(DW_CFA_expression, 6, 2, DW_OP_breg0, 0x78),
	 SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"rbp by more", CODE(DW_CFA_expression, 6, 3, DW_OP_breg6, 0x78, DW_OP_deref),
	 SP(.offset = 8, .fp = SEEP_FP_UNDEFINED)},
	{"return address from rbp",
	 CODE(DW_CFA_expression, 16, 2, DW_OP_breg6, 8),
	 {.kind = SEEP_RULE_BAD}},
};

static void test_instructions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++)
		check_program(instructions[i].name, instructions[i].bytes, instructions[i].length,
			      &instructions[i].rule);
}

static void test_expressions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
		check_program(expressions[i].name, expressions[i].bytes, expressions[i].length,
			      &expressions[i].rule);
}

/* An FDE that is broken is no reason to lose the next one. */
static void test_broken_programs(void **state)
{
	static const struct program programs[] = {
		{.name = "unknown", CODE(0x3f)},
		{.name = "no operand", CODE(DW_CFA_def_cfa)},
		{.name = "half an operand", CODE(DW_CFA_def_cfa, 7, 0x80)},
		{.name = "LEB128 of 11 bytes",
		 CODE(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		      0x80, 0x01)},
		{.name = "negative offset of 64 bits",
		 CODE(DW_CFA_def_cfa_offset, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		      0x01)},
		{.name = "product of more than 64 bits",
		 CODE(DW_CFA_offset | 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{.name = "expression longer than the rest",
		 CODE(DW_CFA_def_cfa_expression, 9, DW_OP_breg7, 0)},
		{.name = "expression of 2^63 bytes",
		 CODE(DW_CFA_expression, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
		      0x01)},
		{.name = "nothing to restore", CODE(DW_CFA_restore_state)},
		{.name = "17 states",
		 CODE(DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_remember_state,
		      DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_remember_state,
		      DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_remember_state,
		      DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_remember_state,
		      DW_CFA_remember_state, DW_CFA_remember_state, DW_CFA_remember_state,
		      DW_CFA_remember_state, DW_CFA_remember_state)},
		{.name = "half an advance", CODE(DW_CFA_advance_loc4, 1, 2, 3)},
		{.name = "address space left",
		 CODE(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_MIPS_advance_loc8,
		      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)},
		{.name = "set_loc backwards", CODE(DW_CFA_set_loc, 0, 0, 0xe0, 0xff)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;
		size_t cie = put_usual_cie(&frame);

		put_fde(&frame, cie, 0x100, 0x40, programs[i].bytes, programs[i].length);
		put_fde(&frame, cie, 0x200, 0x40, PROGRAM(DW_CFA_nop));
		if (read_frame(&frame, &cfi) || cfi.num_fdes != 1 || cfi.num_skipped != 1)
			fail_msg("%s", programs[i].name);
		check_invariants(&cfi);
		assert_null(seep_cfi_find(&cfi, CODE_OFFSET + 0x100));
		check(&cfi, 0x200, &at_entry);
		seep_cfi_done(&cfi);
	}
}

/* As many states as can be remembered at once. */
static void test_16_states(void **state)
{
	const struct cie_options options = {.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4};
	uint8_t program[16 + 2 + 16];
	struct seep_rule rule;

	(void)state;
	memset(program, DW_CFA_remember_state, 16);
	program[16] = DW_CFA_def_cfa_offset;
	program[17] = 16;
	memset(program + 18, DW_CFA_restore_state, 16);
	assert_int_equal(last_rule(&options, program, sizeof(program), &rule), 0);
	assert_memory_equal(&rule, &at_entry, sizeof(rule));
}

static void test_set_loc(void **state)
{
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t start;

	(void)state;
	put_usual_cie(&frame);
	start = begin_entry(&frame);
	put_number(&frame, frame.length, 4);
	put_number(&frame, CODE_ADDRESS + 0x100 - frame_address(&frame), 4);
	put_number(&frame, 0x40, 4);
	put_uleb(&frame, 0);
	put_number(&frame, DW_CFA_set_loc, 1);
	put_number(&frame, CODE_ADDRESS + 0x120 - frame_address(&frame), 4);
	put(&frame, PROGRAM(DW_CFA_def_cfa_offset, 16));
	end_entry(&frame, start);
	assert_int_equal(read_frame(&frame, &cfi), 0);
	check(&cfi, 0x11f, &at_entry);
	check(&cfi, 0x120, &pushed);
	seep_cfi_done(&cfi);
}

static void test_code_alignment(void **state)
{
	const struct cie_options options = {
		.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4,
		.code_alignment = 4,
	};
	struct seep_rule rule;

	(void)state;
	assert_int_equal(last_rule(&options,
				   PROGRAM(DW_CFA_advance_loc | 15, DW_CFA_def_cfa_offset, 16),
				   &rule),
			 0);
	assert_memory_equal(&rule, &pushed, sizeof(rule));
	assert_int_equal(last_rule(&options,
				   PROGRAM(DW_CFA_advance_loc | 16, DW_CFA_def_cfa_offset, 16),
				   &rule),
			 0);
	assert_memory_equal(&rule, &at_entry, sizeof(rule));
}

/* A CIE cannot move on, restore, or break off. */
static void test_broken_cies(void **state)
{
	static const struct program programs[] = {
		{.name = "advance", CODE(DW_CFA_advance_loc | 1)},
		{.name = "restore", CODE(DW_CFA_restore | 6)},
		{.name = "set_loc", CODE(DW_CFA_set_loc, 1, 2, 3, 4)},
		{.name = "half an operand", CODE(DW_CFA_def_cfa, 0x87)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct cie_options options = {
			.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4,
			.program = programs[i].bytes,
			.program_length = programs[i].length,
		};
		struct seep_rule rule;

		if (last_rule(&options, "", 0, &rule) != -EINVAL)
			fail_msg("%s", programs[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions),	cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_broken_programs), cmocka_unit_test(test_16_states),
		cmocka_unit_test(test_set_loc),		cmocka_unit_test(test_code_alignment),
		cmocka_unit_test(test_broken_cies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
