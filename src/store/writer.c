// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a capture, and the transaction of a snapshot: the run if it is a new one, the snapshot,
 * then processes, sites, sums, verdicts and ends in the files write_*.c. If any step fails,
 * everything is rolled back and what was known of the file is read anew before the next one. A
 * transaction is as long as the number of sites that changed; the log is synced every
 * CHECKPOINT_NS.
 */
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "model/keys.h"
#include "store/capture_file.h"
#include "store/schema.h"
#include "store/writer_private.h"

/* Another program that writes to the file gets so long; the trace waits meanwhile. */
#define BUSY_MS 200

/*
 * How often the log goes into the file. It needs two syncs, some 10 ms each on an idle disk, during
 * which the trace waits; so not with each snapshot of a short interval. Only a machine that dies
 * loses more than the running interval, by as much.
 */
#define CHECKPOINT_NS (10 * SEEP_NS_PER_S)

static const char *const query_texts[SEEP_QUERY_COUNT] = {
#define QUERY_TEXT(name, sql) [SEEP_QUERY_##name] = (sql),
	SEEP_WRITER_QUERIES(QUERY_TEXT)
#undef QUERY_TEXT
};

/*
 * What the log has left behind goes into the file. The log stays small: it begins anew each time.
 */
static int set_up(sqlite3 *database)
{
	return seep_sqlite_run(database, "PRAGMA trusted_schema = OFF;"
					 "PRAGMA cell_size_check = ON;"
					 "PRAGMA temp_store = MEMORY;"
					 "PRAGMA journal_mode = WAL;"
					 "PRAGMA synchronous = NORMAL;"
					 "PRAGMA wal_autocheckpoint = 0;"
					 "PRAGMA journal_size_limit = 4194304");
}

/*
 * @path was locked, and created if need be, before. 0 or -errno; the writer keeps what was opened,
 * and seep_writer_close undoes it.
 */
static int open_database(struct seep_writer *writer, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int error, version = 0;

	errno = 0;
	error = seep_sqlite_error(sqlite3_open_v2(path, &writer->database, flags, NULL));
	if (error)
		return error;
	sqlite3_busy_timeout(writer->database, BUSY_MS);
	error = seep_schema_check(writer->database, &version);
	if (!error && version != SEEP_CAPTURE_VERSION)
		error = -EPROTO; /* it can be read, but not gone on with */
	if (!error)
		error = set_up(writer->database);
	for (size_t i = 0; i < SEEP_QUERY_COUNT && !error; i++)
		error = seep_query_prepare(writer->database, query_texts[i], &writer->queries[i]);
	return error;
}

/* Appends to the list of snapshots, which thinning chooses from; it doubles as it grows. */
static int add_instant(struct seep_writer *writer, const struct seep_last *last)
{
	size_t max = writer->max_instants ? 2 * writer->max_instants : 1024;
	struct seep_instant *larger;

	if (writer->num_instants == writer->max_instants) {
		larger = realloc(writer->instants, max * sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		writer->instants = larger;
		writer->max_instants = max;
	}
	writer->instants[writer->num_instants++] = (struct seep_instant){
		.id = last->id,
		.run = last->run,
		.time_ns = last->offset_ns + last->elapsed_ns,
	};
	return 0;
}

/* The snapshots that are there. The run to come is another one. */
static int read_instants(struct seep_writer *writer)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	struct seep_last last = {0};
	int result = seep_query_prepare(writer->database,
					"SELECT snapshots.id, run, offset_ns, elapsed_ns, utc_ns "
					"FROM snapshots JOIN runs ON runs.id = run "
					"ORDER BY snapshots.id",
					&query);

	while (!result) {
		result = seep_query_step(&query);
		if (result <= 0)
			break;
		last.id = seep_column_int(&query);
		last.run = seep_column_int(&query);
		last.offset_ns = (uint64_t)seep_column_int(&query);
		last.elapsed_ns = (uint64_t)seep_column_int(&query);
		last.utc_ns = (uint64_t)seep_column_int(&query);
		result = last.id > writer->last.id ? add_instant(writer, &last) : -EBADMSG;
		writer->last = last;
	}
	/* None of these runs is this writer's: its first snapshot begins another one. */
	writer->last.run = 0;
	return result;
}

int seep_writer_open(const char *path, const struct seep_writer_config *config,
		     struct seep_writer **ret_writer)
{
	struct seep_writer *writer = calloc(1, sizeof(*writer));
	int error;

	if (!writer)
		return -ENOMEM;
	writer->config = *config;
	writer->lock = -1;
	error = seep_capture_file_lock(path, config->append, &writer->lock);
	if (!error)
		error = open_database(writer, path);
	if (!error)
		error = seep_capture_file_check_log(path);
	if (!error)
		error = read_instants(writer);
	if (error) {
		seep_writer_close(writer);
		return error;
	}
	*ret_writer = writer;
	return 0;
}

void seep_writer_close(struct seep_writer *writer)
{
	if (!writer)
		return;
	for (size_t i = 0; i < SEEP_QUERY_COUNT; i++)
		seep_query_done(&writer->queries[i]);
	/*
	 * Without its log the file can be read where no log can be made. It is no loss if it stays.
	 */
	if (writer->database)
		(void)seep_sqlite_run(writer->database, "PRAGMA journal_mode = DELETE");
	sqlite3_close(writer->database);
	/*
	 * After the database: closing any descriptor of a file ends all fcntl locks that the
	 * process has on it (fcntl(2)), SQLite's too.
	 */
	if (writer->lock >= 0)
		close(writer->lock);
	seep_known_done(&writer->known);
	free(writer->instants);
	free(writer);
}

int seep_write_row(const struct seep_write *write, struct seep_query *query, int64_t *ret_id)
{
	int error = seep_query_run(query);

	if (!error)
		*ret_id = sqlite3_last_insert_rowid(write->writer->database);
	return error;
}

/* What the snapshots of a run have in common, as text. */
static XXH128_hash_t hash_head(const struct seep_snapshot *snapshot, struct seep_buffer *text)
{
	const char *const names[] = {snapshot->host_name, snapshot->kernel, snapshot->arch,
				     snapshot->scope_type, snapshot->scope_value};
	const uint64_t limits[] = {snapshot->min_age_ns, snapshot->sample_bytes,
				   snapshot->min_size_bytes, snapshot->max_size_bytes};

	seep_buffer_reset(text);
	seep_buffer_append(text, limits, sizeof(limits));
	seep_kinds_append(text, snapshot->totals);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		seep_buffer_putc(text, '\n');
		seep_buffer_puts(text, names[i] ? names[i] : "\n");
	}
	return XXH3_128bits(text->data, text->length);
}

/* The runs of a capture follow each other, whatever the clock of the machine says. */
static uint64_t offset_of_next(const struct seep_last *last, const struct seep_snapshot *snapshot)
{
	uint64_t begun_ns = snapshot->utc_ns - snapshot->elapsed_ns;
	uint64_t pause_ns = begun_ns > last->utc_ns ? begun_ns - last->utc_ns : 0;

	return last->id ? last->offset_ns + last->elapsed_ns + pause_ns : 0;
}

static int begin_run(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	struct seep_writer *writer = write->writer;
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_RUN);
	int error;

	seep_buffer_reset(&write->text);
	seep_kinds_append(&write->text, snapshot->totals);
	if (write->text.error)
		return write->text.error;
	write->last.offset_ns = offset_of_next(&writer->last, snapshot);
	seep_bind_text(query, SEEP_VERSION);
	seep_bind_int(query, (int64_t)write->last.offset_ns);
	seep_bind_text(query, snapshot->host_name);
	seep_bind_text(query, snapshot->kernel);
	seep_bind_text(query, snapshot->arch);
	seep_bind_text(query, snapshot->scope_type);
	seep_bind_text(query, snapshot->scope_value);
	seep_bind_text(query, write->text.data);
	seep_bind_int(query, (int64_t)snapshot->min_age_ns);
	seep_bind_int(query, (int64_t)snapshot->min_size_bytes);
	seep_bind_uint(query, snapshot->max_size_bytes);
	error = seep_write_row(write, query, &write->last.run);
	if (!error)
		error = seep_write_run_sampling(write);
	if (error)
		return error;
	seep_known_done(&writer->known);
	return seep_known_load(writer->database, write->last.run, &writer->known);
}

/*
 * Begins a run, unless this snapshot goes on with the last one: the same head, a higher number, and
 * no earlier time.
 */
static int write_run(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	const struct seep_last *last = &write->writer->last;

	write->last = (struct seep_last){
		.id = last->id + 1,
		.run = last->run,
		.head = hash_head(snapshot, &write->text),
		.seq = snapshot->seq,
		.elapsed_ns = snapshot->elapsed_ns,
		.utc_ns = snapshot->utc_ns,
		.offset_ns = last->offset_ns,
	};
	if (write->text.error)
		return write->text.error;
	if (last->run && XXH128_isEqual(last->head, write->last.head) &&
	    snapshot->seq > last->seq && snapshot->elapsed_ns >= last->elapsed_ns)
		return 0;
	return begin_run(write);
}

static int write_snapshot(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	const struct seep_overhead *overhead = &snapshot->overhead;
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_SNAPSHOT);
	bool goes_on = write->last.run == write->writer->last.run;

	seep_bind_int(query, write->last.id);
	seep_bind_int(query, write->last.run);
	seep_bind_int(query, (int64_t)snapshot->seq);
	seep_bind_int(query, snapshot->final);
	seep_bind_int(query, (int64_t)snapshot->utc_ns);
	seep_bind_int(query, (int64_t)snapshot->elapsed_ns);
	seep_bind_int(query,
		      (int64_t)(snapshot->interval_ns + (goes_on ? write->writer->missing_ns : 0)));
	seep_bind_uint(query, overhead->events);
	seep_bind_real(query, overhead->events_per_s);
	seep_bind_uint(query, overhead->bpf_ns_per_event);
	seep_bind_uint(query, overhead->probe_ns_per_event);
	seep_bind_real(query, overhead->target_cpu_pct);
	seep_bind_real(query, overhead->calls_cpu_pct);
	seep_bind_real(query, overhead->seep_cpu_pct);
	seep_bind_uint(query, overhead->seep_rss_bytes);
	seep_bind_uint(query, overhead->map_bytes);
	return seep_query_run(query);
}

/* Rows refer to those before: the steps have to stay in this order. */
static int write_all(struct seep_write *write)
{
	int error = write_run(write);

	if (!error)
		error = write_snapshot(write);
	if (!error)
		error = seep_write_processes(write);
	if (!error)
		error = seep_write_sites(write);
	if (!error)
		error = seep_write_sums(write);
	if (!error)
		error = seep_write_verdicts(write);
	return error ? error : seep_write_ends(write);
}

/* After a failure, and after rows were deleted, it has to be read from the file. */
static int load_known(struct seep_writer *writer)
{
	if (writer->known.valid)
		return 0;
	return seep_known_load(writer->database, writer->last.run, &writer->known);
}

/* What is known of the file is not so any more. */
static void roll_back(struct seep_write *write)
{
	struct seep_writer *writer = write->writer;

	/* A failed commit may have done it already. */
	if (!sqlite3_get_autocommit(writer->database))
		(void)seep_sqlite_run(writer->database, "ROLLBACK");
	seep_known_done(&writer->known);
	writer->missing_ns += write->snapshot->interval_ns;
}

static int transact(struct seep_write *write)
{
	struct seep_writer *writer = write->writer;
	int error = load_known(writer);

	if (!error)
		error = seep_sqlite_run(writer->database, "BEGIN IMMEDIATE");
	if (!error)
		error = write_all(write);
	if (!error)
		error = add_instant(writer, &write->last);
	if (!error) {
		error = seep_sqlite_run(writer->database, "COMMIT");
		if (error)
			writer->num_instants--;
	}
	if (error) {
		roll_back(write);
		return error;
	}
	writer->last = write->last;
	writer->missing_ns = 0;
	return 0;
}

int seep_writer_write(struct seep_writer *writer, const struct seep_snapshot *snapshot,
		      struct seep_symbolizer *symbolizer)
{
	struct seep_write write = {
		.writer = writer,
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.text = SEEP_BUFFER_INIT,
	};
	int error = -ENOMEM;

	if (snapshot->num_sites > SEEP_CAPTURE_MAX_SITES ||
	    snapshot->num_processes > SEEP_CAPTURE_MAX_PROCESSES)
		return -E2BIG;
	write.processes = calloc(snapshot->num_processes + 1, sizeof(struct seep_known_process *));
	write.sites = calloc(snapshot->num_sites + 1, sizeof(struct seep_known_site *));
	if (write.processes && write.sites)
		error = transact(&write);
	free(write.processes);
	free(write.sites);
	seep_buffer_done(&write.text);
	return error;
}

/* With a reader in the file a part of the log has to wait, which is no failure. */
static int checkpoint(struct seep_writer *writer)
{
	uint64_t now_ns = writer->last.elapsed_ns;

	if (writer->checkpoint_ns <= now_ns && now_ns - writer->checkpoint_ns < CHECKPOINT_NS)
		return 0;
	writer->checkpoint_ns = now_ns;
	errno = 0;
	return seep_sqlite_error(sqlite3_wal_checkpoint_v2(writer->database, NULL,
							   SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

int seep_writer_tidy(struct seep_writer *writer)
{
	int error = writer->num_instants ? seep_writer_thin(writer) : 0;
	int other = checkpoint(writer);

	return error ? error : other;
}
