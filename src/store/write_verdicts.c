// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts: one row for as long as class, pattern and severity stay the same. Called by the writer
 * once for each snapshot, after its sites. A process is judged in the same columns as a site.
 */
#include <errno.h>

#include "base/buffer.h"
#include "store/writer_private.h"
#include "verdict/judgement.h"

/* Whom a verdict is about, and what is known of it from the snapshots before. */
struct subject {
	const struct seep_known_process *process;
	const struct seep_known_site *site; /* NULL: the process as a whole */
	struct seep_known_verdict *known;
};

static void bind_interval(struct seep_query *query, const struct seep_interval *interval)
{
	seep_bind_real(query, interval->value);
	seep_bind_real(query, interval->low);
	seep_bind_real(query, interval->high);
}

/* Sentences as lines; NULL for none. */
static int bind_sentences(struct seep_query *query, const char *const *sentences, size_t count)
{
	SEEP_AUTO_BUFFER struct seep_buffer lines = SEEP_BUFFER_INIT;

	for (size_t i = 0; i < count; i++)
		seep_buffer_printf(&lines, "%s%s", i ? "\n" : "", sentences[i]);
	if (lines.error)
		return lines.error;
	seep_bind_text_copy(query, count ? lines.data : NULL);
	return 0;
}

/* The columns that both statements begin with; until_ns is the time of this snapshot. */
static int bind_verdict(const struct seep_write *write, struct seep_query *query,
			const struct seep_judgement *judgement)
{
	int error;

	/* In the order of ADD_VERDICT and GO_ON_VERDICT in writer_private.h. */
	seep_bind_text(query, judgement->class);
	seep_bind_text(query, judgement->pattern);
	seep_bind_text(query, judgement->severity);
	seep_bind_int(query, (int64_t)write->snapshot->elapsed_ns);
	seep_bind_real(query, judgement->confidence);
	bind_interval(query, &judgement->rate);
	bind_interval(query, &judgement->leaked);
	bind_interval(query, &judgement->eta_s);
	error = bind_sentences(query, judgement->evidence, judgement->num_evidence);
	return error ? error : bind_sentences(query, judgement->advice, judgement->num_advice);
}

/* It said the same at the snapshot before. What was read from the file did. */
static bool goes_on(const struct seep_write *write, const struct seep_known_verdict *known)
{
	return known->id && (!known->seen || known->seen == (uint64_t)write->writer->last.id);
}

/* -EINVAL if the site is not one of the snapshot: it would have no row. */
static int write_correlated(struct seep_write *write, int64_t id, size_t position,
			    const struct seep_correlated *correlated)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_CORRELATED);
	/* Meaningless for a measure, whose site is NULL; it is not used then. */
	size_t index = (size_t)(correlated->site - write->snapshot->sites);

	seep_bind_int(query, id);
	seep_bind_int(query, (int64_t)position);
	if (!correlated->site)
		seep_bind_null(query);
	else if (index < write->snapshot->num_sites)
		seep_bind_int(query, write->sites[index]->id);
	else
		return -EINVAL;
	seep_bind_text(query, correlated->measure);
	seep_bind_real(query, correlated->correlation);
	return seep_query_run(query);
}

/* In place of those that it had. */
static int replace_correlated(struct seep_write *write, const struct seep_judgement *judgement,
			      struct seep_known_verdict *known)
{
	int error = 0;

	if (!known->alone) {
		struct seep_query *query = seep_writer_query(write, SEEP_QUERY_DROP_CORRELATED);

		seep_bind_int(query, known->id);
		error = seep_query_run(query);
	}
	/* Without any in the file the next snapshot needs no DELETE. */
	known->alone = judgement->num_correlated == 0;
	for (size_t i = 0; i < judgement->num_correlated && !error; i++)
		error = write_correlated(write, known->id, i, &judgement->correlated[i]);
	return error;
}

/* In place of the one that it had. */
static int replace_limit(struct seep_write *write, const struct seep_judgement *judgement,
			 struct seep_known_verdict *known)
{
	struct seep_query *query;

	if (!judgement->limit && known->unlimited)
		return 0;
	query = seep_writer_query(write,
				  judgement->limit ? SEEP_QUERY_SET_LIMIT : SEEP_QUERY_DROP_LIMIT);
	seep_bind_int(query, known->id);
	if (judgement->limit)
		seep_bind_text(query, judgement->limit);
	known->unlimited = !judgement->limit;
	return seep_query_run(query);
}

/*
 * The row that said the same gets the numbers and sentences of now, and reaches to this snapshot.
 */
static int continue_row(struct seep_write *write, const struct seep_judgement *judgement,
			const struct subject *subject)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_GO_ON_VERDICT);
	int error = bind_verdict(write, query, judgement);

	if (error)
		return error;
	seep_bind_int(query, subject->known->id);
	subject->known->seen = (uint64_t)write->last.id;
	return seep_query_run(query);
}

/*
 * A verdict that begins with this snapshot. A row that was there before ends at the last snapshot
 * it holds at.
 */
static int add_row(struct seep_write *write, const struct seep_judgement *judgement,
		   const struct subject *subject)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_VERDICT);
	int error = bind_verdict(write, query, judgement);

	if (error)
		return error;
	seep_bind_int(query, write->last.run);
	seep_bind_int(query, subject->process->id);
	if (subject->site)
		seep_bind_int(query, subject->site->id);
	else
		seep_bind_null(query);
	seep_bind_int(query, (int64_t)write->snapshot->elapsed_ns);
	subject->known->seen = (uint64_t)write->last.id;
	subject->known->alone = true;
	subject->known->unlimited = true;
	return seep_write_row(write, query, &subject->known->id);
}

/* Goes on with the row of the subject, or adds one, and replaces its limit and what is correlated.
 */
static int write_verdict(struct seep_write *write, const struct seep_judgement *judgement,
			 const struct subject *subject)
{
	struct seep_known_verdict *known = subject->known;
	/* Other numbers alone do not make it another verdict. */
	bool changes = seep_known_changes(&known->words,
					  seep_known_words(judgement->class, judgement->pattern,
							   judgement->severity));
	int error = !changes && goes_on(write, known) ? continue_row(write, judgement, subject) :
							add_row(write, judgement, subject);

	if (!error)
		error = replace_limit(write, judgement, known);
	return error ? error : replace_correlated(write, judgement, known);
}

/* What a judgement of a process does not have (pattern, severity, advice) is NULL in its row. */
static int write_of_process(struct seep_write *write, size_t index)
{
	const struct seep_process_judgement *judgement =
		write->snapshot->processes[index].judgement;
	const struct subject subject = {
		.process = write->processes[index],
		.known = &write->processes[index]->verdict,
	};
	/*
	 * The class of a process is its health; what it covers is not stored, but calculated when
	 * it is read.
	 */
	const struct seep_judgement row = {
		.class = judgement->health,
		.rate = judgement->rate,
		.leaked = SEEP_INTERVAL_UNKNOWN,
		.eta_s = judgement->eta_s,
		.limit = judgement->limit,
		.num_evidence = judgement->num_evidence,
		.evidence = judgement->evidence,
	};

	return write_verdict(write, &row, &subject);
}

static int write_of_site(struct seep_write *write, size_t index)
{
	const struct seep_site *site = &write->snapshot->sites[index];
	const struct subject subject = {
		.process = write->processes[site->process - write->snapshot->processes],
		.site = write->sites[index],
		.known = &write->sites[index]->verdict,
	};

	return write_verdict(write, site->judgement, &subject);
}

/* Those without a judgement have no row; their last verdict ends where it was last confirmed. */
int seep_write_verdicts(struct seep_write *write)
{
	int error = 0;

	for (size_t i = 0; i < write->snapshot->num_processes && !error; i++) {
		if (write->snapshot->processes[i].judgement)
			error = write_of_process(write, i);
	}
	for (size_t i = 0; i < write->snapshot->num_sites && !error; i++) {
		if (write->snapshot->sites[i].judgement)
			error = write_of_site(write, i);
	}
	return error;
}
