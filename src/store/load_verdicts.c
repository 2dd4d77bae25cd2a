// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts of a capture: they become the judgements of the sites and processes of the snapshot that
 * is being loaded, in its arena. Called last, when the sites have been sorted. There are at most as
 * many as sites and processes; each has at most MAX_SENTENCES of evidence and of advice.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "growth/process.h"
#include "store/reader_private.h"
#include "verdict/judgement.h"

#define MAX_SENTENCES 16 /* more than any version writes */

/* Those that held at the snapshot. */
#define VERDICTS                                                                                   \
	"FROM verdicts, (SELECT elapsed_ns FROM snapshots WHERE id = :snapshot) WHERE run = :run " \
	"AND since_ns <= elapsed_ns AND until_ns >= elapsed_ns "

/* The judgement that a row of the table became. */
struct verdict_row {
	int64_t id;
	struct seep_judgement *of_site; /* NULL: it is about a process */
	const char **limit;		/* of whomever it is about */
};

struct verdict_rows {
	const size_t *order; /* where the sites stand, by the index of their rows */
	size_t count;
	struct verdict_row *rows; /* ascending by id */
};

/* Where the sites stand, which have been sorted, by the index of their rows. */
static size_t *new_order(const struct seep_load *load)
{
	size_t count = load->loaded.snapshot.num_sites, index;
	size_t *order = calloc(count + 1, sizeof(*order));

	for (size_t i = 0; order && i < count; i++) {
		if (!seep_load_find(load->site_rows, count,
				    seep_loaded_stack_of(&load->sites[i])->row, &index))
			order[index] = i;
	}
	return order;
}

/* Three columns; NULL is NAN. */
static void read_interval(struct seep_query *query, struct seep_interval *ret_interval)
{
	ret_interval->value = seep_column_real(query);
	ret_interval->low = seep_column_real(query);
	ret_interval->high = seep_column_real(query);
}

/* Splits the next column, which has one sentence in each line. */
static int read_sentences(struct seep_load *load, struct seep_query *query,
			  const char *const **ret_sentences, size_t *ret_count)
{
	const char *found[MAX_SENTENCES], *text, **sentences;
	char *position;
	size_t count = 0;
	int error = seep_load_text(load, query, &text);

	if (error)
		return error;
	/* Only this function knows of the copy in the arena, so it may write to it. */
	position = (char *)text;
	/* Sentences beyond that are left out. A text that is NULL has none. */
	while (position && count < MAX_SENTENCES)
		found[count++] = strsep(&position, "\n");
	sentences = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*sentences));
	if (!sentences)
		return -ENOMEM;
	memcpy(sentences, found, count * sizeof(*sentences));
	*ret_sentences = sentences;
	*ret_count = count;
	return 0;
}

/* Reports turn it into percent. What is out of bounds, or missing, counts as the nearest end. */
static double read_share(struct seep_query *query, double low)
{
	return fmin(fmax(seep_column_real(query), low), 1);
}

/*
 * The columns of a verdict, as of a site. A capture of another version may leave out words; the
 * class is always there.
 */
static int read_judgement(struct seep_load *load, struct seep_query *query,
			  struct seep_judgement *judgement)
{
	int error = seep_load_word(load, query, &judgement->class);

	if (!error)
		error = seep_load_word(load, query, &judgement->pattern);
	if (!error)
		error = seep_load_word(load, query, &judgement->severity);
	/* Processes have no pattern, nor may a site of another version. */
	if (!judgement->pattern)
		judgement->pattern = "none";
	judgement->confidence = read_share(query, 0);
	read_interval(query, &judgement->rate);
	read_interval(query, &judgement->leaked);
	read_interval(query, &judgement->eta_s);
	if (!error)
		error = read_sentences(load, query, &judgement->evidence, &judgement->num_evidence);
	if (!error)
		error = read_sentences(load, query, &judgement->advice, &judgement->num_advice);
	judgement->since_s = (double)seep_column_int(query) / 1e9;
	if (!error && !judgement->class)
		error = -EBADMSG;
	return error;
}

/* A verdict about a process is stored in the columns of one about a site; its limit comes later. */
static int judge_process(struct seep_load *load, struct seep_process *process,
			 const struct seep_judgement *stored, const char ***ret_limit)
{
	struct seep_process_judgement *judgement =
		seep_arena_alloc(&load->arena, sizeof(*judgement));

	if (!judgement)
		return -ENOMEM;
	*judgement = (struct seep_process_judgement){
		.health = stored->class,
		.coverage = seep_process_coverage(process, 1),
		.rate = stored->rate,
		.eta_s = stored->eta_s,
		.observed_s = NAN,
		.mappings_rate = SEEP_INTERVAL_UNKNOWN,
		.mappings_eta_s = SEEP_INTERVAL_UNKNOWN,
		.num_evidence = stored->num_evidence,
		.evidence = stored->evidence,
	};
	process->judgement = judgement;
	*ret_limit = &judgement->limit;
	return 0;
}

/*
 * Who the verdict is about: the next two columns. False if it is not in the snapshot; *ret_site is
 * NULL for a process.
 */
static bool read_subject(const struct seep_load *load, const size_t *order,
			 struct seep_query *query, struct seep_process **ret_process,
			 struct seep_site **ret_site)
{
	const struct seep_snapshot *snapshot = &load->loaded.snapshot;
	bool of_process;
	int64_t row;
	size_t index;

	if (seep_load_find(load->process_rows, snapshot->num_processes, seep_column_int(query),
			   &index))
		return false;
	/* Each verdict has a process; that of a site names both. */
	*ret_process = &load->processes[index];
	*ret_site = NULL;
	of_process = seep_column_is_null(query);
	row = seep_column_int(query);
	if (of_process)
		return true;
	if (seep_load_find(load->site_rows, snapshot->num_sites, row, &index))
		return false;
	*ret_site = &load->sites[order[index]];
	return true;
}

/* One row of the result; one about something that is not in the snapshot is passed over. */
static int read_verdict(struct seep_load *load, struct seep_query *query, size_t max,
			struct verdict_rows *rows)
{
	struct seep_judgement *judgement;
	struct seep_process *process;
	struct seep_site *site;
	const char **limit;
	int error;

	if (!read_subject(load, rows->order, query, &process, &site))
		return 0;
	/* More verdicts than there are subjects: the file was made up. */
	if (rows->count == max)
		return -EBADMSG;
	judgement = seep_arena_alloc(&load->arena, sizeof(*judgement));
	if (!judgement)
		return -ENOMEM;
	*judgement = (struct seep_judgement){0};
	limit = &judgement->limit;
	error = read_judgement(load, query, judgement);
	if (!error && !site)
		error = judge_process(load, process, judgement, &limit);
	if (error)
		return error;
	if (site)
		site->judgement = judgement;
	rows->rows[rows->count++] = (struct verdict_row){
		.id = seep_column_int(query),
		.of_site = site ? judgement : NULL,
		.limit = limit,
	};
	return 0;
}

/* Reads all rows, ascending by id, as the search for correlated sites needs them. */
static int read_verdicts(struct seep_load *load, struct seep_query *query,
			 struct verdict_rows *rows)
{
	size_t max = load->loaded.snapshot.num_sites + load->loaded.snapshot.num_processes;
	int result;

	rows->rows = calloc(max + 1, sizeof(*rows->rows));
	if (!rows->rows)
		return -ENOMEM;
	while ((result = seep_query_step(query)) > 0) {
		result = read_verdict(load, query, max, rows);
		if (result)
			break;
	}
	return result;
}

/* For bsearch: an id against a row. */
static int compare_rows(const void *key, const void *element)
{
	int64_t id = *(const int64_t *)key;
	int64_t other = ((const struct verdict_row *)element)->id;

	return (id > other) - (id < other);
}

/*
 * The columns behind the verdict. False in *ret_known for a site that is not in the snapshot: then
 * nothing was allocated.
 */
static int read_correlated(struct seep_load *load, const size_t *order, struct seep_query *query,
			   struct seep_correlated *ret_correlated, bool *ret_known)
{
	bool of_process = seep_column_is_null(query);
	int64_t row = seep_column_int(query);
	const char *measure = NULL;
	size_t index = 0;
	int error;

	*ret_known = of_process ||
		     !seep_load_find(load->site_rows, load->loaded.snapshot.num_sites, row, &index);
	if (!*ret_known)
		return query->error;
	error = seep_load_word(load, query, &measure);
	if (error)
		return error;
	/* It must name one or the other. */
	if (of_process && !measure)
		return -EBADMSG;
	*ret_correlated = (struct seep_correlated){
		.site = of_process ? NULL : &load->sites[order[index]],
		.measure = of_process ? measure : NULL,
		.correlation = read_share(query, -1),
	};
	return query->error;
}

/* Appends one to those of the judgement; what is too many is left out. */
static int add_correlated(struct seep_load *load, const struct verdict_rows *rows,
			  struct seep_query *query, struct seep_judgement *judgement)
{
	struct seep_correlated correlated, *all = (struct seep_correlated *)judgement->correlated;
	bool known;
	int error;

	if (judgement->num_correlated == SEEP_CORRELATED_MAX)
		return 0;
	error = read_correlated(load, rows->order, query, &correlated, &known);
	if (error || !known)
		return error;
	if (!all)
		all = seep_arena_alloc(&load->arena, SEEP_CORRELATED_MAX * sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[judgement->num_correlated++] = correlated;
	judgement->correlated = all;
	return 0;
}

/* By the id of its verdict, or NULL. */
static const struct verdict_row *find_row(const struct verdict_rows *rows, int64_t id)
{
	return bsearch(&id, rows->rows, rows->count, sizeof(*rows->rows), compare_rows);
}

/* What their deadlines are about. Captures of versions before 4 do not have the table. */
static int load_limits(struct seep_load *load, const struct verdict_rows *rows)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result;

	if (load->reader->version < 4)
		return 0;
	result = seep_load_query(load,
				 "SELECT verdict, name FROM limits WHERE verdict IN "
				 "(SELECT verdicts.id " VERDICTS ")",
				 &query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		const struct verdict_row *row = find_row(rows, seep_column_int(&query));

		result = row ? seep_load_word(load, &query, row->limit) : 0;
	}
	return result;
}

/* What grows together with the sites. Captures of version 1 do not have the table. */
static int load_correlated(struct seep_load *load, const struct verdict_rows *rows)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result;

	if (load->reader->version < 2)
		return 0;
	result = seep_load_query(
		load,
		"SELECT verdict, site, measure, correlation FROM companions WHERE verdict IN "
		"(SELECT verdicts.id " VERDICTS ") ORDER BY verdict, position",
		&query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		const struct verdict_row *row = find_row(rows, seep_column_int(&query));

		result = 0;
		/* Verdicts about processes have none; what a file says there is passed over. */
		if (row && row->of_site)
			result = add_correlated(load, rows, &query, row->of_site);
	}
	return result;
}

int seep_load_verdicts(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	/*
	 * Sites were sorted after their rows were read, so rows lead to them by way of the order.
	 */
	size_t *order = new_order(load);
	struct verdict_rows rows = {.order = order};
	int error =
		order ? seep_load_query(
				load,
				"SELECT process, site, class, pattern, severity, confidence, rate, "
				"rate_low, rate_high, leaked, leaked_low, leaked_high, eta_s, "
				"eta_low_s, eta_high_s, evidence, advice, since_ns, verdicts.id " VERDICTS
				"ORDER BY verdicts.id",
				&query) :
			-ENOMEM;

	if (!error)
		error = read_verdicts(load, &query, &rows);
	if (!error)
		error = load_limits(load, &rows);
	if (!error)
		error = load_correlated(load, &rows);
	free(rows.rows);
	free(order);
	return error;
}
