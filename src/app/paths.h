/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sites of a snapshot from a capture are called, to find them again in another one. */
#ifndef SEEP_APP_PATHS_H
#define SEEP_APP_PATHS_H

#include "model/compare.h"
#include "store/reader.h"

/* One path for each site, in their order; the caller frees them. 0 or -ENOMEM. */
int seep_paths_new(const struct seep_loaded *loaded, struct seep_path **ret_paths);

#endif
