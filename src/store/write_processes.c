// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes: a row for each that is new or has got other names, and in each table of what changes
 * about them one that differs from its last one. seep_write_processes is the first step after the
 * snapshot itself: sites and sums refer to its rows.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "model/go_figures.h"
#include "store/writer_private.h"

/* Columns of go_figures, behind the process. */
#define NUM_FIGURES (6 + SEEP_MEMSTAT_COUNT)

/* Over the texts themselves, each with its NUL; what is NULL counts as well. */
static XXH128_hash_t hash_names(struct seep_buffer *text, const struct seep_process *process)
{
	const char *const names[] = {process->comm, process->exe, process->cgroup,
				     process->container, process->pod};
	const uint64_t numbers[] = {(uint64_t)process->pid, (uint64_t)process->inner_pid,
				    process->start_utc_ns, process->attached_late,
				    process->pre_attach_bytes};

	seep_buffer_reset(text);
	seep_buffer_append(text, numbers, sizeof(numbers));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		seep_buffer_putc(text, names[i] ? 'x' : '-');
		seep_buffer_append(text, names[i] ? names[i] : "",
				   names[i] ? strlen(names[i]) + 1 : 0);
	}
	return XXH3_128bits(text->data, text->length);
}

static void bind_names(struct seep_query *query, const struct seep_process *process)
{
	seep_bind_int(query, process->pid);
	if (process->inner_pid)
		seep_bind_int(query, process->inner_pid);
	else
		seep_bind_null(query);
	seep_bind_uint(query, process->start_utc_ns);
	seep_bind_text(query, process->comm);
	seep_bind_text(query, process->exe);
	seep_bind_text(query, process->cgroup);
	seep_bind_text(query, process->container);
	seep_bind_text(query, process->pod);
	seep_bind_int(query, process->attached_late);
	seep_bind_uint(query, process->pre_attach_bytes);
}

/* A process keeps its row for as long as it is reported; other names replace the old ones. */
static int write_names(struct seep_write *write, const struct seep_process *process,
		       struct seep_known_process *known)
{
	struct seep_query *query;
	bool changes = seep_known_changes(&known->names, hash_names(&write->text, process));

	if (write->text.error)
		return write->text.error;
	if (known->id && !changes)
		return 0;
	query = seep_writer_query(write,
				  known->id ? SEEP_QUERY_SET_PROCESS : SEEP_QUERY_ADD_PROCESS);
	bind_names(query, process);
	if (known->id) {
		seep_bind_int(query, known->id);
		return seep_query_run(query);
	}
	seep_bind_int(query, write->last.run);
	seep_bind_int(query, process->id);
	seep_bind_int(query, write->last.id);
	return seep_write_row(write, query, &known->id);
}

/* The moment in which its end is noticed takes the place of that of the end, which nobody tells. */
static void note_end(const struct seep_write *write, const struct seep_process *process,
		     struct seep_known_process *known)
{
	if (process->exited && !known->exited)
		known->ended_ns = write->snapshot->elapsed_ns;
	known->exited = process->exited;
}

/* A row of what changes about a process, if it differs from the last one. */
static int write_numbers(struct seep_write *write, const struct seep_known_process *known,
			 XXH128_hash_t *last, enum seep_writer_query row, const uint64_t *numbers,
			 size_t count)
{
	struct seep_query *query;

	if (!seep_known_changes(last, XXH3_128bits(numbers, count * sizeof(*numbers))))
		return 0;
	query = seep_writer_query(write, row);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	for (size_t i = 0; i < count; i++)
		seep_bind_uint(query, numbers[i]);
	return seep_query_run(query);
}

/* Not every trace knows: then there is no row. */
static bool never_known(const XXH128_hash_t *last, const uint64_t *numbers)
{
	return numbers[0] == SEEP_UNKNOWN && numbers[1] == SEEP_UNKNOWN &&
	       XXH128_isEqual(*last, (XXH128_hash_t){0});
}

/* Nothing of one that is traced in full at a cost that is not known, as in older captures. */
static int write_tracing(struct seep_write *write, const struct seep_process *process,
			 struct seep_known_process *known)
{
	const double numbers[] = {process->mode, process->sampled, process->seen_share,
				  process->probes_cpu_pct};
	struct seep_query *query;

	if (process->mode == SEEP_TRACING_EXACT && !process->sampled &&
	    isnan(process->probes_cpu_pct) && XXH128_isEqual(known->tracing, (XXH128_hash_t){0}))
		return 0;
	if (!seep_known_changes(&known->tracing, XXH3_128bits(numbers, sizeof(numbers))))
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_TRACING);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	seep_bind_text(query, seep_tracing_mode_key(process->mode));
	seep_bind_int(query, process->sampled);
	seep_bind_real(query, process->seen_share);
	seep_bind_real(query, process->probes_cpu_pct);
	return seep_query_run(query);
}

static void bind_figures(struct seep_query *query, const struct seep_go_figures *figures)
{
	/* What was bound for the row before would stay. */
	for (int i = 0; !figures && i < NUM_FIGURES; i++)
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

/* What the runtime of Go in it says of itself. */
static int write_go_figures(struct seep_write *write, const struct seep_process *process,
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
	bind_figures(query, figures);
	return seep_query_run(query);
}

static int write_process_samples(struct seep_write *write, const struct seep_process *process,
				 struct seep_known_process *known)
{
	const uint64_t samples[] = {known->exited ? known->ended_ns : SEEP_UNKNOWN,
				    process->rss_bytes, process->fd_limit,
				    process->fd_limit_eta_ns};
	const uint64_t stats[] = {process->anon_bytes, process->pss_bytes};
	const uint64_t unmatched[] = {process->unmatched_frees, process->unmatched_free_bytes,
				      process->unmatched_frees_unsized};
	int error = write_numbers(write, known, &known->sample, SEEP_QUERY_ADD_PROCESS_SAMPLE,
				  samples, 4);

	if (!error && !never_known(&known->stats, stats))
		error = write_numbers(write, known, &known->stats, SEEP_QUERY_ADD_PROCESS_STATS,
				      stats, 2);
	if (!error && !never_known(&known->unmatched, unmatched))
		error = write_numbers(write, known, &known->unmatched, SEEP_QUERY_ADD_UNMATCHED,
				      unmatched, 3);
	if (!error)
		error = write_tracing(write, process, known);
	return error ? error : write_go_figures(write, process, known);
}

int seep_write_processes(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	int error = 0;

	for (size_t i = 0; i < snapshot->num_processes && !error; i++) {
		const struct seep_process *process = &snapshot->processes[i];
		struct seep_known_process *known;

		error = seep_known_process(&write->writer->known, process->id, &known);
		if (error || known->seen == (uint64_t)write->last.id)
			return error ? error : -EINVAL;
		known->seen = (uint64_t)write->last.id;
		write->processes[i] = known;
		note_end(write, process, known);
		error = write_names(write, process, known);
		if (!error)
			error = write_process_samples(write, process, known);
	}
	return error;
}
