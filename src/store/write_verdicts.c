// SPDX-License-Identifier: GPL-2.0-only
/* Verdicts: one row for as long as class, pattern and severity stay the same. */
#include <errno.h>

#include "store/writer_private.h"

static void bind_interval(struct seep_query *query, const struct seep_interval *interval)
{
	seep_bind_real(query, interval->value);
	seep_bind_real(query, interval->low);
	seep_bind_real(query, interval->high);
}

static void bind_verdict(const struct seep_write *write, struct seep_query *query,
			 const struct seep_stored_verdict *verdict)
{
	seep_bind_text(query, verdict->class);
	seep_bind_text(query, verdict->pattern);
	seep_bind_text(query, verdict->severity);
	seep_bind_int(query, (int64_t)write->snapshot->elapsed_ns);
	seep_bind_real(query, verdict->confidence);
	bind_interval(query, &verdict->rate);
	bind_interval(query, &verdict->leaked);
	bind_interval(query, &verdict->eta_s);
	seep_bind_text(query, verdict->evidence);
	seep_bind_text(query, verdict->advice);
}

/* It said the same at the snapshot before. What was read from the file did. */
static bool goes_on(const struct seep_write *write, const struct seep_known_verdict *known)
{
	return known->id && (!known->seen || known->seen == (uint64_t)write->writer->last.id);
}

static int write_companion(struct seep_write *write, int64_t id, size_t position,
			   const struct seep_stored_companion *companion)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_COMPANION);

	seep_bind_int(query, id);
	seep_bind_int(query, (int64_t)position);
	if (companion->site == SEEP_OF_PROCESS)
		seep_bind_null(query);
	else
		seep_bind_int(query, write->sites[companion->site]->id);
	seep_bind_text(query, companion->measure);
	seep_bind_real(query, companion->correlation);
	return seep_query_run(query);
}

/* In place of those that it had. */
static int write_companions(struct seep_write *write, const struct seep_stored_verdict *verdict,
			    struct seep_known_verdict *known)
{
	struct seep_query *query;
	int error = 0;

	if (!known->alone) {
		query = seep_writer_query(write, SEEP_QUERY_DROP_COMPANIONS);
		seep_bind_int(query, known->id);
		error = seep_query_run(query);
	}
	known->alone = verdict->num_companions == 0;
	for (size_t i = 0; i < verdict->num_companions && !error; i++) {
		const struct seep_stored_companion *companion = &verdict->companions[i];

		if (companion->site != SEEP_OF_PROCESS &&
		    companion->site >= write->snapshot->num_sites)
			return -EINVAL;
		error = write_companion(write, known->id, i, companion);
	}
	return error;
}

static int write_verdict(struct seep_write *write, const struct seep_stored_verdict *verdict)
{
	const struct seep_known_process *process = write->processes[verdict->process];
	const struct seep_known_site *site =
		verdict->site == SEEP_OF_PROCESS ? NULL : write->sites[verdict->site];
	struct seep_known_verdict *known = site ? &write->sites[verdict->site]->verdict :
						  &write->processes[verdict->process]->verdict;
	bool changes =
		seep_known_changes(&known->words, seep_known_words(verdict->class, verdict->pattern,
								   verdict->severity));
	struct seep_query *query;
	int error;

	if (!changes && goes_on(write, known)) {
		query = seep_writer_query(write, SEEP_QUERY_GO_ON_VERDICT);
		bind_verdict(write, query, verdict);
		seep_bind_int(query, known->id);
		known->seen = (uint64_t)write->last.id;
		error = seep_query_run(query);
		return error ? error : write_companions(write, verdict, known);
	}
	query = seep_writer_query(write, SEEP_QUERY_ADD_VERDICT);
	bind_verdict(write, query, verdict);
	seep_bind_int(query, write->last.run);
	seep_bind_int(query, process->id);
	if (site)
		seep_bind_int(query, site->id);
	else
		seep_bind_null(query);
	seep_bind_int(query, (int64_t)write->snapshot->elapsed_ns);
	known->seen = (uint64_t)write->last.id;
	known->alone = true;
	error = seep_write_row(write, query, &known->id);
	return error ? error : write_companions(write, verdict, known);
}

int seep_write_verdicts(struct seep_write *write, const struct seep_stored_verdict *verdicts,
			size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		const struct seep_stored_verdict *verdict = &verdicts[i];

		if (verdict->process >= write->snapshot->num_processes ||
		    (verdict->site != SEEP_OF_PROCESS &&
		     verdict->site >= write->snapshot->num_sites))
			return -EINVAL;
		error = write_verdict(write, verdict);
	}
	return error;
}
