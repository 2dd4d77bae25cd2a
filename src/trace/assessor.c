// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order of a judgement: what sites are to runtimes, limits and memory of each process, the model,
 * the texts. collect.c calls it
 * last, with everything else of the snapshot filled in.
 */
#include "trace/assessor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "proc/hsperf.h"
#include "runtime/pools.h"
#include "runtime/roles.h"
#include "target/process_stats.h"
#include "verdict/judge.h"
#include "verdict/judgement.h"

/* The judge has the history of the sites; judgements are those of the last snapshot. */
struct seep_assessor {
	struct seep_runtime_roles *roles;
	struct seep_pools *pools;
	struct seep_judge *judge;
	struct seep_judgements *judgements;
	struct seep_process_stats_source source;
};

int seep_assessor_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		      struct seep_assessor **ret_assessor)
{
	struct seep_assessor *assessor = calloc(1, sizeof(*assessor));
	int error;

	if (!assessor)
		return -ENOMEM;
	seep_process_stats_source_init(&assessor->source, kernel);
	error = seep_runtime_roles_new(symbolizer, &assessor->roles);
	if (!error)
		error = seep_pools_new(symbolizer, &assessor->pools);
	if (!error)
		error = seep_judge_new(&assessor->judge);
	if (!error)
		error = seep_judgements_new(&assessor->judgements);
	if (error) {
		seep_assessor_free(assessor);
		return error;
	}
	*ret_assessor = assessor;
	return 0;
}

void seep_assessor_free(struct seep_assessor *assessor)
{
	if (!assessor)
		return;
	seep_judgements_free(assessor->judgements);
	seep_judge_free(assessor->judge);
	seep_pools_free(assessor->pools);
	seep_runtime_roles_free(assessor->roles);
	seep_process_stats_source_done(&assessor->source);
	free(assessor);
}

/*
 * Which sites belong to runtimes, and which to pools; and where there is memory that collections of
 * the JVM release, how many there were. Of V8 nothing can be had from outside.
 */
static int find_roles(struct seep_assessor *assessor, const struct seep_snapshot *snapshot,
		      struct seep_site *sites, struct seep_process *processes)
{
	for (size_t i = 0; i < snapshot->num_processes; i++)
		processes[i].collections = SEEP_UNKNOWN;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		struct seep_process *process = &processes[sites[i].process - processes];
		int error = seep_runtime_roles_fill(assessor->roles, &sites[i]);

		if (error)
			return error;
		/* What cannot be read stays unknown, and is tried again for the next site only. */
		if (sites[i].role == SEEP_SITE_ROLE_COLLECTED &&
		    sites[i].runtime == SEEP_RUNTIME_HOTSPOT && !process->exited &&
		    process->collections == SEEP_UNKNOWN)
			seep_hsperf_read(process->pid, &process->collections);
	}
	return seep_pools_fill(assessor->pools, sites, snapshot->num_sites);
}

int seep_assessor_take(struct seep_assessor *assessor, struct seep_snapshot *snapshot,
		       struct seep_site *sites, struct seep_process *processes)
{
	SEEP_AUTO_FREE struct seep_process_stats *stats =
		calloc(snapshot->num_processes + 1, sizeof(*stats));
	int error;

	if (!stats)
		return -ENOMEM;
	error = find_roles(assessor, snapshot, sites, processes);
	if (error)
		return error;
	/* What all processes share is read once for each snapshot. */
	seep_process_stats_source_read(&assessor->source);
	for (size_t i = 0; i < snapshot->num_processes; i++)
		seep_process_stats_read(&assessor->source, &processes[i], &stats[i]);
	error = seep_judge_feed(assessor->judge, snapshot, stats);
	if (error)
		return error;
	/* A number of now, not a sum: sites come and go in the model. */
	snapshot->losses[SEEP_LOSS_UNJUDGED_SITES] = seep_judge_num_left_out(assessor->judge);
	return seep_judgements_fill(assessor->judgements, assessor->judge, sites,
				    snapshot->num_sites, processes, snapshot->num_processes);
}
