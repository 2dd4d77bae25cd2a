/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions below which several sites grow, in the JSON report. */
#ifndef SEEP_JSON_CALLERS_H
#define SEEP_JSON_CALLERS_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "json/fields.h"

/* A further member, "callers", if there are any. 0 or -ENOMEM. */
int seep_json_write_callers(struct seep_json *json, const struct seep_snapshot *snapshot,
			    struct seep_symbolizer *symbolizer);

#endif
