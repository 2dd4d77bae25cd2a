/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a process has grown between two moments, by what was resident of each of its mappings: in
 * mappings that have become larger, or in pages that are touched of what was there before.
 */
#ifndef SEEP_GROWTH_REGIONS_H
#define SEEP_GROWTH_REGIONS_H

#include <stdbool.h>

#include "proc/smaps.h"

/* The three parts of what is resident, as /proc/PID/status tells them apart. */
enum seep_resident {
	SEEP_RESIDENT_ANON,
	SEEP_RESIDENT_SHARED,
	SEEP_RESIDENT_FILE,
	SEEP_RESIDENT_COUNT
};

enum seep_region_kind {
	SEEP_REGION_HEAP,  /* that the program break ends: [heap] */
	SEEP_REGION_ARENA, /* of a thread, as glibc's malloc maps them */
	SEEP_REGION_ANON,  /* any other memory of no file, stacks too */
	SEEP_REGION_SHARED,
	SEEP_REGION_FILE,
	SEEP_REGION_KIND_COUNT
};

enum seep_region_kind seep_region_kind_of(const struct seep_region *region);

/* The mapping that has grown most in one way, by how much, as it is at the later moment. */
struct seep_region_growth {
	const struct seep_region *region; /* NULL: none has */
	double bytes;
};

/* Of all mappings of a kind, bytes. */
struct seep_kind_growth {
	double net;	 /* also what became less, and what is not mapped any more */
	double touched;	 /* of addresses that were mapped before */
	double extended; /* of others */
	struct seep_region_growth most_touched;
	struct seep_region_growth most_extended;
};

struct seep_regions_change {
	struct seep_kind_growth kinds[SEEP_REGION_KIND_COUNT];
	double resident[SEEP_REGION_KIND_COUNT]; /* at the later moment */
	unsigned int num_arenas;
};

/* Compares one part of what is resident. The result points into @after. */
void seep_regions_compare(const struct seep_smaps *before, const struct seep_smaps *after,
			  enum seep_resident part, struct seep_regions_change *ret_change);

/*
 * Does malloc of glibc serve this process, as far as the names of its files tell? Not if it has a
 * library of another allocator as well.
 */
bool seep_regions_have_glibc(const struct seep_smaps *smaps);

/* The file whose static data this is, which is mapped right before it; NULL: none. */
const struct seep_region *seep_region_image(const struct seep_smaps *smaps,
					    const struct seep_region *region);

#endif
