/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heaps of runtimes: all sites of one process that are arenas of one runtime, judged as one
 * sum. An arena is no object that somebody could forget; that there are ever more of them is
 * growth of what the runtime keeps in them.
 */
#ifndef SEEP_VERDICT_HEAPS_H
#define SEEP_VERDICT_HEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "growth/exhaust.h"
#include "model/snapshot.h"
#include "verdict/verdict.h"

/* What the heaps of a process are judged by, besides their sites. */
struct seep_heaps_moment {
	const struct seep_snapshot *snapshot;
	double before_s;		/* when the snapshot before was taken */
	bool idle;			/* the process has done nothing since */
	double free_bytes;		/* resident, and maybe a heap's; NAN: not known */
	const struct seep_usage *usage; /* SEEP_LIMIT_COUNT of them; NULL: not known */
};

struct seep_heap {
	enum seep_runtime runtime;
	uint64_t num_arenas;
	uint64_t mapped_bytes; /* of the arenas, touched or not */
	/*
	 * Those, or what has become resident since the trace began and is in no block of memory, if
	 * that is less: of arenas that are only reserved little is resident. This is what is
	 * judged.
	 */
	double used_bytes;
	struct seep_verdict verdict; /* never a leak, unless it is a pool */
	size_t num_sites;
};

struct seep_heaps;

/* 0 or -ENOMEM. */
int seep_heaps_new(struct seep_heaps **ret_heaps);
void seep_heaps_free(struct seep_heaps *heaps);

/* Is the site part of a heap? Then it is not judged alone. */
bool seep_heaps_have(const struct seep_site *site);

/*
 * Takes the next snapshot into account: begin, then each site of which seep_heaps_have is true or
 * that may grow a pool, then judge for each of its processes, then end, which forgets the
 * others. 0 or -ENOMEM.
 */
void seep_heaps_begin(struct seep_heaps *heaps);
int seep_heaps_add(struct seep_heaps *heaps, const struct seep_site *site);
/* Returns how many bytes all heaps of the process have in use. */
double seep_heaps_judge(struct seep_heaps *heaps, const struct seep_process *process,
			const struct seep_heaps_moment *moment);
void seep_heaps_end(struct seep_heaps *heaps);

/* The heap of @runtime in this process, or NULL. Valid until the next snapshot. */
const struct seep_heap *seep_heaps_find(const struct seep_heaps *heaps,
					const struct seep_process *process,
					enum seep_runtime runtime);

/*
 * The sum of all sites that grow the pool of @site, which has one, judged as one site: by the bytes
 * of its blocks, and it may be a leak. NULL if it is not known. Valid until the next snapshot.
 */
const struct seep_heap *seep_heaps_find_pool(const struct seep_heaps *heaps,
					     const struct seep_site *site);

#endif
