/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text report of a snapshot, and of a comparison.
 */
#ifndef SEEP_TEXT_TEXT_H
#define SEEP_TEXT_TEXT_H

#include "report/diff.h"
#include "report/report.h"

extern const struct seep_report_format seep_report_text;
extern const struct seep_diff_format seep_diff_text;

#endif
