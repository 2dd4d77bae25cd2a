// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each processor of Go takes small objects from spans of its own, and the runtime counts them when
 * a span is full (mcache.refill), or when the program itself asks for MemStats. Until then the span
 * knows how many objects it has, and how many it had when the processor got it.
 *
 * Bounded by SEEP_GO_PROCS_MAX processors with SPANS spans each.
 */
#include "golang/memstats_private.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* Of each class one for objects with pointers, and one for those without. */
#define SPANS (2 * SEEP_GO_SIZE_CLASSES)

/* The smallest objects in the smallest span, and the largest number of such that is believed. */
#define SPAN_OBJECTS_MAX 8192

/* A cache (mcache.go) from tinyAllocs on. */
struct cache {
	uint64_t tiny_allocs;
	uint64_t spans[SPANS];
};

/* A span (mheap.go) from allocCount on. */
struct span {
	uint16_t objects;
	uint16_t others[2];
	uint16_t objects_before; /* allocCountBeforeCache */
};

_Static_assert(sizeof(struct span) == 8, "as in mheap.go");

/* runtime.allp. */
struct proc_slice {
	uint64_t array;
	uint64_t length;
	uint64_t room;
};

int seep_go_procs_read(const struct seep_go *go, uint64_t *procs, size_t *ret_count)
{
	struct proc_slice slice;
	int32_t id;
	int error = seep_remote_read(go->remote, seep_go_variable(go, SEEP_GO_ALLP), &slice,
				     sizeof(slice));

	if (error)
		return error;
	if (!slice.length || slice.length > SEEP_GO_PROCS_MAX || slice.length > slice.room)
		return -EPROTO;
	error = seep_remote_read(go->remote, slice.array, procs, slice.length * sizeof(*procs));
	/* Each begins with its number. */
	for (size_t i = 0; i < slice.length && !error; i++) {
		error = seep_remote_read(go->remote, procs[i], &id, sizeof(id));
		if (!error && id != (int32_t)i)
			error = -EPROTO;
	}
	if (!error)
		*ret_count = slice.length;
	return error;
}

/* Adds what is in the spans of a cache. */
static int add_cache(const struct seep_go *go, const struct cache *cache,
		     struct seep_go_objects *objects)
{
	struct seep_remote_part parts[SPANS];
	struct span spans[SPANS];
	uint8_t classes[SPANS];
	size_t count = 0;
	int error;

	for (size_t i = 1; i < SPANS; i++) {
		/* Where there is none is one that is always empty, as of class 0, which has none.
		 */
		if (cache->spans[i] == cache->spans[0])
			continue;
		parts[count] = (struct seep_remote_part){
			cache->spans[i] + go->layout.offsets[SEEP_GO_MSPAN_COUNT], sizeof(*spans),
			&spans[count], 0};
		classes[count++] = (uint8_t)(i / 2);
	}
	error = seep_remote_read_parts(go->remote, parts, count);
	for (size_t i = 0; i < count && !error; i++) {
		const struct span *span = &spans[i];

		/* One that is just being replaced may say anything. */
		if (!parts[i].error && span->objects >= span->objects_before &&
		    span->objects <= SPAN_OBJECTS_MAX)
			objects->small_allocs[classes[i]] +=
				(uint64_t)(span->objects - span->objects_before);
	}
	objects->tiny_allocs += cache->tiny_allocs;
	return error;
}

int seep_go_caches_add(const struct seep_go *go, const uint64_t *procs, size_t count,
		       struct seep_go_objects *objects)
{
	const uint32_t *offsets = go->layout.offsets;
	struct cache cache;
	uint64_t address;

	for (size_t i = 0; i < count; i++) {
		int error = seep_remote_read(go->remote, procs[i] + offsets[SEEP_GO_P_MCACHE],
					     &address, sizeof(address));

		if (!error && !address)
			continue;
		if (!error)
			error = seep_remote_read(go->remote, address + offsets[SEEP_GO_MCACHE_TINY],
						 &cache, sizeof(cache));
		if (!error)
			error = add_cache(go, &cache, objects);
		if (error)
			return error;
	}
	return 0;
}
