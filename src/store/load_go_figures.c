// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/go_figures.h"
#include "store/reader_private.h"

/* Of the captures that have them. */
#define VERSION 7

#define COLUMN(name, key) ", " key

/* A number that reports print as it is; else it is not known. */
static double read_real(struct seep_query *query)
{
	double value = seep_column_real(query);

	return isfinite(value) && value >= 0 ? value : (double)NAN;
}

/* One row, which begins with the version. */
static void read_figures(struct seep_query *query, struct seep_go_figures *figures)
{
	const char *version = seep_column_text(query);

	snprintf(figures->version, sizeof(figures->version), "%s", version ? version : "");
	figures->gomaxprocs = seep_column_uint(query);
	figures->gogc = seep_column_int(query);
	figures->gomemlimit_bytes = seep_column_uint(query);
	figures->collections_per_min = read_real(query);
	figures->gc_cpu_fraction = read_real(query);
	for (int i = 0; i < SEEP_MEMSTAT_COUNT; i++)
		figures->memstats[i] = seep_column_uint(query);
}

static int load_row(struct seep_load *load, struct seep_query *query, struct seep_process *process)
{
	struct seep_go_figures *figures = seep_arena_alloc(&load->arena, sizeof(*figures));

	if (!figures)
		return -ENOMEM;
	read_figures(query, figures);
	process->go = figures;
	return 0;
}

/* The latest row of each process, the latest first. */
int seep_load_go_figures(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count = load->loaded.snapshot.num_processes, index;
	SEEP_AUTO_FREE bool *seen = NULL;
	int result;

	if (load->reader->version < VERSION)
		return 0;
	seen = calloc(count + 1, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	result = seep_load_query(
		load,
		"SELECT process, version, gomaxprocs, gogc, gomemlimit_bytes, "
		"collections_per_min, " SEEP_MEMSTAT_CPU_KEY SEEP_MEMSTATS(
			COLUMN) " FROM go_figures "
				"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot DESC",
		&query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);

		result = 0;
		if (seep_load_find(load->process_rows, count, row, &index) || seen[index])
			continue;
		seen[index] = true;
		/* Nothing was known any more. */
		if (!seep_column_is_null(&query))
			result = load_row(load, &query, &load->processes[index]);
	}
	return result;
}
