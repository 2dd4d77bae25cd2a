/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verdicts on sites whose process is traced in windows. What lives is an estimate that varies from
 * snapshot to snapshot, so its course over time is no evidence; which share of the blocks is never
 * released is (measure/cohort.h), and whether the process grows.
 */
#ifndef SEEP_VERDICT_WINDOWS_H
#define SEEP_VERDICT_WINDOWS_H

#include "measure/measurements.h"
#include "verdict/class.h"

/*
 * Growth per second, in bytes or objects: as many are made, and of these the share stays that is
 * never released.
 */
struct seep_interval seep_windows_rate(const struct seep_measurements *measured);

/* Blocks certainly stay, still come, and nothing says that the process does not grow by them. */
bool seep_windows_suspect_leak(const struct seep_measurements *measured);

/* As seep_classify. */
enum seep_class seep_windows_classify(const struct seep_measurements *measured,
				      const struct seep_interval *rate);

#endif
