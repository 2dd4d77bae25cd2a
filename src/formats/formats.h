/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats of reports and of comparisons, by name.
 */
#ifndef SEEP_FORMATS_FORMATS_H
#define SEEP_FORMATS_FORMATS_H

#include "report/diff.h"
#include "report/report.h"

/* In the order of the help, text first; NULL past the last one. */
const struct seep_report_format *seep_report_at(size_t index);
const struct seep_diff_format *seep_diff_at(size_t index);
/* "text", "json", "folded", "pprof", "flamegraph" or "html"; NULL if there is no such format. */
const struct seep_report_format *seep_report_find(const char *name);

#endif
