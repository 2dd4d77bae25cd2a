/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which name a range of addresses was given last. Code comes and goes where other code was, so a
 * range replaces what it covers of those before it, and only that.
 *
 * Built for what a hostile program may write: a range costs 16 bytes and its name, and there are
 * caps. New ranges wait in a short list and are merged into the sorted ones when that is full, so
 * that a million of them take a second in any order.
 */
#ifndef SEEP_SYMBOL_JIT_RANGES_H
#define SEEP_SYMBOL_JIT_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEP_JIT_RANGES_MAX	(1U << 20) /* that are not covered; a few thousand may be past it */
#define SEEP_JIT_NAMES_MAX	(64U << 20) /* bytes */
#define SEEP_JIT_NAME_MAX_BYTES 4096	    /* what a longer name is cut to */
#define SEEP_JIT_RECENT_MAX	8192

struct seep_jit_range {
	uint64_t start;
	uint32_t size; /* bytes, not 0 */
	uint32_t name; /* offset in names */
};

/* Starts zeroed. */
struct seep_jit_ranges {
	struct seep_jit_range *settled; /* ascending, without overlaps */
	size_t num_settled;
	struct seep_jit_range *recent; /* in the order of their coming, all after the settled */
	size_t num_recent;
	char *names; /* each with its NUL */
	size_t names_used;
	size_t names_capacity;
	bool full; /* a cap was reached: what comes later is not taken */
};

void seep_jit_ranges_done(struct seep_jit_ranges *ranges);

/* The caps of ranges and names; to be asked before a range is added. False sets full. */
bool seep_jit_ranges_has_room(struct seep_jit_ranges *ranges);

/*
 * Adds a range with the name of @length bytes. Ignored if it is empty, has no name, is past the end
 * of all addresses or is larger than 4 GiB, as no function is, or if there is no room. 0 or
 * -ENOMEM.
 */
int seep_jit_ranges_add(struct seep_jit_ranges *ranges, uint64_t start, uint64_t size,
			const char *name, size_t length);

/* Adds a range with the name of the one that has @known in it; ignored as above, or without one. */
int seep_jit_ranges_add_like(struct seep_jit_ranges *ranges, uint64_t start, uint64_t size,
			     uint64_t known);

/* Merges what is recent, so that looking up is fast. 0 or -ENOMEM: then all is as before. */
int seep_jit_ranges_settle(struct seep_jit_ranges *ranges);

/* The name at @address, or NULL. Valid until something is added. */
const char *seep_jit_ranges_find(const struct seep_jit_ranges *ranges, uint64_t address);

/* Memory that it has. */
size_t seep_jit_ranges_bytes(const struct seep_jit_ranges *ranges);

#endif
