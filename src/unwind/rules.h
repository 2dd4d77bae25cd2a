/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dictionary of rules, one for the whole trace: files share nearly all of them. It only grows;
 * rule numbers stay what they are.
 */
#ifndef SEEP_UNWIND_RULES_H
#define SEEP_UNWIND_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "seep/unwind.h"

struct seep_rules;

/* Rule 0 is SEEP_RULE_BAD, rule 1 SEEP_RULE_GAP. 0 or -ENOMEM. */
int seep_rules_new(struct seep_rules **ret_rules);
void seep_rules_free(struct seep_rules *rules);

/* The number of @rule, new if it was not there. When the dictionary is full, 0: SEEP_RULE_BAD. */
uint32_t seep_rules_get(struct seep_rules *rules, const struct seep_rule *rule);

size_t seep_rules_count(const struct seep_rules *rules);
/* @number below the count. */
const struct seep_rule *seep_rules_at(const struct seep_rules *rules, uint32_t number);
/* How many rules did not fit. */
uint64_t seep_rules_overflow(const struct seep_rules *rules);

#endif
