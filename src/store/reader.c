// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a capture, the list of its snapshots, and series; load.c loads whole snapshots. Every
 * public function first grants itself a budget of SQLite's steps (seep_reader_begin): that bounds
 * the time that a crafted file can take. Lists double as they grow, up to
 * SEEP_CAPTURE_MAX_SNAPSHOTS points.
 */
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/capture_file.h"
#include "store/reader_private.h"
#include "store/sample.h"
#include "store/schema.h"

/* While it is being written, it may be locked for a moment: when a log is made or removed. */
#define BUSY_MS 1000

/* Of one text or one row; the largest that is written are names of functions and details. */
#define LENGTH_MAX (16 << 20)

/*
 * What a call may cost: a walk over all rows of a capture takes less than a step per byte. A file
 * that was made so that it has more rows than bytes (pages that point to the same page over and
 * over) ends here.
 */
#define BUDGET_STEPS	     10000000
#define BUDGET_PER_BYTE	     4
#define BUDGET_CHECKED_EVERY 10000

/*
 * SQLite calls this every BUDGET_CHECKED_EVERY steps; 1 interrupts the query, which becomes
 * -EBADMSG.
 */
static int spend(void *context)
{
	struct seep_reader *reader = context;

	if (reader->budget < BUDGET_CHECKED_EVERY)
		return 1;
	reader->budget -= BUDGET_CHECKED_EVERY;
	return 0;
}

void seep_reader_begin(struct seep_reader *reader)
{
	reader->budget = BUDGET_STEPS + BUDGET_PER_BYTE * reader->file_bytes;
}

/* As https://www.sqlite.org/security.html says for files of strangers. Nothing is mapped. */
static int harden(sqlite3 *database)
{
	/* seep's own queries need no more than this, so a file that was made up cannot use more. */
	static const int limits[][2] = {
		{SQLITE_LIMIT_LENGTH, LENGTH_MAX}, {SQLITE_LIMIT_ATTACHED, 0},
		{SQLITE_LIMIT_TRIGGER_DEPTH, 0},   {SQLITE_LIMIT_WORKER_THREADS, 0},
		{SQLITE_LIMIT_EXPR_DEPTH, 100},	   {SQLITE_LIMIT_SQL_LENGTH, 1 << 16},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(database, limits[i][0], limits[i][1]);
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return seep_sqlite_run(database, "PRAGMA trusted_schema = OFF;"
					 "PRAGMA cell_size_check = ON;"
					 "PRAGMA mmap_size = 0;"
					 "PRAGMA temp_store = MEMORY;"
					 "PRAGMA query_only = ON");
}

/*
 * Opens and checks the file that the URI names; the version tells which tables there are. 0 or
 * -errno.
 */
static int open_with(struct seep_reader *reader, const char *uri)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
	int error;

	errno = 0;
	error = seep_sqlite_error(sqlite3_open_v2(uri, &reader->database, flags, NULL));
	if (error)
		return error;
	sqlite3_busy_timeout(reader->database, BUSY_MS);
	/*
	 * The budget is granted before the first query, because the schema is of the file as well.
	 */
	sqlite3_progress_handler(reader->database, BUDGET_CHECKED_EVERY, spend, reader);
	seep_reader_begin(reader);
	error = harden(reader->database);
	return error ? error : seep_schema_check(reader->database, &reader->version);
}

/* "file:" and the path, in which "?", "#" and "%" have a meaning (RFC 3986). */
static void append_uri(struct seep_buffer *uri, const char *path)
{
	seep_buffer_puts(uri, path[0] == '/' ? "file://" : "file:");
	for (; *path; path++) {
		if (strchr("?#%", *path))
			seep_buffer_printf(uri, "%%%02x", (unsigned char)*path);
		else
			seep_buffer_putc(uri, *path);
	}
}

/*
 * A capture whose writer was killed says that it has a log. Where none can be made, because the
 * directory is another one's or read-only, SQLite refuses to open it, unless it is told that nobody
 * writes. Only if there is no log indeed, in which there might be more.
 */
static int open_database(struct seep_reader *reader, const char *path)
{
	SEEP_AUTO_BUFFER struct seep_buffer uri = SEEP_BUFFER_INIT;
	int error;

	append_uri(&uri, path);
	if (uri.error)
		return uri.error;
	error = open_with(reader, uri.data);
	if (!error || error == -EBADMSG || error == -EPROTO || error == -EBUSY ||
	    seep_capture_file_has_log(path))
		return error;
	sqlite3_close(reader->database);
	reader->database = NULL;
	seep_buffer_puts(&uri, "?immutable=1");
	return uri.error ? uri.error : open_with(reader, uri.data);
}

int seep_reader_open(const char *path, struct seep_reader **ret_reader)
{
	struct seep_reader *reader;
	struct stat status;
	int error;

	if (stat(path, &status))
		return -errno;
	/* A directory, a device or a FIFO is no capture. */
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	/*
	 * SQLite would take what is missing of the last page for zeros. In a log the page is whole.
	 */
	if (status.st_size % SEEP_CAPTURE_PAGE_BYTES && !seep_capture_file_has_log(path))
		return -EBADMSG;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	reader->file_bytes = (uint64_t)status.st_size;
	error = open_database(reader, path);
	if (error) {
		seep_reader_close(reader);
		return error;
	}
	*ret_reader = reader;
	return 0;
}

void seep_reader_close(struct seep_reader *reader)
{
	if (!reader)
		return;
	sqlite3_close(reader->database);
	free(reader);
}

/* Room for one more item of @size bytes in an array with @count of them. 0, -ENOMEM or -EBADMSG. */
static int reserve_points(void *array_pointer, size_t size, size_t count, size_t max)
{
	void **array = array_pointer;
	void *larger;

	/* Not a power of two, nor 0: there is room. */
	if (count & (count - 1))
		return 0; /* the array has as many as the next power of two */
	if (count >= max)
		return -EBADMSG;
	larger = realloc(*array, (count ? 2 * count : 1) * size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	return 0;
}

/* The same for a list that has one item for each snapshot. */
static int reserve(void *array_pointer, size_t size, size_t count)
{
	return reserve_points(array_pointer, size, count, SEEP_CAPTURE_MAX_SNAPSHOTS);
}

/* Reads all rows. On failure the list is the caller's to free. */
static int list_moments(struct seep_query *query, struct seep_moment **moments, size_t *count)
{
	struct seep_moment *moment;
	int result = 0;

	while (!result && (result = seep_query_step(query)) > 0) {
		result = reserve(moments, sizeof(**moments), *count);
		if (result)
			break;
		moment = &(*moments)[*count];
		moment->id = seep_column_int(query);
		moment->run = seep_column_int(query);
		moment->seq = (uint64_t)seep_column_int(query);
		moment->final = seep_column_int(query);
		moment->utc_ns = (uint64_t)seep_column_int(query);
		moment->elapsed_ns = (uint64_t)seep_column_int(query);
		moment->time_ns = (uint64_t)seep_column_int(query);
		(*count)++;
	}
	return result;
}

int seep_reader_list(struct seep_reader *reader, struct seep_moment **ret_moments,
		     size_t *ret_count)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	struct seep_moment *moments = NULL;
	size_t count = 0;
	int error;

	seep_reader_begin(reader);
	error = seep_query_prepare(
		reader->database,
		"SELECT snapshots.id, run, seq, final, utc_ns, elapsed_ns, "
		"elapsed_ns + offset_ns FROM snapshots JOIN runs ON runs.id = run "
		"ORDER BY snapshots.id",
		&query);
	if (!error)
		error = list_moments(&query, &moments, &count);
	if (error) {
		free(moments);
		return error;
	}
	*ret_moments = moments;
	*ret_count = count;
	return 0;
}

/* Snapshots are few: each is asked for the row of its own, which needs no index. */
#define SERIES_OF(table)                                                                           \
	"FROM snapshots CROSS JOIN " table " ON snapshot = snapshots.id WHERE run = ?1 "
#define POINT_COLUMNS "SELECT snapshots.id, utc_ns, elapsed_ns, "

/* The columns behind POINT_COLUMNS, in the order of both series queries. */
static void read_sums(struct seep_query *query, struct seep_point *point)
{
	point->counts.allocs = (uint64_t)seep_column_int(query);
	point->counts.frees = (uint64_t)seep_column_int(query);
	point->counts.alloc_bytes = (uint64_t)seep_column_int(query);
	point->counts.free_bytes = (uint64_t)seep_column_int(query);
	point->live_objects = (uint64_t)seep_column_int(query);
	point->live_bytes = (uint64_t)seep_column_int(query);
}

/*
 * A series: the columns of POINT_COLUMNS, then the sums. Only snapshots at which the numbers
 * changed have a point.
 */
static int read_series(struct seep_query *query, struct seep_point **ret_points, size_t *ret_count)
{
	struct seep_point *points = NULL;
	size_t count = 0;
	int result = 0;

	while (!result && (result = seep_query_step(query)) > 0) {
		result = reserve(&points, sizeof(*points), count);
		if (result)
			break;
		points[count].snapshot = seep_column_int(query);
		points[count].utc_ns = (uint64_t)seep_column_int(query);
		points[count].elapsed_ns = (uint64_t)seep_column_int(query);
		read_sums(query, &points[count++]);
	}
	if (result) {
		free(points);
		return result;
	}
	*ret_points = points;
	*ret_count = count;
	return 0;
}

int seep_reader_site_series(struct seep_reader *reader, const struct seep_loaded *loaded,
			    const struct seep_site *site, struct seep_point **ret_points,
			    size_t *ret_count)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int error;

	seep_reader_begin(reader);
	error = seep_query_prepare(reader->database,
				   POINT_COLUMNS
				   "allocs, frees, alloc_bytes, free_bytes, "
				   "ifnull(live_objects, allocs - frees), "
				   "ifnull(live_bytes, alloc_bytes - free_bytes) " SERIES_OF(
					   "samples") "AND site = ?2 ORDER BY snapshots.id",
				   &query);
	if (error)
		return error;
	seep_bind_int(&query, seep_load_of(loaded)->run);
	seep_bind_int(&query, seep_loaded_stack_of(site)->row);
	return read_series(&query, ret_points, ret_count);
}

int seep_reader_process_series(struct seep_reader *reader, const struct seep_loaded *loaded,
			       const struct seep_process *process, enum seep_kind kind,
			       struct seep_point **ret_points, size_t *ret_count)
{
	const struct seep_load *load = seep_load_of(loaded);
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int error;

	seep_reader_begin(reader);
	error = seep_query_prepare(
		reader->database,
		POINT_COLUMNS "allocs, frees, alloc_bytes, free_bytes, live_objects, "
			      "live_bytes " SERIES_OF("totals") "AND process = ?2 AND kind = ?3 "
								"ORDER BY snapshots.id",
		&query);
	if (error)
		return error;
	seep_bind_int(&query, load->run);
	/* Totals of all processes together have process 0. */
	seep_bind_int(&query, process ? load->process_rows[process - load->processes] : 0);
	seep_bind_text(&query, seep_kind_key(kind));
	return read_series(&query, ret_points, ret_count);
}

/* One point, or none: the process may be none of @load, its memory not known. */
static int read_resident(const struct seep_load *load, struct seep_query *query,
			 struct seep_resident_point *points, size_t *count)
{
	struct seep_resident_point *point = &points[*count];
	int64_t row;
	bool ended;

	point->elapsed_ns = (uint64_t)seep_column_int(query);
	row = seep_column_int(query);
	point->rss_bytes = seep_column_uint(query);
	/* The memory of a process that has ended is 0, not unknown. */
	ended = seep_column_uint(query) != SEEP_UNKNOWN;
	if (ended)
		point->rss_bytes = 0;
	if (point->rss_bytes != SEEP_UNKNOWN &&
	    !seep_load_find(load->process_rows, load->loaded.snapshot.num_processes, row,
			    &point->process))
		(*count)++;
	return query->error;
}

int seep_reader_resident_history(struct seep_reader *reader, const struct seep_loaded *loaded,
				 struct seep_resident_point **ret_points, size_t *ret_count)
{
	const struct seep_load *load = seep_load_of(loaded);
	SEEP_AUTO_QUERY struct seep_query query = {0};
	SEEP_AUTO_FREE struct seep_resident_point *points = NULL;
	size_t count = 0;
	int result;

	seep_reader_begin(reader);
	result = seep_query_prepare(reader->database,
				    "SELECT elapsed_ns, process, rss_bytes, ended_ns " SERIES_OF(
					    "process_samples") "ORDER BY snapshots.id, process",
				    &query);
	if (!result)
		seep_bind_int(&query, load->run);
	while (!result && (result = seep_query_step(&query)) > 0) {
		result = reserve_points(&points, sizeof(*points), count,
					SEEP_CAPTURE_MAX_RESIDENT_POINTS);
		if (!result)
			result = read_resident(load, &query, points, &count);
	}
	if (result)
		return result;
	*ret_points = points;
	points = NULL;
	*ret_count = count;
	return 0;
}
