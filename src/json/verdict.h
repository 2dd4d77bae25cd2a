/* SPDX-License-Identifier: GPL-2.0-only */
/* Judgements in the JSON report. */
#ifndef SEEP_JSON_VERDICT_H
#define SEEP_JSON_VERDICT_H

#include "verdict/judgement.h"
#include "json/fields.h"

/* Adds "verdict" to a site, null without one. */
void seep_json_add_verdict(struct seep_json *json, struct json_object *site,
			   const struct seep_judgement *judgement, enum seep_kind kind);

/* Adds "coverage" to a process, null without a judgement. */
void seep_json_add_coverage(struct seep_json *json, struct json_object *process,
			    const struct seep_process_judgement *judgement);

#endif
