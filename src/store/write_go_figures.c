// SPDX-License-Identifier: GPL-2.0-only
/* What the runtime of Go in a process says of itself, as a row if it differs from the last one. */
#include "model/go_figures.h"
#include "store/writer_private.h"

/* Behind the process. */
#define NUM_COLUMNS (6 + SEEP_MEMSTAT_COUNT)

static void bind(struct seep_query *query, const struct seep_go_figures *figures)
{
	/* What was bound for the row before would stay. */
	for (int i = 0; !figures && i < NUM_COLUMNS; i++)
		seep_bind_null(query);
	if (!figures)
		return;
	seep_bind_text(query, figures->version);
	seep_bind_uint(query, figures->gomaxprocs);
	seep_bind_int(query, figures->gogc);
	seep_bind_uint(query, figures->gomemlimit_bytes);
	seep_bind_real(query, figures->collections_per_min);
	seep_bind_real(query, figures->gc_cpu_fraction);
	for (int i = 0; i < SEEP_MEMSTAT_COUNT; i++)
		seep_bind_uint(query, figures->memstats[i]);
}

int seep_write_go_figures(struct seep_write *write, const struct seep_process *process,
			  struct seep_known_process *known)
{
	const struct seep_go_figures *figures = process->go;
	struct seep_query *query;
	XXH128_hash_t hash = {0};

	/* No padding is in them. */
	if (figures)
		hash = XXH3_128bits(figures, sizeof(*figures));
	if (!seep_known_changes(&known->go_figures, hash))
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_GO_FIGURES);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	bind(query, figures);
	return seep_query_run(query);
}
