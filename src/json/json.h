/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The JSON report of a snapshot (docs/report.schema.json) and of a comparison
 * (docs/diff.schema.json).
 */
#ifndef SEEP_JSON_JSON_H
#define SEEP_JSON_JSON_H

#include "report/diff.h"
#include "report/report.h"

extern const struct seep_report_format seep_report_json; /* one line, with its line break */
extern const struct seep_diff_format seep_diff_json;

#endif
