/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats of reports and of comparisons, by name.
 */
#ifndef SEEP_FORMATS_FORMATS_H
#define SEEP_FORMATS_FORMATS_H

#include "report/diff.h"
#include "report/report.h"

/* "text", "json", "folded", "pprof", "flamegraph" or "html"; NULL if there is no such format. */
const struct seep_report_format *seep_report_find(const char *name);
/* "text", "json", "folded" or "flamegraph"; NULL if there is no such format. */
const struct seep_diff_format *seep_diff_find(const char *name);

#endif
