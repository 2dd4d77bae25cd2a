// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes of a loaded snapshot. seep_load_processes is the first step after the head: sites
 * and verdicts find their process by its row. A row of samples is written only when something
 * changed, so the latest one up to the snapshot holds. There are at most
 * SEEP_CAPTURE_MAX_PROCESSES.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/go_figures.h"
#include "model/keys.h"
#include "store/reader_private.h"
#include "store/writer.h"

/* Of the captures that have the table. */
#define GO_FIGURES_VERSION 7

#define COLUMN(name, key) ", " key

/* At the snapshot. */
#define ALIVE "first <= :snapshot AND (gone IS NULL OR gone > :snapshot)"

/* One row; what does not fit into the types of a snapshot is refused. */
static int read_process(struct seep_load *load, struct seep_query *query,
			struct seep_process *process)
{
	int64_t image = seep_column_int(query), pid = seep_column_int(query), inner_pid;
	const char **const texts[] = {&process->comm, &process->exe, &process->cgroup,
				      &process->container, &process->pod};
	int error = 0;

	/* NULL reads as 0, which is unknown. */
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

/* In the order of their rows, which seep_load_find needs. */
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

	/* Exactly as many rows as were counted: both queries see the same file. */
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
		/*
		 * The clock of a process that has ended stands still; ages of its objects are from
		 * there.
		 */
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

/*
 * For each row of @sql, whose first column is a process, calls @read with the process. Rows ascend,
 * so the last one that is read is the one that holds.
 */
static int each_process_row(struct seep_load *load, const char *sql,
			    void (*read)(struct seep_query *query, struct seep_process *process))
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count = load->loaded.snapshot.num_processes, index;
	int result = seep_load_query(load, sql, &query);

	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);

		result = 0;
		if (!seep_load_find(load->process_rows, count, row, &index))
			read(&query, &load->processes[index]);
	}
	return result;
}

static void read_memory(struct seep_query *query, struct seep_process *process)
{
	process->anon_bytes = seep_column_uint(query);
	process->pss_bytes = seep_column_uint(query);
}

static void read_unmatched(struct seep_query *query, struct seep_process *process)
{
	process->unmatched_frees = seep_column_uint(query);
	process->unmatched_free_bytes = seep_column_uint(query);
	process->unmatched_frees_unsized = seep_column_uint(query);
}

/* A share, which reports print as it is; from 0 to @most, or not known. */
static double read_share(struct seep_query *query, double most)
{
	double share = seep_column_real(query);

	return share >= 0 && share <= most ? share : (double)NAN;
}

/* A mode of another version is taken for windows: not all may have been seen. */
static void read_tracing(struct seep_query *query, struct seep_process *process)
{
	if (seep_tracing_mode_of_key(seep_column_text(query), &process->mode))
		process->mode = SEEP_TRACING_WINDOWS;
	process->sampled = seep_column_int(query);
	process->seen_share = read_share(query, 1);
	process->probes_cpu_pct = read_share(query, 100);
}

/* What not every process has, and older captures do not have at all. */
static int read_process_stats(struct seep_load *load)
{
	int result = 0;

	for (size_t i = 0; i < load->loaded.snapshot.num_processes; i++) {
		struct seep_process *process = &load->processes[i];

		process->anon_bytes = process->pss_bytes = SEEP_UNKNOWN;
		process->unmatched_frees = process->unmatched_free_bytes = SEEP_UNKNOWN;
		process->unmatched_frees_unsized = SEEP_UNKNOWN;
		process->seen_share = 1;
		process->probes_cpu_pct = NAN;
	}
	if (load->reader->version >= 2)
		result = each_process_row(
			load,
			"SELECT process, anon_bytes, pss_bytes FROM vitals "
			"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot",
			read_memory);
	if (!result && load->reader->version >= 3)
		result = each_process_row(
			load,
			"SELECT process, frees, free_bytes, frees_unsized FROM unmatched "
			"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot",
			read_unmatched);
	if (!result && load->reader->version >= 5)
		result = each_process_row(
			load,
			"SELECT process, mode, sampled, seen_share, probes_cpu_pct FROM tracing "
			"WHERE snapshot BETWEEN :first AND :snapshot ORDER BY snapshot",
			read_tracing);
	return result;
}

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
static int read_go_figures(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count = load->loaded.snapshot.num_processes, index;
	SEEP_AUTO_FREE bool *seen = NULL;
	int result;

	if (load->reader->version < GO_FIGURES_VERSION)
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

/* How many processes there were; not more than a capture takes, or somebody has made them up. */
static int count_processes(const struct seep_load *load, size_t *ret_count)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_load_query(
		load, "SELECT count(*) FROM processes WHERE run = :run AND " ALIVE, &query);
	int64_t count;

	if (!result)
		result = seep_query_step(&query);
	if (result < 0)
		return result;
	count = result ? seep_column_int(&query) : 0;
	if (count < 0 || count > SEEP_CAPTURE_MAX_PROCESSES)
		return -EBADMSG;
	*ret_count = (size_t)count;
	return 0;
}

int seep_load_processes(struct seep_load *load)
{
	struct seep_snapshot *snapshot = &load->loaded.snapshot;
	size_t count;
	int error = count_processes(load, &count);

	if (error)
		return error;
	load->processes = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->processes));
	load->process_rows =
		seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->process_rows));
	load->clocks = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->clocks));
	if (!load->processes || !load->process_rows || !load->clocks)
		return -ENOMEM;
	/* All SEEP_UNKNOWN: no row of samples has been found yet. */
	memset(load->clocks, 0xff, count * sizeof(*load->clocks));
	snapshot->processes = load->processes;
	snapshot->num_processes = count;
	error = read_processes(load);
	if (!error)
		error = read_process_samples(load);
	if (!error)
		error = read_process_stats(load);
	return error ? error : read_go_figures(load);
}
