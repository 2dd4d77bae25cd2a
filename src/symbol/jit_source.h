/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file in which a program names the code that it makes, read as it grows. Opening it is the
 * caller's: who it belongs to decides whether it is to be believed. It is read, never mapped, a
 * bounded part at a time.
 */
#ifndef SEEP_SYMBOL_JIT_SOURCE_H
#define SEEP_SYMBOL_JIT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/jit_map.h"

/* Read at once; what is behind waits for the next time. */
#define SEEP_JIT_READ_MAX (128U << 20)

struct seep_jit_source;

/* Takes @fd, a regular file of this format, also on failure. 0 or -ENOMEM. */
int seep_jit_source_new(int fd, enum seep_jit_format format, struct seep_jit_source **ret_source);
void seep_jit_source_free(struct seep_jit_source *source);

/*
 * Takes in what the file has got since the last time; begins again if it was written anew. 0 or
 * -errno; what was read before stays.
 */
int seep_jit_source_read(struct seep_jit_source *source);

/* See seep_jit_map_find, ..._bytes and ..._is_full. */
const char *seep_jit_source_find(const struct seep_jit_source *source, uint64_t address);
size_t seep_jit_source_bytes(const struct seep_jit_source *source);
bool seep_jit_source_is_full(const struct seep_jit_source *source);

/* Another file may have its name by now. */
bool seep_jit_source_is_deleted(const struct seep_jit_source *source);

#endif
