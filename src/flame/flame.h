/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks by their measure: as lines, and as drawings.
 */
#ifndef SEEP_FLAME_FLAME_H
#define SEEP_FLAME_FLAME_H

#include "report/diff.h"
#include "report/fold.h"
#include "report/report.h"

extern const struct seep_report_format seep_report_folded;
extern const struct seep_report_format seep_report_flamegraph;
extern const struct seep_diff_format seep_diff_folded; /* "stack OLD NEW", as of difffolded.pl */
extern const struct seep_diff_format seep_diff_flamegraph;

#endif
