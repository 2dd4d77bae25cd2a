/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of a process that are watched. */
#ifndef SEEP_WATCH_VALUES_H
#define SEEP_WATCH_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "growth/rise.h"
#include "model/snapshot.h"

/* What has pages: blocks, mappings, and stacks of threads, also of those that nobody joins. */
#define SEEP_WATCH_MAPPED (SEEP_KIND_BIT(SEEP_KIND_MAPPING) | SEEP_KIND_BIT(SEEP_KIND_THREAD))
#define SEEP_WATCH_PAGES  (SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_WATCH_MAPPED)

/*
 * X(enum suffix, key in JSON, what people call it, unit (bytes, or 0: it is counted), least growth
 * that is worth a word, kinds of which objects may be behind it, kind whose limits it uses up).
 *
 * In this order: what grows because something before it in the list does is no news, so DATA and
 * SIZE come last.
 */
#define SEEP_WATCH_VALUES(X)                                                                       \
	/* resident, or swapped out */                                                             \
	X(ANON, "anon_bytes", "memory", 4096, SEEP_RISE_BYTES, SEEP_WATCH_PAGES, SEEP_KIND_MEMORY) \
	X(SHMEM, "shmem_bytes", "shared memory", 4096, SEEP_RISE_BYTES, SEEP_WATCH_PAGES,          \
	  SEEP_KIND_MEMORY)                                                                        \
	X(FILE, "file_bytes", "mapped files", 4096, SEEP_RISE_FILE_BYTES, SEEP_WATCH_MAPPED,       \
	  SEEP_KIND_MEMORY)                                                                        \
	X(FDS, "descriptors", "descriptors", 0, 8, SEEP_KIND_BIT(SEEP_KIND_FD), SEEP_KIND_FD)      \
	X(THREADS, "threads", "threads", 0, 4, SEEP_KIND_BIT(SEEP_KIND_THREAD), SEEP_KIND_THREAD)  \
	/* what brk and mmap have given it to write to, touched or not */                          \
	X(DATA, "data_bytes", "mapped memory", 4096, 1048576.0, SEEP_WATCH_PAGES,                  \
	  SEEP_KIND_MEMORY)                                                                        \
	X(SIZE, "size_bytes", "address space", 4096, 16777216.0, SEEP_WATCH_MAPPED,                \
	  SEEP_KIND_MEMORY)

enum seep_watch_value {
#define SEEP_WATCH_VALUE_ENUM(name, key, text, unit, least, kinds, limits) SEEP_WATCH_##name,
	SEEP_WATCH_VALUES(SEEP_WATCH_VALUE_ENUM)
#undef SEEP_WATCH_VALUE_ENUM
	SEEP_WATCH_VALUE_COUNT /* none */
};

struct seep_watch_kind {
	const char *key;
	const char *text;
	double unit; /* 0: it is counted */
	double least;
	uint32_t kinds;
	enum seep_kind limits;
};

const struct seep_watch_kind *seep_watch_kind(enum seep_watch_value value);

static inline bool seep_watch_in_bytes(enum seep_watch_value value)
{
	return seep_watch_kind(value)->unit > 0;
}

#endif
