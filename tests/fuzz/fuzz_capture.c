// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of captures. The input says what becomes of a good one: bytes that are changed, or
 * values that are put into columns. What can be loaded then is rendered, in a format that the
 * length chooses.
 *
 * Bytes: 'b', then offset (3 bytes, little endian) and value of each. Values: 'v', then column (1
 * byte), type (1 byte), length (1 byte) and contents of each.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "formats/formats.h"
#include "report/report.h"
#include "store/reader.h"
#include "store/world.h"
#include "store/writer.h"
#include "verdict/judgement.h"

#define SNAPSHOTS     3
#define COLUMNS_MAX   256
#define STATEMENT_MAX 160

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char path[64];
static struct seep_buffer good = SEEP_BUFFER_INIT;
static char statements[COLUMNS_MAX][STATEMENT_MAX];
static size_t num_columns;

static void require(int condition)
{
	if (!condition)
		abort();
}

static void make_capture(void)
{
	static const struct seep_group groups[] = {{"file", 1, 0}};
	static const struct seep_details details = {1, groups, 0, NULL};
	const struct seep_writer_config config = {0};
	const char *const evidence[] = {"it grows", "nothing is released"};
	struct seep_correlated correlated[2] = {{.measure = "open_descriptors", .correlation = 1}};
	struct seep_judgement judgement = {
		.class = "leak",
		.pattern = "linear",
		.severity = "high",
		.num_evidence = 2,
		.evidence = evidence,
		.num_advice = 1,
		.advice = evidence,
		.num_correlated = 2,
		.correlated = correlated,
	};
	const struct seep_process_judgement growth = {
		.health = "unexplained",
		.num_evidence = 1,
		.evidence = evidence,
	};
	struct seep_writer *writer;
	struct world world;

	world_init(&world, 2, 4, 1);
	world.sites[1].details = &details;
	correlated[1].site = world.sorted;
	world.sites[0].judgement = &judgement;
	world.processes[1].judgement = &growth;
	require(!seep_writer_open(path, &config, &writer));
	for (int i = 0; i < SNAPSHOTS; i++) {
		world_step(&world, SEEP_NS_PER_S, 50);
		require(!seep_writer_write(writer, &world.snapshot, world.symbolizer));
	}
	seep_writer_close(writer);
	world_done(&world);
	require(!seep_file_read_at(AT_FDCWD, path, SIZE_MAX, &good));
}

/* One statement for each column. */
static void list_columns(void)
{
	sqlite3_stmt *statement;
	sqlite3 *database;

	require(sqlite3_open(path, &database) == SQLITE_OK);
	require(sqlite3_prepare_v2(
			database,
			"SELECT printf('UPDATE OR IGNORE %s SET \"%s\" = ?1', t.name, c.name) "
			"FROM sqlite_schema t, pragma_table_info(t.name) c "
			"WHERE t.type = 'table'",
			-1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW && num_columns < COLUMNS_MAX)
		snprintf(statements[num_columns++], STATEMENT_MAX, "%s",
			 (const char *)sqlite3_column_text(statement, 0));
	require(num_columns > 50);
	sqlite3_finalize(statement);
	sqlite3_close(database);
}

static void clean_up(void)
{
	unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	snprintf(path, sizeof(path), "/dev/shm/seep-fuzz-%d.seep", (int)getpid());
	atexit(clean_up);
	make_capture();
	list_columns();
	return 0;
}

static void write_file(const uint8_t *data, size_t length)
{
	char *bytes = malloc(good.length);

	require(bytes != NULL);
	memcpy(bytes, good.data, good.length);
	for (; length >= 4; data += 4, length -= 4)
		bytes[(data[0] | data[1] << 8 | data[2] << 16) % good.length] = (char)data[3];
	require(!seep_file_write(path, bytes, good.length));
	free(bytes);
}

static void bind(sqlite3_stmt *statement, uint8_t type, const uint8_t *bytes, size_t length)
{
	union {
		int64_t integer;
		double real;
		uint8_t bytes[8];
	} number = {0};

	memcpy(number.bytes, bytes, length < 8 ? length : 8);
	switch (type % 5) {
	case 0:
		sqlite3_bind_int64(statement, 1, number.integer);
		break;
	case 1:
		sqlite3_bind_double(statement, 1, number.real);
		break;
	case 2:
		sqlite3_bind_text(statement, 1, (const char *)bytes, (int)length, SQLITE_STATIC);
		break;
	case 3:
		sqlite3_bind_blob(statement, 1, bytes, (int)length, SQLITE_STATIC);
		break;
	default:
		break; /* NULL, which some columns do not take */
	}
}

static void put_values(const uint8_t *data, size_t length)
{
	sqlite3_stmt *statement;
	sqlite3 *database;

	require(sqlite3_open(path, &database) == SQLITE_OK);
	sqlite3_exec(database, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL,
		     NULL);
	while (length >= 3) {
		size_t size = data[2] < length - 3 ? data[2] : length - 3;

		require(sqlite3_prepare_v2(database, statements[data[0] % num_columns], -1,
					   &statement, NULL) == SQLITE_OK);
		bind(statement, data[1], data + 3, size);
		sqlite3_step(statement);
		sqlite3_finalize(statement);
		data += 3 + size;
		length -= 3 + size;
	}
	sqlite3_close(database);
}

static void use(struct seep_reader *reader, const struct seep_loaded *loaded, const char *format)
{
	const struct seep_report_options options = {.top = SIZE_MAX, .verbose = true};
	struct seep_buffer out = SEEP_BUFFER_INIT;
	struct seep_point *points;
	size_t count;

	require(!seep_report_find(format)->render(&loaded->snapshot, loaded->symbolizer, &options,
						  &out));
	seep_buffer_done(&out);
	if (loaded->snapshot.num_sites > 0 &&
	    !seep_reader_site_series(reader, loaded, loaded->snapshot.sites, &points, &count))
		free(points);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const char *const formats[] = {"text", "json", "folded", "pprof", "flamegraph"};
	struct seep_moment *moments;
	struct seep_loaded *loaded;
	struct seep_reader *reader;
	size_t count;

	if (length < 1)
		return 0;
	if (data[0] == 'b') {
		write_file(data + 1, length - 1);
	} else {
		write_file(NULL, 0);
		put_values(data + 1, length - 1);
	}
	if (seep_reader_open(path, &reader))
		return 0;
	if (!seep_reader_list(reader, &moments, &count)) {
		if (count && !seep_reader_load(reader, moments[count - 1].id, &loaded)) {
			use(reader, loaded, formats[length % 5]);
			seep_loaded_free(loaded);
		}
		free(moments);
	}
	seep_reader_close(reader);
	return 0;
}
