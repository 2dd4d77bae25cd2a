// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of a file are compared with those of a database that is made in memory from
 * schema.sql, by their text: that is simpler than to know what SQLite might do with tables that are
 * only similar. Called once for each file that is opened, before anything else is read from it.
 * Older versions lack tables (version_of); triggers and indexes that are none of ours are refused
 * in all.
 */
#include "store/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/asset.h"
#include "store/query.h"

SEEP_ASSET(seep_schema_sql, "src/store/schema.sql");

#define HEADER_SQL_MAX 160

/* For the cleanup attribute. */
static void close_database(sqlite3 **database)
{
	sqlite3_close(*database);
}

/* An empty capture in memory. The vacuum mode can be chosen before there is a table only. */
static int make(sqlite3 **ret_database)
{
	__attribute__((cleanup(close_database))) sqlite3 *database = NULL;
	char header[HEADER_SQL_MAX];
	int error;

	error = seep_sqlite_error(sqlite3_open_v2(
		":memory:", &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (error)
		return error;
	snprintf(header, sizeof(header),
		 "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; "
		 "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 SEEP_CAPTURE_PAGE_BYTES, SEEP_CAPTURE_APPLICATION_ID, SEEP_CAPTURE_VERSION);
	error = seep_sqlite_run(database, header);
	if (!error)
		error = seep_sqlite_run(database, seep_schema_sql);
	if (error)
		return error;
	*ret_database = database;
	database = NULL;
	return 0;
}

/* The file is created from an image, so it never exists without its tables. */
int seep_schema_image(struct seep_buffer *image)
{
	__attribute__((cleanup(close_database))) sqlite3 *database = NULL;
	sqlite3_int64 length;
	unsigned char *bytes;
	int error = make(&database);

	if (error)
		return error;
	bytes = sqlite3_serialize(database, "main", &length, 0);
	if (!bytes)
		return -ENOMEM;
	seep_buffer_append(image, bytes, (size_t)length);
	sqlite3_free(bytes);
	return image->error;
}

/* The number that a pragma says. */
static int read_number(sqlite3 *database, const char *pragma, int64_t *ret_number)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_query_prepare(database, pragma, &query);

	if (!result)
		result = seep_query_step(&query);
	if (result < 0)
		return result;
	*ret_number = result ? seep_column_int(&query) : 0;
	return 0;
}

/* The version that a table came with. */
static int version_of(const char *name)
{
	static const struct {
		const char *name;
		int version;
	} tables[] = {{"vitals", 2},	{"companions", 2}, {"ages", 2},
		      {"unmatched", 3}, {"limits", 4},	   {"tracing", 5},
		      {"estimates", 5}, {"samplings", 6},  {"go_figures", 7}};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (strcmp(name, tables[i].name) == 0)
			return tables[i].version;
	}
	return SEEP_CAPTURE_VERSION_OLDEST;
}

/* @database has what stands in the present row of @expected, if its version has that at all. */
static int check_object(struct seep_query *expected, struct seep_query *found, int version)
{
	const char *name = seep_column_text(expected);
	const char *sql = seep_column_text(expected);
	const char *found_sql;
	int result;

	if (expected->error)
		return expected->error;
	/* An older capture may lack it, and the loader does not ask for it. */
	if (version_of(name) > version)
		return 0;
	seep_query_begin(found);
	seep_bind_text(found, name);
	result = seep_query_step(found);
	if (result < 0)
		return result;
	found_sql = result ? seep_column_text(found) : NULL;
	if (expected->error || found->error)
		return expected->error ? expected->error : found->error;
	return found_sql && strcmp(found_sql, sql) == 0 ? 0 : -EBADMSG;
}

/*
 * Every object of ours has to be in the file, with the same text. Automatic indexes have no text.
 */
static int check_objects(sqlite3 *database, int version)
{
	__attribute__((cleanup(close_database))) sqlite3 *memory = NULL;
	SEEP_AUTO_QUERY struct seep_query expected = {0};
	SEEP_AUTO_QUERY struct seep_query found = {0};
	int result = make(&memory);

	if (!result)
		result = seep_query_prepare(memory,
					    "SELECT name, sql FROM sqlite_schema "
					    "WHERE sql IS NOT NULL",
					    &expected);
	if (!result)
		result = seep_query_prepare(
			database, "SELECT sql FROM sqlite_schema WHERE name = ?1", &found);
	while (!result) {
		result = seep_query_step(&expected);
		if (result <= 0)
			return result;
		result = check_object(&expected, &found, version);
	}
	return result;
}

/* Triggers and indexes are none of ours: the first would act, the second may be wrong. */
static int check_strangers(sqlite3 *database)
{
	int64_t strangers;
	int error = read_number(database,
				"SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' "
				"OR type = 'index' AND sql IS NOT NULL",
				&strangers);

	if (error)
		return error;
	return strangers ? -EBADMSG : 0;
}

int seep_schema_check(sqlite3 *database, int *ret_version)
{
	int64_t id, version;
	int error = read_number(database, "PRAGMA application_id", &id);

	if (!error)
		error = read_number(database, "PRAGMA user_version", &version);
	if (error)
		return error;
	if (id != SEEP_CAPTURE_APPLICATION_ID)
		return -EBADMSG;
	/* Before the tables are compared: a capture of a later version is no damaged one. */
	if (version < SEEP_CAPTURE_VERSION_OLDEST || version > SEEP_CAPTURE_VERSION)
		return -EPROTO;
	error = check_strangers(database);
	if (!error)
		error = check_objects(database, (int)version);
	if (!error)
		*ret_version = (int)version;
	return error;
}
