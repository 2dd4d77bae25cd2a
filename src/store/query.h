/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A prepared SQL statement whose values are bound, and whose columns are read, one after the other.
 * The first failure is kept, as in a seep_buffer, and is what the next step returns.
 *
 * The file is not trusted: a column of another type than expected is converted as SQLite does it,
 * so every value that comes from here is to be checked by what it means.
 */
#ifndef SEEP_STORE_QUERY_H
#define SEEP_STORE_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_query {
	sqlite3_stmt *statement;
	int position; /* of the value bound last, from 1; of the column read next, from 0 */
	int error;    /* 0 or the first -errno */
};

/*
 * What a result code of SQLite is as -errno: what the system said (-ENOSPC, -EROFS, -EIO ...);
 * -EBUSY: another process writes; -EBADMSG: the file is damaged, or no database at all; -E2BIG;
 * -EACCES; -ENOMEM; what can only be a mistake of ours is -EINVAL.
 *
 * What the system said is looked for in errno, which is to be 0 before the call:
 * sqlite3_system_errno knows nothing of a COMMIT that failed.
 */
int seep_sqlite_error(int code);

/* Runs statements that return nothing of interest. 0 or -errno. */
int seep_sqlite_run(sqlite3 *database, const char *sql);

/* 0 or -errno. */
int seep_query_prepare(sqlite3 *database, const char *sql, struct seep_query *ret_query);
void seep_query_done(struct seep_query *query);

#define SEEP_AUTO_QUERY __attribute__((cleanup(seep_query_done)))

/* Forgets rows, values and failures; the next value that is bound is the first. */
void seep_query_begin(struct seep_query *query);

/* Text and bytes have to stay where they are until the query has run. */
void seep_bind_int(struct seep_query *query, int64_t value);
void seep_bind_uint(struct seep_query *query, uint64_t value);	 /* NULL for SEEP_UNKNOWN */
void seep_bind_real(struct seep_query *query, double value);	 /* NULL for NAN */
void seep_bind_text(struct seep_query *query, const char *text); /* NULL for NULL */
/* The same for a text that ends before the query is run. */
void seep_bind_text_copy(struct seep_query *query, const char *text);
void seep_bind_bytes(struct seep_query *query, const void *bytes, size_t length); /* 0: NULL */
void seep_bind_null(struct seep_query *query);

/* Goes to the next row: 1, 0 if there is none, or -errno. */
int seep_query_step(struct seep_query *query);

/* Runs a statement without rows, and makes it ready to be bound anew. 0 or -errno. */
int seep_query_run(struct seep_query *query);

/* Reads the next column of the row. Text and bytes are valid until the next step. */
int64_t seep_column_int(struct seep_query *query);
uint64_t seep_column_uint(struct seep_query *query);	/* NULL is SEEP_UNKNOWN */
double seep_column_real(struct seep_query *query);	/* NULL is NAN */
const char *seep_column_text(struct seep_query *query); /* NULL is NULL; ends at the first NUL */
const void *seep_column_bytes(struct seep_query *query, size_t *ret_length);
bool seep_column_is_null(const struct seep_query *query); /* of the next; it is not passed */

#endif
