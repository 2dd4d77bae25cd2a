// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unwinder's step as the kernel runs it, compiled for the host: each kind of rule on a stack of
 * words, and the search of rows against a plain one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/host_stack.h"

#define WORDS 64

struct target {
	__u64 words[WORDS];
	struct unwind_context context;
	struct registers registers;
};

static void target_init(struct target *target)
{
	*target = (struct target){.context = {.words = target->words, .num_words = WORDS}};
	for (size_t i = 0; i < WORDS; i++)
		target->words[i] = 0x1000 + i;
	target->registers = (struct registers){
		.pc = 0x401008,
		.sp = STACK_BASE + 8 * 4,
		.fp = STACK_BASE + 8 * 20,
		.bx = STACK_BASE + 8 * 30,
	};
}

static int step(struct target *target, struct seep_rule rule)
{
	return step_by_rule(&target->context, &target->registers, &rule);
}

/* Each kind of rule that computes a CFA: the CFA is the caller's stack pointer. */
static void cfa_by_kind(void **state)
{
	static const struct {
		struct seep_rule rule;
		size_t cfa; /* in words from the base */
	} cases[] = {
		{{.kind = SEEP_RULE_SP, .offset = 24, .ra_offset = -8}, 4 + 3},
		{{.kind = SEEP_RULE_FP, .offset = 16, .ra_offset = -8}, 20 + 2},
		{{.kind = SEEP_RULE_BX, .offset = 8, .ra_offset = -8}, 30 + 1},
		{{.kind = SEEP_RULE_PLT, .offset = 11, .ra_offset = -8}, 4 + 1},
		{{.kind = SEEP_RULE_PLT, .offset = 8, .ra_offset = -8}, 4 + 2},
		{{.kind = SEEP_RULE_SP, .offset = 40, .ra_offset = -16}, 4 + 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target target;

		target_init(&target);
		assert_int_equal(step(&target, cases[i].rule), STEP_NEXT);
		assert_int_equal(target.registers.sp, STACK_BASE + 8 * cases[i].cfa);
		assert_int_equal(target.registers.return_at,
				 target.registers.sp + cases[i].rule.ra_offset);
		assert_int_equal(target.registers.pc,
				 0x1000 + cases[i].cfa + cases[i].rule.ra_offset / 8);
		assert_false(target.registers.exact);
		assert_int_equal(target.registers.fp, STACK_BASE + 8 * 20);
		assert_int_equal(target.registers.bx, STACK_BASE + 8 * 30);
	}
}

static void cfa_from_memory(void **state)
{
	struct target target;

	(void)state;
	target_init(&target);
	target.words[6] = STACK_BASE + 8 * 40;
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_DEREF_SP,
							  .offset = 16,
							  .add = 8,
							  .ra_offset = -8}),
			 STEP_NEXT);
	assert_int_equal(target.registers.sp, STACK_BASE + 8 * 41);
	target_init(&target);
	target.words[19] = STACK_BASE + 8 * 50;
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_DEREF_FP,
							  .offset = -8,
							  .ra_offset = -8,
							  .fp = SEEP_FP_AT_FP,
							  .fp_offset = 8}),
			 STEP_NEXT);
	assert_int_equal(target.registers.sp, STACK_BASE + 8 * 50);
	assert_int_equal(target.registers.fp, 0x1000 + 21);
}

static void saved_registers(void **state)
{
	struct target target;

	(void)state;
	target_init(&target);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SP,
							  .offset = 48,
							  .ra_offset = -8,
							  .fp = SEEP_FP_AT_CFA,
							  .fp_offset = -16,
							  .bx_offset = -24}),
			 STEP_NEXT);
	assert_int_equal(target.registers.fp, 0x1000 + 8);
	assert_int_equal(target.registers.bx, 0x1000 + 7);
	assert_int_equal(target.registers.pc, 0x1000 + 9);
}

static void signal_frame(void **state)
{
	struct target target;

	(void)state;
	target_init(&target);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SIGNAL}), STEP_NEXT);
	assert_true(target.registers.exact);
	assert_int_equal(target.registers.fp, 0x1000 + 4 + 120 / 8);
	assert_int_equal(target.registers.bx, 0x1000 + 4 + 128 / 8);
	assert_int_equal(target.registers.sp, 0x1000 + 4 + 160 / 8);
	assert_int_equal(target.registers.pc, 0x1000 + 4 + 168 / 8);
}

static void ends(void **state)
{
	struct target target;

	(void)state;
	target_init(&target);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_END}),
			 SEEP_END_COMPLETE);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_BAD}),
			 SEEP_END_BAD_RULE);
	/* A CFA that does not lie above the stack pointer, or not on a word. */
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SP, .offset = 0}),
			 SEEP_END_BAD_FRAME);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SP, .offset = -8}),
			 SEEP_END_BAD_FRAME);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SP, .offset = 12}),
			 SEEP_END_BAD_FRAME);
	/* Beyond the stack. */
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_SP,
							  .offset = 8 * WORDS,
							  .ra_offset = -8}),
			 SEEP_END_READ);
}

static int step_by_chain(struct target *target, bool known)
{
	return step_by_frame_pointer(&target->context, &target->registers, SEEP_END_JIT, known);
}

/* Two frames, the second of which is the first of its thread. */
static void chain_init(struct target *target)
{
	target_init(target);
	target->words[20] = STACK_BASE + 8 * 40;
	target->words[40] = 0;
}

static void known_frame_pointers(void **state)
{
	struct target target;

	(void)state;
	chain_init(&target);
	assert_int_equal(step_by_chain(&target, true), STEP_NEXT);
	assert_int_equal(target.registers.pc, 0x1000 + 21);
	assert_int_equal(target.registers.sp, STACK_BASE + 8 * 22);
	assert_false(target.registers.guessed);
	assert_int_equal(step_by_chain(&target, true), STEP_NEXT);
	/* The chain has come to its beginning. */
	assert_int_equal(step_by_chain(&target, true), SEEP_END_COMPLETE);
}

/* One guess, and nothing makes the walk whole again: no rule, no end of the chain, no pc of 0. */
static void a_guess_is_kept(void **state)
{
	static const struct seep_rule rule = {.kind = SEEP_RULE_SP, .offset = 16, .ra_offset = -8};
	struct target target;

	(void)state;
	chain_init(&target);
	assert_int_equal(step_by_chain(&target, false), STEP_NEXT);
	assert_true(target.registers.guessed);
	assert_int_equal(step(&target, rule), STEP_NEXT);
	assert_true(target.registers.guessed);
	assert_int_equal(step(&target, (struct seep_rule){.kind = SEEP_RULE_END}),
			 SEEP_END_FRAME_POINTER);
	target.registers.pc = 0;
	assert_int_equal(step_result(STEP_NEXT, &target.registers), SEEP_END_FRAME_POINTER);

	chain_init(&target);
	assert_int_equal(step_by_chain(&target, false), STEP_NEXT);
	assert_int_equal(step_by_chain(&target, true), STEP_NEXT);
	assert_int_equal(step_by_chain(&target, true), SEEP_END_FRAME_POINTER);

	chain_init(&target);
	target.words[21] = 0;
	assert_int_equal(step_by_chain(&target, false), STEP_NEXT);
	assert_int_equal(step_result(STEP_NEXT, &target.registers), SEEP_END_FRAME_POINTER);
}

static void a_pc_of_zero_is_an_end(void **state)
{
	struct registers registers = {.pc = 0};

	(void)state;
	assert_int_equal(step_result(STEP_NEXT, &registers), SEEP_END_COMPLETE);
	assert_int_equal(step_result(SEEP_END_READ, &registers), SEEP_END_READ);
	registers.pc = 1;
	assert_int_equal(step_result(STEP_NEXT, &registers), STEP_NEXT);
}

static void implausible_frame_pointers(void **state)
{
	static const __u64 fps[] = {0, STACK_BASE + 8 * 3, STACK_BASE + 8 * 20 + 4, 0x1234,
				    STACK_BASE + 8 * 4 + MAX_FRAME_BYTES + 8};

	(void)state;
	for (size_t i = 0; i < sizeof(fps) / sizeof(fps[0]); i++) {
		struct target target;

		target_init(&target);
		target.registers.fp = fps[i];
		assert_int_equal(step_by_chain(&target, i & 1), SEEP_END_JIT);
	}
}

/* Code without CFI to which a signal handler returns is known by its instructions. */
static void signal_trampolines(void **state)
{
	static const __u8 codes[][16] = {
		{0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05, 0xcc},
		{0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05, 0xcc},
		{0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05},
		{0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05, 0xcc},
	};
	static const __u8 others[][16] = {
		{0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x0b},
		{0x48, 0xc7, 0xc0, 0x0e, 0, 0, 0, 0x0f, 0x05},
		{0xb8, 0x0f, 0, 0, 1, 0x0f, 0x05},
		{0xf3, 0x0f, 0x1e, 0xfa, 0xc3},
	};
	struct target target;

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		target_init(&target);
		target.context.code = codes[i];
		target.context.code_at = target.registers.pc;
		assert_int_equal(step_by_chain(&target, false), STEP_NEXT);
		assert_true(target.registers.exact);
		assert_false(target.registers.guessed);
		assert_int_equal(target.registers.pc, 0x1000 + 4 + 168 / 8);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		__u64 code[2];

		memcpy(code, others[i], sizeof(code));
		assert_false(is_signal_return(code));
	}
	/* Whoever runs in the trampoline itself is not returned to. */
	target_init(&target);
	target.context.code = codes[0];
	target.context.code_at = target.registers.pc;
	target.registers.exact = 1;
	assert_int_equal(step_by_chain(&target, false), STEP_NEXT);
	assert_true(target.registers.guessed);
}

/* runtime.asmcgocall of Go 1.19, behind the call of C; then the same with another register. */
static const __u8 go_switch[16] = {0x48, 0x8b, 0x7c, 0x24, 0x30, 0x48, 0x8b, 0x77,
				   0x08, 0x48, 0x2b, 0x74, 0x24, 0x28, 0x64, 0x48};
static const __u8 no_go_switch[16] = {0x48, 0x8b, 0x7c, 0x24, 0x30, 0x48, 0x8b, 0x77,
				      0x08, 0x48, 0x2b, 0x74, 0x24, 0x20, 0x64, 0x48};

/* The goroutine has its stack elsewhere, and rbp is already on it: no guess is needed. */
static void c_returns_to_its_goroutine(void **state)
{
	__u64 words[64] = {0};
	struct target target;

	(void)state;
	target_init(&target);
	target.context.words = words;
	target.context.num_words = 64;
	target.context.code = go_switch;
	target.context.code_at = target.registers.pc;
	target.registers.sp = STACK_BASE + 8 * 40;
	target.registers.fp = STACK_BASE + 8 * 12;
	words[40 + 6] = STACK_BASE + 8 * 60; /* the goroutine */
	words[40 + 5] = 8 * 20;		     /* below the upper end */
	words[60 + 1] = STACK_BASE + 8 * 30; /* which is here */
	words[10] = 0x4242;		     /* where asmcgocall returns to */
	assert_int_equal(step_by_chain(&target, true), STEP_NEXT);
	assert_int_equal(target.registers.pc, 0x4242);
	assert_int_equal(target.registers.return_at, STACK_BASE + 8 * 10);
	assert_int_equal(target.registers.sp, STACK_BASE + 8 * 11);
	assert_int_equal(target.registers.fp, STACK_BASE + 8 * 12);
	assert_false(target.registers.guessed);

	/* Words that lead nowhere. */
	target.context.code_at = target.registers.pc;
	target.registers.sp = STACK_BASE + 8 * 40;
	words[40 + 5] = 8 * 31;
	assert_int_equal(step_by_chain(&target, true), SEEP_END_READ);

	/* Other code: rbp is on no stack that it could be on. */
	words[40 + 5] = 8 * 20;
	target.context.code = no_go_switch;
	assert_int_equal(step_by_chain(&target, true), SEEP_END_JIT);
}

static __u32 random_word(void)
{
	static __u64 seed = 42;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (__u32)(seed >> 33);
}

/* The search without branches finds what a plain one finds, wherever the rows stand in a chunk. */
static void search_agrees_with_a_plain_one(void **state)
{
	static seep_row words[SEEP_CHUNK_WORDS];

	(void)state;
	for (int round = 0; round < 300; round++) {
		__u32 count = 1 + random_word() % (round % 3 ? 300 : SEEP_MAX_PAGE_ROWS);
		__u32 first = random_word() % (SEEP_CHUNK_WORDS - count + 1);
		__u32 offset = 0;

		for (size_t i = 0; i < SEEP_CHUNK_WORDS; i++)
			words[i] = random_word();
		for (__u32 i = 0; i < count; i++) {
			words[first + i] = SEEP_ROW(offset, random_word() & 0xffff);
			offset += 1 + random_word() % (65535 / count + 1);
			if (offset > 0xffff)
				count = i + 1;
		}
		for (int probe = 0; probe < 300; probe++) {
			__u32 wanted = random_word() & 0xffff, expected = first;

			for (__u32 i = 0; i < count; i++) {
				if (SEEP_ROW_OFFSET(words[first + i]) <= wanted)
					expected = first + i;
			}
			assert_int_equal(row_search(words, first, count, wanted), words[expected]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cfa_by_kind),
		cmocka_unit_test(cfa_from_memory),
		cmocka_unit_test(saved_registers),
		cmocka_unit_test(signal_frame),
		cmocka_unit_test(ends),
		cmocka_unit_test(known_frame_pointers),
		cmocka_unit_test(a_guess_is_kept),
		cmocka_unit_test(a_pc_of_zero_is_an_end),
		cmocka_unit_test(signal_trampolines),
		cmocka_unit_test(c_returns_to_its_goroutine),
		cmocka_unit_test(implausible_frame_pointers),
		cmocka_unit_test(search_agrees_with_a_plain_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
