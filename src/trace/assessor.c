// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order of a judgement: what sites are to runtimes, limits and memory of each process, the model,
 * what grows without sites, the texts. collect.c calls it last, with everything else of the
 * snapshot filled in.
 */
#include "trace/assessor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "proc/hsperf.h"
#include "runtime/pools.h"
#include "runtime/roles.h"
#include "target/process_stats.h"
#include "trace/causes.h"
#include "trace/outside.h"
#include "verdict/judge.h"
#include "verdict/judgement.h"

/* The judge has the history of the sites; judgements are those of the last snapshot. */
struct seep_assessor {
	struct seep_runtime_roles *roles;
	struct seep_pools *pools;
	struct seep_judge *judge;
	struct seep_causes *causes;
	struct seep_descendants *descendants; /* NULL: they are traced */
	struct seep_outside outside;
	struct seep_judgements *judgements;
	struct seep_process_stats_source source;
};

int seep_assessor_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		      struct seep_stacks *stacks, bool alone, struct seep_assessor **ret_assessor)
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
		error = seep_causes_new(kernel, symbolizer, stacks, &assessor->causes);
	if (!error && alone)
		error = seep_descendants_new(&assessor->descendants);
	assessor->outside = (struct seep_outside){symbolizer, assessor->descendants};
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
	seep_causes_free(assessor->causes);
	seep_descendants_free(assessor->descendants);
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

/* What /proc and the control groups tell, for the judge. */
static void read_stats(struct seep_assessor *assessor, const struct seep_snapshot *snapshot,
		       struct seep_process_stats *stats)
{
	const struct seep_process *processes = snapshot->processes;

	/* What all processes share is read once for each snapshot. */
	seep_process_stats_source_read(&assessor->source);
	if (assessor->descendants)
		seep_descendants_read(assessor->descendants, processes, snapshot->num_processes);
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		seep_process_stats_read(&assessor->source, &processes[i], &stats[i]);
		if (assessor->descendants)
			stats[i].descendants_bytes =
				seep_descendants_grown(assessor->descendants, &processes[i]);
	}
}

/* What those processes grow by whose sites do not explain it. */
static void find_causes(struct seep_assessor *assessor, const struct seep_snapshot *snapshot,
			struct seep_cause *causes)
{
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];
		const struct seep_process_verdict *verdict =
			seep_judge_process(assessor->judge, process);

		if (verdict &&
		    !seep_outside_find(&assessor->outside, snapshot, process, verdict, &causes[i]))
			seep_causes_find(assessor->causes, snapshot, process, verdict, &causes[i]);
		if (assessor->descendants && !process->exited)
			causes[i].num_untraced =
				seep_descendants_num(assessor->descendants, process);
	}
	seep_causes_end(assessor->causes, snapshot);
}

int seep_assessor_take(struct seep_assessor *assessor, struct seep_snapshot *snapshot,
		       struct seep_site *sites, struct seep_process *processes)
{
	/* One more than needed: calloc of nothing may return NULL. */
	size_t room = snapshot->num_processes + 1;
	SEEP_AUTO_FREE struct seep_process_stats *stats = calloc(room, sizeof(*stats));
	SEEP_AUTO_FREE struct seep_cause *causes = calloc(room, sizeof(*causes));
	int error;

	if (!stats || !causes)
		return -ENOMEM;
	error = find_roles(assessor, snapshot, sites, processes);
	if (error)
		return error;
	read_stats(assessor, snapshot, stats);
	error = seep_judge_feed(assessor->judge, snapshot, stats);
	if (error)
		return error;
	/* A number of now, not a sum: sites come and go in the model. */
	snapshot->losses[SEEP_LOSS_UNJUDGED_SITES] = seep_judge_num_left_out(assessor->judge);
	find_causes(assessor, snapshot, causes);
	return seep_judgements_fill(assessor->judgements, assessor->judge, causes, sites,
				    snapshot->num_sites, processes, snapshot->num_processes);
}
