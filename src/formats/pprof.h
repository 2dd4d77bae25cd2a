/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports as gzipped profile.proto, which pprof reads
 * (https://github.com/google/pprof/blob/main/proto/profile.proto).
 */
#ifndef SEEP_FORMATS_PPROF_H
#define SEEP_FORMATS_PPROF_H

#include "report/report.h"

extern const struct seep_report_format seep_report_pprof;

#endif
