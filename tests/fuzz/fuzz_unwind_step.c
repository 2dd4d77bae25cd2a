// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: walks a random stack by random rules. Whatever they say, each step but that
 * over a signal frame moves up the stack, so a walk is bounded by the stack; nothing is read
 * outside of it. The input: registers, a rule to begin with, then words that are both the stack and
 * the rules.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/host_stack.h"

#define MAX_WORDS 4096
#define MAX_STEPS 256

struct input {
	__u64 pc, sp, fp, bx;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rule at an address: some words of the input. */
static struct seep_rule rule_at(const __u64 *words, size_t num_words, __u64 pc)
{
	struct seep_rule rule = {0};

	if (num_words >= 2)
		memcpy(&rule, &words[pc % (num_words - 1)], sizeof(rule));
	rule.kind %= SEEP_RULE_KIND_COUNT;
	rule.fp %= 4;
	return rule;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static __u64 words[MAX_WORDS];
	struct unwind_context context = {.words = words};
	struct registers registers = {0};
	struct input input;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	size -= sizeof(input);
	if (size > sizeof(words))
		size = sizeof(words);
	memcpy(words, data + sizeof(input), size);
	context.num_words = size / 8;
	registers.pc = input.pc;
	registers.sp = STACK_BASE + input.sp % (size + 1);
	registers.fp = STACK_BASE + input.fp % (size + 1);
	registers.bx = STACK_BASE + input.bx % (size + 1);
	for (int i = 0; i < MAX_STEPS; i++) {
		struct seep_rule rule = rule_at(words, context.num_words, registers.pc);
		__u64 sp = registers.sp;
		int result;

		if (rule.kind == SEEP_RULE_GAP)
			result = step_by_frame_pointer(&context, &registers, SEEP_END_JIT,
						       registers.pc & 1);
		else
			result = step_by_rule(&context, &registers, &rule);
		if (result != STEP_NEXT) {
			if (result < 0 || result >= SEEP_END_COUNT)
				abort();
			return 0;
		}
		if (!registers.exact && registers.sp <= sp)
			abort();
	}
	return 0;
}
