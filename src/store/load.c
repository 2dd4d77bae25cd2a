// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot out of the rows that hold at its time. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "store/keys.h"
#include "store/reader_private.h"
#include "store/sample.h"
#include "store/writer.h"

/* --- what the steps share ---------------------------------------------------------------------- */

int seep_load_query(const struct seep_load *load, const char *sql, struct seep_query *ret_query)
{
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
	char *copy = text ? seep_arena_strdup(&load->arena, text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	*ret_text = copy;
	return query->error;
}

int seep_load_find(const int64_t *rows, size_t count, int64_t row, size_t *ret_index)
{
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

/* How many rows a query counts; not more than @max, or somebody has made them up. */
static int count_rows(const struct seep_load *load, const char *sql, size_t max, size_t *ret_count)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_load_query(load, sql, &query);
	int64_t count;

	if (!result)
		result = seep_query_step(&query);
	if (result < 0)
		return result;
	count = result ? seep_column_int(&query) : 0;
	if (count < 0 || (uint64_t)count > max)
		return -EBADMSG;
	*ret_count = (size_t)count;
	return 0;
}

/* --- head -------------------------------------------------------------------------------------- */

/* The type of a scope is printed as it is: it is one of our own words. */
static bool is_word(const char *text)
{
	return text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz-_ ")] == '\0';
}

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
		error = seep_load_text(load, query, &snapshot->scope_type);
	if (!error)
		error = seep_load_text(load, query, &snapshot->scope_value);
	if (!error && (!is_word(snapshot->scope_type) || !snapshot->scope_value))
		error = -EBADMSG;
	return error;
}

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
	load->first = seep_column_int(&query);
	load->previous = seep_column_int(&query);
	return 0;
}

/* --- processes --------------------------------------------------------------------------------- */

#define ALIVE "first <= :snapshot AND (gone IS NULL OR gone > :snapshot)"

static int read_process(struct seep_load *load, struct seep_query *query,
			struct seep_process *process)
{
	int64_t image = seep_column_int(query), pid = seep_column_int(query), inner_pid;
	const char **const texts[] = {&process->comm, &process->exe, &process->cgroup,
				      &process->container, &process->pod};
	int error = 0;

	inner_pid = seep_column_int(query);
	process->start_utc_ns = seep_column_uint(query);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !error; i++)
		error = seep_load_text(load, query, texts[i]);
	if (error)
		return error;
	process->attached_late = seep_column_int(query);
	process->pre_attach_bytes = seep_column_uint(query);
	if (image < 0 || image > UINT32_MAX || pid < 0 || pid > INT_MAX || inner_pid < 0 ||
	    inner_pid > INT_MAX)
		return -EBADMSG;
	process->id = (uint32_t)image;
	process->pid = (pid_t)pid;
	process->inner_pid = (pid_t)inner_pid;
	return 0;
}

static int read_processes(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count = load->loaded.snapshot.num_processes;
	int result = seep_load_query(
		load,
		"SELECT id, image, pid, inner_pid, start_utc_ns, comm, exe, cgroup, container, pod, "
		"attached_late, pre_attach_bytes FROM processes WHERE run = :run AND " ALIVE
		" ORDER BY id",
		&query);

	for (size_t i = 0; i < count && !result; i++) {
		result = seep_query_step(&query);
		if (result <= 0)
			return result ? result : -EBADMSG;
		load->process_rows[i] = seep_column_int(&query);
		result = read_process(load, &query, &load->processes[i]);
	}
	return result;
}

/* The latest row of each process, the latest first. */
static int read_process_samples(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t missing = load->loaded.snapshot.num_processes, index;
	int result = seep_load_query(
		load,
		"SELECT process, ended_ns, rss_bytes, fd_limit, fd_limit_eta_ns FROM process_samples "
		"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot DESC",
		&query);

	while (!result && missing > 0 && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);
		struct seep_process *process;
		uint64_t ended_ns;

		result = 0;
		if (seep_load_find(load->process_rows, load->loaded.snapshot.num_processes, row,
				   &index) ||
		    load->clocks[index] != SEEP_UNKNOWN)
			continue;
		process = &load->processes[index];
		ended_ns = seep_column_uint(&query);
		process->exited = ended_ns != SEEP_UNKNOWN;
		load->clocks[index] = process->exited ? ended_ns : load->loaded.snapshot.elapsed_ns;
		process->rss_bytes = seep_column_uint(&query);
		process->fd_limit = seep_column_uint(&query);
		process->fd_limit_eta_ns = seep_column_uint(&query);
		missing--;
	}
	if (result)
		return result;
	return missing ? -EBADMSG : 0;
}

/* The latest row of each process that has one. */
static int read_process_stats(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count = load->loaded.snapshot.num_processes, index;
	int result;

	for (size_t i = 0; i < count; i++)
		load->processes[i].anon_bytes = load->processes[i].pss_bytes = SEEP_UNKNOWN;
	if (load->reader->version < 2)
		return 0;
	result = seep_load_query(load,
				 "SELECT process, anon_bytes, pss_bytes FROM vitals "
				 "WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot",
				 &query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);

		result = 0;
		if (seep_load_find(load->process_rows, count, row, &index))
			continue;
		load->processes[index].anon_bytes = seep_column_uint(&query);
		load->processes[index].pss_bytes = seep_column_uint(&query);
	}
	return result;
}

int seep_load_processes(struct seep_load *load)
{
	struct seep_snapshot *snapshot = &load->loaded.snapshot;
	size_t count;
	int error = count_rows(load, "SELECT count(*) FROM processes WHERE run = :run AND " ALIVE,
			       SEEP_CAPTURE_MAX_PROCESSES, &count);

	if (error)
		return error;
	load->processes = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->processes));
	load->process_rows =
		seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->process_rows));
	load->clocks = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->clocks));
	if (!load->processes || !load->process_rows || !load->clocks)
		return -ENOMEM;
	memset(load->clocks, 0xff, count * sizeof(*load->clocks));
	snapshot->processes = load->processes;
	snapshot->num_processes = count;
	error = read_processes(load);
	if (!error)
		error = read_process_samples(load);
	return error ? error : read_process_stats(load);
}

/* --- sums -------------------------------------------------------------------------------------- */

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
		if (seep_loss_of_key(seep_column_text(&query), &loss) || found[loss])
			continue;
		found[loss] = true;
		load->loaded.snapshot.losses[loss] = seep_column_uint(&query);
	}
	return result;
}

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

/* --- all of it --------------------------------------------------------------------------------- */

static int load_all(struct seep_load *load)
{
	static int (*const steps[])(struct seep_load *load) = {
		load_head,	  load_span,	     seep_load_processes, seep_load_sites,
		seep_load_stacks, seep_load_samples, seep_load_details,	  load_losses,
		load_ends,	  seep_load_ages,
	};
	struct seep_snapshot *snapshot = &load->loaded.snapshot;
	int error = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error; i++)
		error = steps[i](load);
	if (error)
		return error;
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
	struct seep_load *load = (struct seep_load *)loaded;

	if (!load)
		return;
	seep_symbolizer_free(loaded->symbolizer);
	seep_arena_done(&load->arena);
	free(load);
}
