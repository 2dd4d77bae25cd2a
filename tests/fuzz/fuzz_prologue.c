// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules from code. The first byte of the input says how many functions there are, two bytes each
 * say where they begin, and the rest is code.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "unwind/prologue.h"

#define ADDRESS 0x401000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_rule(const struct seep_rule *rule)
{
	switch (rule->kind) {
	case SEEP_RULE_SP:
	case SEEP_RULE_FP:
	case SEEP_RULE_BX:
		require(rule->ra_offset == -8 && rule->fp <= SEEP_FP_UNDEFINED);
		require(rule->kind != SEEP_RULE_SP || rule->offset >= 8);
		require(rule->fp != SEEP_FP_AT_CFA || rule->fp_offset <= -16);
		require(rule->bx_offset <= 0);
		break;
	case SEEP_RULE_BAD:
	case SEEP_RULE_END:
		break;
	default:
		require(false);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct seep_prologue_budget budget = {8192, 65536};
	size_t num_functions = length ? data[0] % 16 : 0, head = 1 + 2 * num_functions;
	struct seep_prologue_counts counts;
	struct seep_prologues *prologues;

	if (length <= head || length > 4096)
		return 0;
	require(!seep_prologues_new(data + head, length - head, ADDRESS, &budget, &prologues));
	for (size_t i = 0; i < num_functions; i++) {
		struct seep_function function = {
			.start = (data[1 + 2 * i] | data[2 + 2 * i] << 8) & 0xfff,
			.size = data[2 + 2 * i],
			.kind = (enum seep_function_kind)(data[2 + 2 * i] >> 6),
		};

		require(!seep_prologues_add(prologues, &function));
	}
	require(!seep_prologues_run(prologues));
	seep_prologues_count(prologues, &counts);
	for (size_t at = 0; at < length - head; at++) {
		size_t bytes;
		const struct seep_rule *rule = seep_prologues_at(prologues, at, &bytes);

		if (!rule)
			continue;
		require(bytes > 0 && bytes <= 15 && at + bytes <= length - head);
		require(counts.functions > 0);
		check_rule(rule);
	}
	seep_prologues_free(prologues);
	return 0;
}
