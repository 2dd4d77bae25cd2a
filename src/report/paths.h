/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sites of a snapshot are called, to find them again in another one. */
#ifndef SEEP_REPORT_PATHS_H
#define SEEP_REPORT_PATHS_H

#include "model/compare.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/* One path for each site, in their order; the caller frees them. 0 or -ENOMEM. */
int seep_paths_new(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		   struct seep_path **ret_paths);

#endif
