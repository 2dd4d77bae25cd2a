// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order of a judgement: limits and memory of each process, the model, the texts. collect.c calls it
 * last, with everything else of the snapshot filled in.
 */
#include "trace/assessor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "target/process_stats.h"
#include "verdict/judge.h"
#include "verdict/judgement.h"

/* The judge has the history of the sites; judgements are those of the last snapshot. */
struct seep_assessor {
	struct seep_judge *judge;
	struct seep_judgements *judgements;
	struct seep_process_stats_source source;
};

int seep_assessor_new(struct seep_kernel *kernel, struct seep_assessor **ret_assessor)
{
	struct seep_assessor *assessor = calloc(1, sizeof(*assessor));
	int error;

	if (!assessor)
		return -ENOMEM;
	seep_process_stats_source_init(&assessor->source, kernel);
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
	seep_process_stats_source_done(&assessor->source);
	free(assessor);
}

int seep_assessor_take(struct seep_assessor *assessor, struct seep_snapshot *snapshot,
		       struct seep_site *sites, struct seep_process *processes)
{
	SEEP_AUTO_FREE struct seep_process_stats *stats =
		calloc(snapshot->num_processes + 1, sizeof(*stats));
	int error;

	if (!stats)
		return -ENOMEM;
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
