/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer as a member of a report. */
#ifndef SEEP_JSON_ANSWER_H
#define SEEP_JSON_ANSWER_H

#include "symbol/symbolizer.h"
#include "verdict/answer.h"
#include "json/fields.h"

/* Writes ',"answer":{...}'. 0 or -ENOMEM. */
int seep_json_write_answer(struct seep_json *json, const struct seep_snapshot *snapshot,
			   const struct seep_answer *answer, struct seep_symbolizer *symbolizer);

#endif
