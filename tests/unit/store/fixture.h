/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of captures share: a directory of their own, and is what was read what was
 * written?
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "compile.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#include "model/go_figures.h"
#include "model/sampling.h"
#include "store/reader.h"
#include "store/world.h"
#include "store/writer.h"

#define CAPTURE "capture.seep"

static char fixture_directory[PATH_MAX];

static inline int fixture_set_up(void **state)
{
	(void)state;
	/* A hang is a failure too. */
	alarm(600);
	/* In memory: the tests write for hours, and wait for each sync. */
	snprintf(fixture_directory, sizeof(fixture_directory), "/dev/shm/seep-test-XXXXXX");
	if (mkdtemp(fixture_directory))
		assert_int_equal(chdir(fixture_directory), 0);
	else
		enter_directory(fixture_directory);
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	(void)state;
	remove_directory(fixture_directory);
	return 0;
}

static inline struct seep_writer *open_writer(const struct seep_writer_config *config)
{
	struct seep_writer *writer;

	assert_int_equal(seep_writer_open(CAPTURE, config, &writer), 0);
	return writer;
}

static inline struct seep_reader *open_reader(void)
{
	struct seep_reader *reader;

	assert_int_equal(seep_reader_open(CAPTURE, &reader), 0);
	return reader;
}

static inline void write_world(struct seep_writer *writer, const struct world *world)
{
	assert_int_equal(seep_writer_write(writer, &world->snapshot, world->symbolizer), 0);
	assert_int_equal(seep_writer_tidy(writer), 0);
}

/* The id of the snapshot at @index of the list; negative: from its end. */
static inline int64_t moment_id(struct seep_reader *reader, long index)
{
	struct seep_moment *moments;
	size_t count;
	int64_t id;

	assert_int_equal(seep_reader_list(reader, &moments, &count), 0);
	assert_true(index < 0 ? (size_t)-index <= count : (size_t)index < count);
	id = moments[index < 0 ? (long)count + index : index].id;
	free(moments);
	return id;
}

static inline size_t count_moments(struct seep_reader *reader)
{
	struct seep_moment *moments;
	size_t count;

	assert_int_equal(seep_reader_list(reader, &moments, &count), 0);
	free(moments);
	return count;
}

/* The first number that @sql gives, asked as any user would. */
static inline int64_t ask_sqlite(const char *path, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *database;
	int64_t number;

	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return number;
}

static inline void run_sqlite(const char *path, const char *sql)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(database));
	sqlite3_close(database);
}

/* Everything in the file refers to something that is there, and SQLite finds no damage. */
static inline void assert_sound(const char *path)
{
	assert_int_equal(ask_sqlite(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(ask_sqlite(path, "SELECT group_concat(integrity_check) = 'ok' "
					  "FROM pragma_integrity_check"),
			 1);
}

/* Comparison. */

static inline void assert_same_text(const char *expected, const char *actual)
{
	if (!expected || !actual)
		assert_ptr_equal(expected, actual);
	else
		assert_string_equal(expected, actual);
}

static inline void assert_same_real(double expected, double actual)
{
	if (isnan(expected))
		assert_true(isnan(actual));
	else
		assert_memory_equal(&expected, &actual, sizeof(expected));
}

static inline void assert_same_counts(const struct seep_counts *expected,
				      const struct seep_counts *actual)
{
	assert_int_equal(expected->allocs, actual->allocs);
	assert_int_equal(expected->frees, actual->frees);
	assert_int_equal(expected->alloc_bytes, actual->alloc_bytes);
	assert_int_equal(expected->free_bytes, actual->free_bytes);
}

static inline void assert_same_totals(const struct seep_totals *expected,
				      const struct seep_totals *actual)
{
	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		assert_int_equal(expected[kind].traced, actual[kind].traced);
		assert_same_counts(&expected[kind].counts, &actual[kind].counts);
		assert_int_equal(expected[kind].live_objects, actual[kind].live_objects);
		assert_int_equal(expected[kind].live_bytes, actual[kind].live_bytes);
		assert_int_equal(expected[kind].estimated, actual[kind].estimated);
	}
}

static inline void assert_same_go_figures(const struct seep_go_figures *expected,
					  const struct seep_go_figures *actual)
{
	if (!expected) {
		assert_null(actual);
		return;
	}
	assert_non_null(actual);
	assert_string_equal(expected->version, actual->version);
	assert_int_equal(expected->gomaxprocs, actual->gomaxprocs);
	assert_int_equal(expected->gogc, actual->gogc);
	assert_int_equal(expected->gomemlimit_bytes, actual->gomemlimit_bytes);
	assert_same_real(expected->collections_per_min, actual->collections_per_min);
	assert_same_real(expected->gc_cpu_fraction, actual->gc_cpu_fraction);
	assert_memory_equal(expected->memstats, actual->memstats, sizeof(expected->memstats));
}

static inline void assert_same_process(const struct seep_process *expected,
				       const struct seep_process *actual)
{
	assert_int_equal(expected->id, actual->id);
	assert_int_equal(expected->pid, actual->pid);
	assert_int_equal(expected->inner_pid, actual->inner_pid);
	assert_int_equal(expected->start_utc_ns, actual->start_utc_ns);
	assert_same_text(expected->comm, actual->comm);
	assert_same_text(expected->exe, actual->exe);
	assert_same_text(expected->cgroup, actual->cgroup);
	assert_same_text(expected->container, actual->container);
	assert_same_text(expected->pod, actual->pod);
	assert_int_equal(expected->exited, actual->exited);
	assert_int_equal(expected->attached_late, actual->attached_late);
	assert_int_equal(expected->rss_bytes, actual->rss_bytes);
	assert_int_equal(expected->anon_bytes, actual->anon_bytes);
	assert_int_equal(expected->pss_bytes, actual->pss_bytes);
	assert_int_equal(expected->pre_attach_bytes, actual->pre_attach_bytes);
	assert_int_equal(expected->unmatched_frees, actual->unmatched_frees);
	assert_int_equal(expected->unmatched_free_bytes, actual->unmatched_free_bytes);
	assert_int_equal(expected->unmatched_frees_unsized, actual->unmatched_frees_unsized);
	assert_int_equal(expected->fd_limit, actual->fd_limit);
	assert_int_equal(expected->fd_limit_eta_ns, actual->fd_limit_eta_ns);
	assert_int_equal(expected->mode, actual->mode);
	assert_int_equal(expected->sampled, actual->sampled);
	assert_same_real(expected->seen_share, actual->seen_share);
	assert_same_real(expected->probes_cpu_pct, actual->probes_cpu_pct);
	assert_same_totals(expected->totals, actual->totals);
	assert_same_go_figures(expected->go, actual->go);
}

static inline void assert_same_location(const struct seep_location *expected,
					const struct seep_location *actual)
{
	assert_same_text(expected->module, actual->module);
	assert_same_text(expected->build_id, actual->build_id);
	assert_int_equal(expected->offset, actual->offset);
	assert_int_equal(expected->num_lines, actual->num_lines);
	for (size_t i = 0; i < expected->num_lines; i++) {
		assert_same_text(expected->lines[i].function, actual->lines[i].function);
		assert_same_text(expected->lines[i].source, actual->lines[i].source);
		assert_int_equal(expected->lines[i].line, actual->lines[i].line);
		assert_int_equal(expected->lines[i].inlined, actual->lines[i].inlined);
	}
}

static inline void assert_same_details(const struct seep_details *expected,
				       const struct seep_details *actual)
{
	if (!expected) {
		assert_null(actual);
		return;
	}
	assert_non_null(actual);
	assert_int_equal(expected->num_groups, actual->num_groups);
	for (size_t i = 0; i < expected->num_groups; i++) {
		assert_string_equal(expected->groups[i].name, actual->groups[i].name);
		assert_int_equal(expected->groups[i].objects, actual->groups[i].objects);
		assert_int_equal(expected->groups[i].bytes, actual->groups[i].bytes);
	}
	assert_int_equal(expected->num_examples, actual->num_examples);
	for (size_t i = 0; i < expected->num_examples; i++)
		assert_string_equal(expected->examples[i], actual->examples[i]);
}

static inline void assert_same_sampling(const struct seep_sampling *expected,
					const struct seep_sampling *actual)
{
	assert_true(!expected == !actual);
	if (!expected)
		return;
	assert_int_equal(expected->seen_objects, actual->seen_objects);
	assert_same_real(expected->allocs_error, actual->allocs_error);
	assert_same_real(expected->alloc_bytes_error, actual->alloc_bytes_error);
	assert_same_real(expected->live_objects_error, actual->live_objects_error);
	assert_same_real(expected->live_bytes_error, actual->live_bytes_error);
	assert_same_real(expected->staying, actual->staying);
	assert_same_real(expected->staying_low, actual->staying_low);
	assert_same_real(expected->staying_high, actual->staying_high);
	assert_memory_equal(expected->lifetimes, actual->lifetimes, sizeof(actual->lifetimes));
	assert_memory_equal(expected->ages, actual->ages, sizeof(actual->ages));
}

static inline void assert_same_site(const struct seep_site *expected,
				    struct seep_symbolizer *symbolizer,
				    const struct seep_site *actual, struct seep_symbolizer *other)
{
	assert_int_equal(expected->id, actual->id);
	assert_int_equal(expected->process->id, actual->process->id);
	assert_int_equal(expected->kind, actual->kind);
	assert_same_counts(&expected->counts, &actual->counts);
	assert_int_equal(expected->live_objects, actual->live_objects);
	assert_int_equal(expected->live_bytes, actual->live_bytes);
	assert_int_equal(expected->live_bytes_change, actual->live_bytes_change);
	assert_int_equal(expected->live_objects_change, actual->live_objects_change);
	assert_int_equal(expected->oldest_ns, actual->oldest_ns);
	assert_memory_equal(expected->lifetimes, actual->lifetimes, sizeof(actual->lifetimes));
	assert_int_equal(expected->ages_known, actual->ages_known);
	assert_memory_equal(expected->ages, actual->ages, sizeof(actual->ages));
	assert_same_sampling(expected->sampling, actual->sampling);
	assert_same_details(expected->details, actual->details);
	assert_int_equal(expected->stack->hash, actual->stack->hash);
	assert_int_equal(expected->stack->end, actual->stack->end);
	assert_int_equal(expected->stack->num_frames, actual->stack->num_frames);
	for (size_t i = 0; i < expected->stack->num_frames; i++) {
		assert_int_equal(expected->stack->frames[i], actual->stack->frames[i]);
		assert_same_location(seep_symbolizer_resolve(symbolizer, expected->process->id,
							     expected->stack->frames[i]),
				     seep_symbolizer_resolve(other, actual->process->id,
							     actual->stack->frames[i]));
	}
}

static inline void assert_same_head(const struct seep_snapshot *expected,
				    const struct seep_snapshot *actual)
{
	assert_int_equal(expected->seq, actual->seq);
	assert_int_equal(expected->final, actual->final);
	assert_int_equal(expected->utc_ns, actual->utc_ns);
	assert_int_equal(expected->elapsed_ns, actual->elapsed_ns);
	assert_int_equal(expected->interval_ns, actual->interval_ns);
	assert_same_text(expected->host_name, actual->host_name);
	assert_same_text(expected->kernel, actual->kernel);
	assert_same_text(expected->arch, actual->arch);
	assert_same_text(expected->scope_type, actual->scope_type);
	assert_same_text(expected->scope_value, actual->scope_value);
	assert_int_equal(expected->min_age_ns, actual->min_age_ns);
	assert_int_equal(expected->sample_bytes, actual->sample_bytes);
	assert_int_equal(expected->min_size_bytes, actual->min_size_bytes);
	assert_int_equal(expected->max_size_bytes, actual->max_size_bytes);
	assert_memory_equal(expected->losses, actual->losses, sizeof(actual->losses));
	assert_memory_equal(expected->ends, actual->ends, sizeof(actual->ends));
	assert_same_totals(expected->totals, actual->totals);
}

static inline void assert_same_overhead(const struct seep_overhead *expected,
					const struct seep_overhead *actual)
{
	assert_int_equal(expected->events, actual->events);
	assert_same_real(expected->events_per_s, actual->events_per_s);
	assert_int_equal(expected->bpf_ns_per_event, actual->bpf_ns_per_event);
	assert_int_equal(expected->probe_ns_per_event, actual->probe_ns_per_event);
	assert_same_real(expected->target_cpu_pct, actual->target_cpu_pct);
	assert_same_real(expected->calls_cpu_pct, actual->calls_cpu_pct);
	assert_same_real(expected->seep_cpu_pct, actual->seep_cpu_pct);
	assert_int_equal(expected->seep_rss_bytes, actual->seep_rss_bytes);
	assert_int_equal(expected->map_bytes, actual->map_bytes);
}

static inline void assert_same_snapshot(const struct seep_snapshot *expected,
					struct seep_symbolizer *symbolizer,
					const struct seep_loaded *loaded)
{
	const struct seep_snapshot *actual = &loaded->snapshot;

	assert_same_head(expected, actual);
	assert_same_overhead(&expected->overhead, &actual->overhead);
	assert_int_equal(expected->num_processes, actual->num_processes);
	for (size_t i = 0; i < expected->num_processes; i++)
		assert_same_process(&expected->processes[i], &actual->processes[i]);
	assert_int_equal(expected->num_sites, actual->num_sites);
	for (size_t i = 0; i < expected->num_sites; i++)
		assert_same_site(&expected->sites[i], symbolizer, &actual->sites[i],
				 loaded->symbolizer);
}

/* The snapshot with this id is the one of @world. */
static inline void assert_loads(struct seep_reader *reader, int64_t id, const struct world *world)
{
	struct seep_loaded *loaded;

	assert_int_equal(seep_reader_load(reader, id, &loaded), 0);
	assert_same_snapshot(&world->snapshot, world->symbolizer, loaded);
	seep_loaded_free(loaded);
}

#endif
