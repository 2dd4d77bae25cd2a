// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/rules.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "base/cleanup.h"

#define SLOTS (2 * SEEP_MAX_RULES) /* a power of two, never more than half full */

struct seep_rules {
	size_t count;
	uint64_t overflow;
	uint64_t seed; /* unknown to who writes the files, so that they cannot make rules collide */
	uint32_t last; /* number that was asked for last: neighbouring rows are often alike */
	uint16_t slots[SLOTS]; /* open addressing: number + 1, 0 is free */
	struct seep_rule rules[SEEP_MAX_RULES];
};

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "hashes are masked");
_Static_assert(SEEP_MAX_RULES <= UINT16_MAX, "a number + 1 fits into a slot");

static bool same(const struct seep_rule *a, const struct seep_rule *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The slot that has @rule, or the free one where it belongs. */
static uint16_t *find_slot(struct seep_rules *rules, const struct seep_rule *rule)
{
	uint64_t hash = XXH3_64bits_withSeed(rule, sizeof(*rule), rules->seed);

	/* Linear probing. It ends, because at least half of the slots are free. */
	for (size_t i = hash & (SLOTS - 1);; i = (i + 1) & (SLOTS - 1)) {
		uint16_t *slot = &rules->slots[i];

		if (!*slot || same(&rules->rules[*slot - 1], rule))
			return slot;
	}
}

int seep_rules_new(struct seep_rules **ret_rules)
{
	static const struct seep_rule bad = {.kind = SEEP_RULE_BAD}, gap = {.kind = SEEP_RULE_GAP};
	struct seep_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	/*
	 * Without random numbers, which Linux always has once it is up, only the cost is at risk.
	 */
	if (getrandom(&rules->seed, sizeof(rules->seed), GRND_NONBLOCK) < 0)
		rules->seed = (uintptr_t)rules;
	/* In this order: SEEP_RULE_NUMBER_BAD and SEEP_RULE_NUMBER_GAP are their numbers. */
	seep_rules_get(rules, &bad);
	seep_rules_get(rules, &gap);
	*ret_rules = rules;
	return 0;
}

void seep_rules_free(struct seep_rules *rules)
{
	free(rules);
}

uint32_t seep_rules_get(struct seep_rules *rules, const struct seep_rule *rule)
{
	uint16_t *slot;

	if (rules->last < rules->count && same(&rules->rules[rules->last], rule))
		return rules->last;
	slot = find_slot(rules, rule);
	if (!*slot) {
		if (rules->count == SEEP_MAX_RULES) {
			/* 0 is SEEP_RULE_BAD: stacks through such code end there, none is wrong. */
			rules->overflow++;
			return 0;
		}
		rules->rules[rules->count++] = *rule;
		*slot = (uint16_t)rules->count;
	}
	rules->last = *slot - 1;
	return rules->last;
}

size_t seep_rules_count(const struct seep_rules *rules)
{
	return rules->count;
}

const struct seep_rule *seep_rules_at(const struct seep_rules *rules, uint32_t number)
{
	return &rules->rules[number];
}

uint64_t seep_rules_overflow(const struct seep_rules *rules)
{
	return rules->overflow;
}
