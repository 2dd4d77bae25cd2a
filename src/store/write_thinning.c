// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving up snapshots. Rows say what changed, so those of a snapshot that goes are inherited by the
 * next one of its run, if that has none of its own for the same thing. Called by seep_writer_tidy
 * after each snapshot, in a transaction of its own: by age, then by size, then rows that nothing
 * refers to any more, then free pages. One call drops at most DROPS_MAX snapshots, because the
 * trace waits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/writer_private.h"

/* At once; the next snapshot gives up more. A capture that is gone on with may have many. */
#define DROPS_MAX 16

/*
 * Sites that nothing refers to any more; then what only they needed is looked for, which is slow.
 */
#define SWEEP_SITES 256

/* Pages given back at once, when more than a quarter of the file is free. */
#define VACUUM_PAGES 512

/* Values: the snapshot that goes, and the one that inherits. */
#define INHERIT(table) "UPDATE OR IGNORE " table " SET snapshot = ?2 WHERE snapshot = ?1"
/* Nothing is inherited for what had gone by the next snapshot: no snapshot would show it. */
#define INHERIT_OF(table, owner, owners)                                                           \
	INHERIT(table) " AND " owner " NOT IN (SELECT id FROM " owners " WHERE gone <= ?2)"

/* Not ages: they are of one snapshot only. */
static const char *const inheritances[] = {
	INHERIT_OF("process_samples", "process", "processes"),
	INHERIT_OF("vitals", "process", "processes"),
	INHERIT_OF("unmatched", "process", "processes"),
	INHERIT_OF("tracing", "process", "processes"),
	INHERIT_OF("go_figures", "process", "processes"),
	INHERIT_OF("totals", "process", "processes"),
	INHERIT_OF("samples", "site", "sites"),
	INHERIT_OF("estimates", "site", "sites"),
	INHERIT_OF("details", "site", "sites"),
	INHERIT("losses"),
	INHERIT("ends"),
};

/* What was not inherited; the snapshot itself comes last, as the others refer to it. */
static const char *const removals[] = {
	"DELETE FROM process_samples WHERE snapshot = ?1",
	"DELETE FROM vitals WHERE snapshot = ?1",
	"DELETE FROM unmatched WHERE snapshot = ?1",
	"DELETE FROM tracing WHERE snapshot = ?1",
	"DELETE FROM go_figures WHERE snapshot = ?1",
	"DELETE FROM ages WHERE snapshot = ?1",
	"DELETE FROM totals WHERE snapshot = ?1",
	"DELETE FROM samples WHERE snapshot = ?1",
	"DELETE FROM estimates WHERE snapshot = ?1",
	"DELETE FROM details WHERE snapshot = ?1",
	"DELETE FROM losses WHERE snapshot = ?1",
	"DELETE FROM ends WHERE snapshot = ?1",
	"DELETE FROM snapshots WHERE id = ?1",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Runs @sql with these two values, as far as it has places for them. 0 or -errno. */
static int run(sqlite3 *database, const char *sql, int64_t first, int64_t second)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int error = seep_query_prepare(database, sql, &query);
	int places;

	if (error)
		return error;
	places = sqlite3_bind_parameter_count(query.statement);
	if (places > 0)
		seep_bind_int(&query, first);
	if (places > 1)
		seep_bind_int(&query, second);
	return seep_query_run(&query);
}

/* The number that a query without values says. */
static int ask(sqlite3 *database, const char *sql, int64_t *ret_number)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_query_prepare(database, sql, &query);

	if (!result)
		result = seep_query_step(&query);
	if (result < 0)
		return result;
	*ret_number = result ? seep_column_int(&query) : 0;
	return 0;
}

/* Gives up the snapshot at @index, which is not the last one, and takes it off the list. */
static int drop(struct seep_writer *writer, size_t index)
{
	struct seep_instant *instants = writer->instants;
	int64_t id = instants[index].id, next = instants[index + 1].id;
	bool has_next = instants[index].run == instants[index + 1].run;
	bool has_previous = index > 0 && instants[index].run == instants[index - 1].run;
	int error = 0;

	for (size_t i = 0; i < LENGTH(inheritances) && has_next && !error; i++)
		error = run(writer->database, inheritances[i], id, next);
	/*
	 * The next snapshot covers the time of this one too, unless it becomes the first of its
	 * run.
	 */
	if (has_next && has_previous && !error)
		error = run(writer->database,
			    "UPDATE snapshots SET interval_ns = interval_ns + "
			    "(SELECT interval_ns FROM snapshots WHERE id = ?1) WHERE id = ?2",
			    id, next);
	for (size_t i = 0; i < LENGTH(removals) && !error; i++)
		error = run(writer->database, removals[i], id, 0);
	if (error)
		return error;
	writer->num_instants--;
	memmove(&instants[index], &instants[index + 1],
		(writer->num_instants - index) * sizeof(*instants));
	return 0;
}

/* What belongs to no snapshot any more, and what only that needed. */
static int sweep(struct seep_writer *writer)
{
	/*
	 * From what refers to what is referred to, so that each step leaves the next one its
	 * orphans. ?1 is the oldest snapshot that is left, ?2 its run.
	 */
	static const char *const steps[] = {
		"DELETE FROM verdicts WHERE run < ?2 OR site IN (SELECT id FROM sites WHERE gone <= ?1) "
		"OR process IN (SELECT id FROM processes WHERE gone <= ?1) OR run = ?2 AND until_ns < "
		"(SELECT elapsed_ns FROM snapshots WHERE id = ?1)",
		"DELETE FROM companions WHERE verdict NOT IN (SELECT id FROM verdicts)",
		"DELETE FROM limits WHERE verdict NOT IN (SELECT id FROM verdicts)",
		"DELETE FROM sites WHERE gone <= ?1 "
		"OR process IN (SELECT id FROM processes WHERE run < ?2)",
		"DELETE FROM stacks WHERE id NOT IN (SELECT stack FROM sites)",
		"DELETE FROM stack_frames WHERE stack NOT IN (SELECT id FROM stacks)",
		"DELETE FROM frames WHERE id NOT IN (SELECT frame FROM stack_frames)",
		"DELETE FROM lines WHERE frame NOT IN (SELECT id FROM frames)",
		"DELETE FROM modules WHERE id NOT IN "
		"(SELECT module FROM frames WHERE module IS NOT NULL)",
		"DELETE FROM functions WHERE id NOT IN "
		"(SELECT function FROM lines WHERE function IS NOT NULL)",
		"DELETE FROM sources WHERE id NOT IN "
		"(SELECT source FROM lines WHERE source IS NOT NULL)",
		"DELETE FROM processes WHERE gone <= ?1 OR run < ?2",
		"DELETE FROM samplings WHERE run < ?2",
		"DELETE FROM runs WHERE id < ?2",
	};
	const struct seep_instant *first = &writer->instants[0];
	int error = 0;

	for (size_t i = 0; i < LENGTH(steps) && !error; i++)
		error = run(writer->database, steps[i], first->id, first->run);
	/* Rows have gone that the tables name: they are read anew before the next snapshot. */
	seep_known_done(&writer->known);
	return error;
}

/* How many sites had gone when the oldest snapshot was taken. */
static int count_dead(const struct seep_writer *writer, int64_t *ret_sites)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_query_prepare(writer->database,
					"SELECT count(*) FROM sites WHERE gone <= ?1", &query);

	if (result)
		return result;
	seep_bind_int(&query, writer->instants[0].id);
	result = seep_query_step(&query);
	if (result < 0)
		return result;
	*ret_sites = result ? seep_column_int(&query) : 0;
	return 0;
}

/* A run that has gone as a whole is swept at once, as nothing of it is needed. */
static int sweep_if_worthwhile(struct seep_writer *writer, int64_t first_run)
{
	int64_t sites;
	int error;

	if (writer->instants[0].run != first_run)
		return sweep(writer);
	error = count_dead(writer, &sites);
	return error || sites < SWEEP_SITES ? error : sweep(writer);
}

/* How many pages there are more than allowed. */
static int count_excess(const struct seep_writer *writer, bool with_free, int64_t *ret_pages)
{
	int64_t pages, free_pages, page_bytes;
	int error = ask(writer->database, "PRAGMA page_count", &pages);

	if (!error)
		error = ask(writer->database, "PRAGMA freelist_count", &free_pages);
	if (!error)
		error = ask(writer->database, "PRAGMA page_size", &page_bytes);
	if (error || page_bytes <= 0)
		return error ? error : -EBADMSG;
	/*
	 * Negative if there is room left. Free pages count for the size of the file, but not for
	 * what has to be given up: they are used again.
	 */
	*ret_pages = pages - (with_free ? 0 : free_pages) -
		     (int64_t)(writer->config.max_bytes / (uint64_t)page_bytes);
	return 0;
}

/* Gives up the oldest until what is left is small enough. */
static int drop_for_size(struct seep_writer *writer)
{
	int64_t excess = 0;
	int error = 0;

	/* The last snapshot always stays, however small the limit is. */
	for (int i = 0; i < DROPS_MAX && writer->config.max_bytes && !error; i++) {
		error = count_excess(writer, false, &excess);
		if (error || excess <= 0 || writer->num_instants < 2)
			break;
		error = drop(writer, 0);
	}
	return error;
}

/* By the table of thinning.h, and beyond keep_ns all. */
static int drop_for_age(struct seep_writer *writer)
{
	size_t indexes[DROPS_MAX];
	size_t count = seep_thinning_choose(writer->instants, writer->num_instants,
					    writer->config.keep_ns, indexes, DROPS_MAX);
	int error = 0;

	/* Each one that is gone moves the others up. */
	for (size_t i = 0; i < count && !error; i++)
		error = drop(writer, indexes[i] - i);
	return error;
}

/* Gives pages back to the file system: all that there are too many, or some of many free ones. */
static int vacuum(struct seep_writer *writer)
{
	char sql[64];
	int64_t pages, free_pages, excess = 0;
	int error = ask(writer->database, "PRAGMA page_count", &pages);

	if (!error)
		error = ask(writer->database, "PRAGMA freelist_count", &free_pages);
	if (!error && writer->config.max_bytes)
		error = count_excess(writer, true, &excess);
	if (error)
		return error;
	if (excess <= 0 && free_pages > pages / 4)
		excess = VACUUM_PAGES;
	if (excess <= 0)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)", (long long)excess);
	return seep_sqlite_run(writer->database, sql);
}

/*
 * One transaction. On failure it stays open, and the list is wrong: seep_writer_thin restores both.
 */
static int thin(struct seep_writer *writer)
{
	size_t count = writer->num_instants;
	int64_t first_run = writer->instants[0].run;
	int error = seep_sqlite_run(writer->database, "BEGIN IMMEDIATE");

	if (!error)
		error = drop_for_age(writer);
	if (!error)
		error = drop_for_size(writer);
	if (!error && writer->num_instants < count)
		error = sweep_if_worthwhile(writer, first_run);
	if (!error)
		error = vacuum(writer);
	return error ? error : seep_sqlite_run(writer->database, "COMMIT");
}

int seep_writer_thin(struct seep_writer *writer)
{
	size_t count = writer->num_instants;
	size_t bytes = count * sizeof(*writer->instants);
	/*
	 * drop takes snapshots off the list as it goes; a transaction that is rolled back needs the
	 * old one.
	 */
	SEEP_AUTO_FREE struct seep_instant *before = malloc(bytes);
	int error;

	if (!before)
		return -ENOMEM;
	memcpy(before, writer->instants, bytes);
	error = thin(writer);
	if (!error)
		return 0;
	if (!sqlite3_get_autocommit(writer->database))
		(void)seep_sqlite_run(writer->database, "ROLLBACK");
	memcpy(writer->instants, before, bytes);
	writer->num_instants = count;
	return error;
}
