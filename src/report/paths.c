// SPDX-License-Identifier: GPL-2.0-only
#include "report/paths.h"

#include <errno.h>
#include <stdlib.h>

#include "symbol/walk.h"

/* Names stand for frames, whose numbers mean something in their own capture only. */
int seep_paths_new(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		   struct seep_path **ret_paths)
{
	struct seep_path *paths = calloc(snapshot->num_sites + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++)
		paths[i] = seep_walk_path(symbolizer, &snapshot->sites[i]);
	*ret_paths = paths;
	return 0;
}
