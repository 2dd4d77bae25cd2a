// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads a snapshot: out of the rows that hold at its time. seep_reader_load calls the steps in the
 * order of load_all, all in one transaction; each step finds what it refers to by the rows of the
 * steps before, and what they allocate is in one arena, which goes with the snapshot. The file is
 * not trusted: the number of processes and sites is bounded by those of a capture, the time by the
 * budget of the reader, and what is printed as it is must be a word (seep_load_word).
 */
#include "store/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/keys.h"
#include "store/reader_private.h"

/* Characters of a word. */
#define WORD_MAX 64

/* A parameter that the text does not have is passed over. */
int seep_load_query(const struct seep_load *load, const char *sql, struct seep_query *ret_query)
{
	/* The parameters by name, so that each text has only those that it needs, in any order. */
	const struct {
		const char *name;
		int64_t value;
	} values[] = {{":first", load->first}, {":snapshot", load->id}, {":run", load->run}};
	int error = seep_query_prepare(load->reader->database, sql, ret_query);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && !error; i++) {
		int place = sqlite3_bind_parameter_index(ret_query->statement, values[i].name);

		if (place > 0) {
			ret_query->position = place - 1;
			seep_bind_int(ret_query, values[i].value);
		}
	}
	return error;
}

int seep_load_text(struct seep_load *load, struct seep_query *query, const char **ret_text)
{
	const char *text = seep_column_text(query);
	/* The text of SQLite is valid until the next step only. */
	char *copy = text ? seep_arena_strdup(&load->arena, text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	*ret_text = copy;
	return query->error;
}

int seep_load_word(struct seep_load *load, struct seep_query *query, const char **ret_word)
{
	const char *text = seep_column_text(query);
	/* Reports print words without quoting, so anything else is refused rather than cleaned. */
	size_t length = text ? strspn(text, "abcdefghijklmnopqrstuvwxyz-_ ") : 0;

	if (query->error)
		return query->error;
	if (text && (length > WORD_MAX || text[length] != '\0'))
		return -EBADMSG;
	*ret_word = text ? seep_arena_strdup(&load->arena, text) : NULL;
	return text && !*ret_word ? -ENOMEM : 0;
}

int seep_load_find(const int64_t *rows, size_t count, int64_t row, size_t *ret_index)
{
	/* Rows were read in the order of their ids, so a binary search finds them. */
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle] < row)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || rows[low] != row)
		return -ENOENT;
	*ret_index = low;
	return 0;
}

/* In the order of the columns of load_head. */
static int read_head(struct seep_load *load, struct seep_query *query)
{
	struct seep_snapshot *snapshot = &load->loaded.snapshot;
	struct seep_overhead *overhead = &snapshot->overhead;
	int error;

	load->run = seep_column_int(query);
	snapshot->seq = (uint64_t)seep_column_int(query);
	snapshot->final = seep_column_int(query);
	snapshot->utc_ns = (uint64_t)seep_column_int(query);
	snapshot->elapsed_ns = (uint64_t)seep_column_int(query);
	snapshot->interval_ns = (uint64_t)seep_column_int(query);
	overhead->events = seep_column_uint(query);
	overhead->events_per_s = seep_column_real(query);
	overhead->bpf_ns_per_event = seep_column_uint(query);
	overhead->probe_ns_per_event = seep_column_uint(query);
	overhead->target_cpu_pct = seep_column_real(query);
	overhead->calls_cpu_pct = seep_column_real(query);
	overhead->seep_cpu_pct = seep_column_real(query);
	overhead->seep_rss_bytes = seep_column_uint(query);
	overhead->map_bytes = seep_column_uint(query);
	snapshot->min_age_ns = (uint64_t)seep_column_int(query);
	snapshot->min_size_bytes = (uint64_t)seep_column_int(query);
	snapshot->max_size_bytes = seep_column_uint(query);
	error = seep_kinds_parse(seep_column_text(query), snapshot->totals);
	if (!error)
		error = seep_load_text(load, query, &snapshot->host_name);
	if (!error)
		error = seep_load_text(load, query, &snapshot->kernel);
	if (!error)
		error = seep_load_text(load, query, &snapshot->arch);
	if (!error)
		error = seep_load_word(load, query, &snapshot->scope_type);
	if (!error)
		error = seep_load_text(load, query, &snapshot->scope_value);
	if (!error && (!snapshot->scope_type || !snapshot->scope_value))
		error = -EBADMSG;
	return error;
}

/* The snapshot and its run. -ENOENT if the file has none with this id. */
static int load_head(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_load_query(
		load,
		"SELECT run, seq, final, utc_ns, elapsed_ns, interval_ns, events, events_per_s, "
		"bpf_ns_per_event, probe_ns_per_event, target_cpu_pct, calls_cpu_pct, seep_cpu_pct, "
		"seep_rss_bytes, map_bytes, min_age_ns, min_size_bytes, max_size_bytes, kinds, "
		"host_name, kernel, arch, scope_type, scope_value "
		"FROM snapshots JOIN runs ON runs.id = run WHERE snapshots.id = :snapshot",
		&query);

	if (!result)
		result = seep_query_step(&query);
	if (result <= 0)
		return result ? result : -ENOENT;
	return read_head(load, &query);
}

/* How memory was sampled, which older captures do not have. */
static int load_sampling_of_run(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result;

	if (load->reader->version < 6)
		return 0;
	result = seep_load_query(load,
				 "SELECT sample_bytes FROM samplings JOIN snapshots USING (run) "
				 "WHERE id = :snapshot",
				 &query);
	if (!result)
		result = seep_query_step(&query);
	if (result > 0)
		load->loaded.snapshot.sample_bytes = (uint64_t)seep_column_int(&query);
	return result < 0 ? result : query.error;
}

/* The snapshots between which rows are looked for. */
static int load_span(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_load_query(load,
				     "SELECT min(id), max(CASE WHEN id < :snapshot THEN id END) "
				     "FROM snapshots WHERE run = :run",
				     &query);

	if (!result)
		result = seep_query_step(&query);
	if (result <= 0)
		return result ? result : -EBADMSG;
	/* NULL reads as 0: there is no snapshot before. */
	load->first = seep_column_int(&query);
	load->previous = seep_column_int(&query);
	return 0;
}

/* Rows come the latest first: the first one of a key is the one that holds. */
static int load_losses(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	bool found[SEEP_LOSS_COUNT] = {0};
	enum seep_loss loss;
	int result = seep_load_query(
		load,
		"SELECT loss, count FROM losses "
		"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot DESC",
		&query);

	while (!result && (result = seep_query_step(&query)) > 0) {
		result = 0;
		/* A key of another version is passed over, as it has no place in the snapshot. */
		if (seep_loss_of_key(seep_column_text(&query), &loss) || found[loss])
			continue;
		found[loss] = true;
		load->loaded.snapshot.losses[loss] = seep_column_uint(&query);
	}
	return result;
}

/* As load_losses. */
static int load_ends(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	bool found[SEEP_END_COUNT] = {0};
	enum seep_end end;
	int result = seep_load_query(
		load,
		"SELECT \"end\", count FROM ends "
		"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot DESC",
		&query);

	while (!result && (result = seep_query_step(&query)) > 0) {
		result = 0;
		if (seep_end_of_key(seep_column_text(&query), &end) || found[end])
			continue;
		found[end] = true;
		load->loaded.snapshot.ends[end] = seep_column_uint(&query);
	}
	return result;
}

/* The steps; what is summed and sorted comes after all of them but the verdicts. */
static int load_all(struct seep_load *load)
{
	/*
	 * In the order in which they need each other: sites find their processes, and stacks,
	 * samples, details and ages go to the sites.
	 */
	static int (*const steps[])(struct seep_load *load) = {
		load_head,	   load_sampling_of_run, load_span,	    seep_load_processes,
		seep_load_sites,   seep_load_stacks,	 seep_load_samples, seep_load_sampling,
		seep_load_details, load_losses,		 load_ends,	    seep_load_ages,
	};
	struct seep_snapshot *snapshot = &load->loaded.snapshot;
	int error = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error; i++)
		error = steps[i](load);
	if (error)
		return error;
	/*
	 * Sums are not read but made from the sites. Verdicts come last, because they refer to
	 * sites where these stand after sorting.
	 */
	seep_snapshot_sum(load->processes, snapshot->num_processes, load->sites,
			  snapshot->num_sites, snapshot->totals);
	seep_sites_sort(load->sites, snapshot->num_sites);
	return seep_load_verdicts(load);
}

int seep_reader_load(struct seep_reader *reader, int64_t id, struct seep_loaded **ret_loaded)
{
	struct seep_load *load = calloc(1, sizeof(*load));
	int error;

	if (!load)
		return -ENOMEM;
	load->reader = reader;
	load->id = id;
	seep_reader_begin(reader);
	error = seep_symbolizer_new(&load->loaded.symbolizer);
	/* All queries see the file as it is now, whatever the writer does meanwhile. */
	if (!error)
		error = seep_sqlite_run(reader->database, "BEGIN");
	if (!error) {
		error = load_all(load);
		/* Nothing was written, so there is nothing that could fail to be committed. */
		(void)seep_sqlite_run(reader->database, "END");
	}
	if (error) {
		seep_loaded_free(&load->loaded);
		return error;
	}
	*ret_loaded = &load->loaded;
	return 0;
}

void seep_loaded_free(struct seep_loaded *loaded)
{
	/* loaded is its first member, see seep_load_of. */
	struct seep_load *load = (struct seep_load *)loaded;

	if (!load)
		return;
	seep_symbolizer_free(loaded->symbolizer);
	seep_arena_done(&load->arena);
	free(load);
}
