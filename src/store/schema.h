/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of a capture: schema.sql, which is also their documentation. A file is a capture if
 * its application_id and user_version are ours
 * (https://www.sqlite.org/fileformat2.html#database_header) and its tables and views are, word for
 * word. Whoever prepares a file so that a table is a view, or has a trigger, so gets no further.
 */
#ifndef SEEP_STORE_SCHEMA_H
#define SEEP_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/buffer.h"

#define SEEP_CAPTURE_APPLICATION_ID 0x73656570 /* "seep" */
#define SEEP_CAPTURE_VERSION	    7	       /* one more with each change of schema.sql */
#define SEEP_CAPTURE_VERSION_OLDEST 1	       /* that can be read */

/*
 * The default since SQLite 3.12; larger pages would cost more of a log that has few rows per page.
 */
#define SEEP_CAPTURE_PAGE_BYTES 4096

/* Appends a capture without any run: the bytes of such a file. 0 or -errno. */
int seep_schema_image(struct seep_buffer *image);

/*
 * Only tables have come since version 1, so that a capture of an older one is as the present one
 * without them. 0, and the version; -EPROTO: of another one; -EBADMSG: not a capture; -errno.
 */
int seep_schema_check(sqlite3 *database, int *ret_version);

#endif
