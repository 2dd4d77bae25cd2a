/* SPDX-License-Identifier: GPL-2.0-only */
/* A capture that is read, and moments of it. What goes wrong is said here, in words of a user. */
#ifndef SEEP_ARCHIVE_ARCHIVE_H
#define SEEP_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/reader.h"

struct seep_archive {
	const char *path; /* the caller's */
	struct seep_reader *reader;
	struct seep_moment *moments; /* at least one */
	size_t num_moments;
};

/* 0, or -errno after saying what is wrong; then there is nothing to close. */
int seep_archive_open(const char *path, struct seep_archive *ret_archive);
void seep_archive_close(struct seep_archive *archive);

/* Are they the same file? */
bool seep_archive_is_same(const struct seep_archive *a, const struct seep_archive *b);

/* For at_ns: the last moment. */
#define SEEP_ARCHIVE_END UINT64_MAX

/* The moment nearest to @at_ns after the capture began; of two as near the earlier. */
const struct seep_moment *seep_archive_find(const struct seep_archive *archive, uint64_t at_ns);

/* 0, or -EINVAL after saying that @at_ns of --@option is behind the last moment. */
int seep_archive_check_time(const struct seep_archive *archive, const char *option, uint64_t at_ns);

/*
 * A snapshot of the capture; the caller frees it with seep_loaded_free. 0, or -errno after saying
 * what is wrong.
 */
int seep_archive_load(const struct seep_archive *archive, const struct seep_moment *moment,
		      struct seep_loaded **ret_loaded);

#endif
