/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that a capture is in, as a file: who may write to it, and what SQLite lays beside it.
 *
 * There is one writer at a time: it holds a lock (flock(2)) on the file from the beginning to the
 * end, which the locks of SQLite, held during a transaction only, have nothing to do with. A new
 * capture appears with its tables in it, by rename, so there is no moment with half of one.
 */
#ifndef SEEP_STORE_CAPTURE_FILE_H
#define SEEP_STORE_CAPTURE_FILE_H

#include <stdbool.h>

/*
 * Locks the capture at @path; makes it if there is none, or if there is one and @keep is false.
 * *ret_lock: the descriptor that holds the lock; it may be closed after the database only, because
 * that takes the locks of SQLite with it (fcntl(2): those of a process end with any descriptor of
 * the file). 0; -EBUSY: somebody writes to it; -EEXIST: something that is no capture is there, or
 * no regular file; -SEEP_EFOREIGN: another user's (base/output_path.h); -errno.
 */
int seep_capture_file_lock(const char *path, bool keep, int *ret_lock);

/*
 * Is what SQLite has beside the file, if there is any of it, ours? Another user could have laid it
 * there between the lock and its being opened. 0; -SEEP_EFOREIGN; -errno.
 */
int seep_capture_file_check_log(const char *path);

/* There is a write-ahead log beside the file. */
bool seep_capture_file_has_log(const char *path);

#endif
