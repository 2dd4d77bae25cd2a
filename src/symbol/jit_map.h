/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of code that a program makes at run time, from what it writes about it: perf maps
 * (linux/tools/perf/Documentation/jit-interface.txt) and jitdump files (jitdump-specification.txt
 * in the same place). Bytes in, names out; the target is free to write anything, so whatever makes
 * no sense is skipped, and memory has the caps of jit_ranges.h.
 *
 * Both formats only grow. So they are taken in piece by piece: each call gets the bytes from where
 * the one before ended, and tells how far it came.
 */
#ifndef SEEP_SYMBOL_JIT_MAP_H
#define SEEP_SYMBOL_JIT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whoever offers so many bytes gets further, unless the rest of the file is still to be written. */
#define SEEP_JIT_PIECE_BYTES (64U << 10)

enum seep_jit_format {
	SEEP_JIT_PERF_MAP,
	SEEP_JIT_DUMP,
};

struct seep_jit_map;

/* 0 or -ENOMEM. */
int seep_jit_map_new(enum seep_jit_format format, struct seep_jit_map **ret_map);
void seep_jit_map_free(struct seep_jit_map *map);

/* Forgets everything: the next bytes are the first of a file again. */
void seep_jit_map_clear(struct seep_jit_map *map);

/*
 * Takes in the next @length bytes. *ret_used: how far it came, that is whole lines or records; of
 * code in a jitdump only the size matters, so it may be more than @length. 0; -EINVAL: this is no
 * jitdump of version 1 in our byte order, or broken from here on; -ENOMEM.
 */
int seep_jit_map_add(struct seep_jit_map *map, const void *bytes, size_t length,
		     uint64_t *ret_used);

/* To be called after the last of many pieces: without it looking up is slow. 0 or -ENOMEM. */
int seep_jit_map_settle(struct seep_jit_map *map);

/* The name of the code at @address, raw, or NULL. Valid until something is added. */
const char *seep_jit_map_find(const struct seep_jit_map *map, uint64_t address);

/* Memory that it has, bytes. */
size_t seep_jit_map_bytes(const struct seep_jit_map *map);

/* A cap was reached: there is code that it has not taken in. */
bool seep_jit_map_is_full(const struct seep_jit_map *map);

#endif
