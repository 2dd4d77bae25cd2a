// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only file that calls SQLite for values: results become -errno in one place, and a failure
 * stops all that follows, so callers bind and read without asking after each value. errno is
 * cleared before a step, because it is the only way to learn why a write failed.
 */
#include "store/query.h"

#include <errno.h>
#include <limits.h>
#include <math.h>

#include "model/snapshot.h"

int seep_sqlite_error(int code)
{
	/* Read at once: errno is what the last call of the system said. */
	int said = errno > 0 ? -errno : -EIO;

	/* The low byte is the primary code; the rest says more precisely what it was. */
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return code == SQLITE_IOERR_NOMEM ? -ENOMEM : said;
	case SQLITE_CANTOPEN:
		return said;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	/* The rows of the writer keep the constraints, unless those in the file are damaged. */
	case SQLITE_CONSTRAINT:
	case SQLITE_INTERRUPT: /* more work than a file of this size can be */
		return -EBADMSG;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

int seep_sqlite_run(sqlite3 *database, const char *sql)
{
	errno = 0;
	return seep_sqlite_error(sqlite3_exec(database, sql, NULL, NULL, NULL));
}

int seep_query_prepare(sqlite3 *database, const char *sql, struct seep_query *ret_query)
{
	struct seep_query query = {0};
	int code;

	errno = 0;
	/*
	 * PERSISTENT: SQLite may spend memory on a statement that is used for long, but takes none
	 * from the lookaside of the connection.
	 */
	code = sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &query.statement,
				  NULL);
	if (code != SQLITE_OK)
		return seep_sqlite_error(code);
	*ret_query = query;
	return 0;
}

void seep_query_done(struct seep_query *query)
{
	sqlite3_finalize(query->statement);
	query->statement = NULL;
}

void seep_query_begin(struct seep_query *query)
{
	/* Its result is that of the step before, which was looked at. */
	(void)sqlite3_reset(query->statement);
	query->position = 0;
	query->error = 0;
}

/* The first failure stays; those after it mostly follow from it. */
static void keep_error(struct seep_query *query, int code)
{
	if (!query->error)
		query->error = seep_sqlite_error(code);
}

void seep_bind_int(struct seep_query *query, int64_t value)
{
	keep_error(query, sqlite3_bind_int64(query->statement, ++query->position, value));
}

void seep_bind_null(struct seep_query *query)
{
	keep_error(query, sqlite3_bind_null(query->statement, ++query->position));
}

void seep_bind_uint(struct seep_query *query, uint64_t value)
{
	if (value == SEEP_UNKNOWN)
		seep_bind_null(query);
	else
		seep_bind_int(query, (int64_t)value);
}

void seep_bind_real(struct seep_query *query, double value)
{
	keep_error(query, sqlite3_bind_double(query->statement, ++query->position, value));
}

/* STATIC: SQLite takes no copy, so the text must stay until the query has run. */
void seep_bind_text(struct seep_query *query, const char *text)
{
	keep_error(query,
		   sqlite3_bind_text(query->statement, ++query->position, text, -1, SQLITE_STATIC));
}

void seep_bind_text_copy(struct seep_query *query, const char *text)
{
	keep_error(query, sqlite3_bind_text(query->statement, ++query->position, text, -1,
					    SQLITE_TRANSIENT));
}

void seep_bind_bytes(struct seep_query *query, const void *bytes, size_t length)
{
	if (length > INT_MAX)
		keep_error(query, SQLITE_TOOBIG);
	else if (length == 0)
		seep_bind_null(query);
	else
		keep_error(query, sqlite3_bind_blob(query->statement, ++query->position, bytes,
						    (int)length, SQLITE_STATIC));
}

int seep_query_step(struct seep_query *query)
{
	int code;

	if (query->error)
		return query->error;
	errno = 0;
	code = sqlite3_step(query->statement);
	query->position = 0;
	if (code == SQLITE_ROW)
		return 1;
	keep_error(query, code);
	return query->error;
}

int seep_query_run(struct seep_query *query)
{
	int result = seep_query_step(query);

	seep_query_begin(query);
	return result < 0 ? result : 0;
}

/* Columns are read in the order of the SELECT: each of these functions passes to the next. */
int64_t seep_column_int(struct seep_query *query)
{
	return sqlite3_column_int64(query->statement, query->position++);
}

bool seep_column_is_null(const struct seep_query *query)
{
	return sqlite3_column_type(query->statement, query->position) == SQLITE_NULL;
}

uint64_t seep_column_uint(struct seep_query *query)
{
	bool unknown = seep_column_is_null(query);
	uint64_t value = (uint64_t)seep_column_int(query);

	return unknown ? SEEP_UNKNOWN : value;
}

double seep_column_real(struct seep_query *query)
{
	bool unknown = seep_column_is_null(query);
	double value = sqlite3_column_double(query->statement, query->position++);

	return unknown ? (double)NAN : value;
}

/* NULL stands for NULL and for a lack of memory. */
static void check_pointer(struct seep_query *query, bool null, const void *pointer)
{
	if (!null && !pointer &&
	    sqlite3_errcode(sqlite3_db_handle(query->statement)) == SQLITE_NOMEM)
		keep_error(query, SQLITE_NOMEM);
}

const char *seep_column_text(struct seep_query *query)
{
	bool null = seep_column_is_null(query);
	const char *text = (const char *)sqlite3_column_text(query->statement, query->position++);

	check_pointer(query, null, text);
	return text;
}

const void *seep_column_bytes(struct seep_query *query, size_t *ret_length)
{
	bool null = seep_column_is_null(query);
	const void *bytes = sqlite3_column_blob(query->statement, query->position);

	*ret_length = bytes ? (size_t)sqlite3_column_bytes(query->statement, query->position) : 0;
	check_pointer(query, null, bytes);
	query->position++;
	return bytes;
}
