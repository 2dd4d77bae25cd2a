/* SPDX-License-Identifier: GPL-2.0-only */
/* Bounded reads of whole files, and output files that appear whole or not at all. */
#ifndef SEEP_BASE_FILE_H
#define SEEP_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * Reads @path, relative to the directory @dirfd (or AT_FDCWD), until its end, whatever size it
 * claims (files in /proc claim 0), and appends it to @buffer. 0; -EFBIG when it is longer than
 * @max_bytes; else the -errno of openat or read, or the error of the buffer. On failure @buffer has
 * what it had.
 */
int seep_file_read_at(int dirfd, const char *path, size_t max_bytes, struct seep_buffer *buffer);

/*
 * Replaces the first "%t" of @pattern by the time stamp of seep_clock_format_file; without one the
 * copy equals @pattern. 0 or -ENOMEM; the caller frees *ret_path.
 */
int seep_file_expand_time(const char *pattern, uint64_t utc_ns, char **ret_path);
bool seep_file_has_time(const char *pattern);

/*
 * Writes @length bytes to @path whole: into a new file next to it, then renamed over it. "-" is
 * standard output; what exists and is not a regular file (a FIFO, /dev/null) is written in place,
 * and a symbolic link stays one: the file that it leads to is replaced. Mode 0644 less the umask. A
 * failure leaves what was at @path as it was and no other file behind. 0 or -errno (-ENOSPC; -EPIPE
 * where the program ignores SIGPIPE; -SEEP_EFOREIGN for what another user has put in the way, see
 * base/output_path.h). The file is not synced: it is for readers on a running system.
 */
int seep_file_write(const char *path, const void *bytes, size_t length);

/* Writes everything to @fd, however often write() stops short. 0 or -errno. */
int seep_file_write_fd(int fd, const void *bytes, size_t length);

#endif
