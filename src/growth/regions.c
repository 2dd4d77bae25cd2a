// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both lists are ordered by address, so one pass over the two compares them. The kernel merges and
 * splits mappings, so they are compared by the addresses that they have in common, and of a mapping
 * that is in part new what has become resident counts as new first. seep_regions_compare takes time
 * in proportion to the number of mappings, and no memory.
 */
#include "growth/regions.h"

#include <math.h>
#include <string.h>

#include "proc/maps.h"

/* HEAP_MAX_SIZE of glibc's malloc/arena.c with 64-bit addresses; arenas are aligned to it. */
#define ARENA_BYTES (64UL << 20)

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum seep_region_kind seep_region_kind_of(const struct seep_region *region)
{
	const char *name = region->name;

	if (strcmp(name, "[heap]") == 0)
		return SEEP_REGION_HEAP;
	if (seep_maps_is_shared_memory(name))
		return SEEP_REGION_SHARED;
	if (!*name && region->writable && !region->shared && region->start % ARENA_BYTES == 0 &&
	    region->end - region->start <= ARENA_BYTES)
		return SEEP_REGION_ARENA;
	return !*name || *name == '[' ? SEEP_REGION_ANON : SEEP_REGION_FILE;
}

/* Private pages of a file that were written to are anonymous. */
static double value_of(const struct seep_region *region, enum seep_resident part)
{
	enum seep_region_kind kind = seep_region_kind_of(region);
	double of_file = (double)(region->resident_bytes - region->anon_bytes);

	if (region->anon_bytes > region->resident_bytes)
		of_file = 0;
	switch (part) {
	case SEEP_RESIDENT_ANON:
		return (double)region->anon_bytes;
	case SEEP_RESIDENT_SHARED:
		return kind == SEEP_REGION_SHARED ? of_file : 0;
	default:
		return kind == SEEP_REGION_FILE ? of_file : 0;
	}
}

/* What a mapping was before. */
struct past {
	double resident;
	double bytes; /* of its addresses, those that were mapped */
};

/* @at: the first mapping of before that may reach into @region; moved on for the next one. */
static struct past past_of(const struct seep_smaps *before, size_t *at,
			   const struct seep_region *region, enum seep_resident part)
{
	struct past past = {0, 0};

	while (*at < before->count && before->regions[*at].end <= region->start)
		(*at)++;
	for (size_t i = *at; i < before->count && before->regions[i].start < region->end; i++) {
		const struct seep_region *old = &before->regions[i];
		uint64_t start = old->start > region->start ? old->start : region->start;
		uint64_t end = old->end < region->end ? old->end : region->end;
		double share = (double)(end - start) / (double)(old->end - old->start);

		/* What was only reserved (PROT_NONE), as the rest of an arena, is new by now. */
		if (old->writable || !region->writable)
			past.bytes += (double)(end - start);
		past.resident += share * value_of(old, part);
	}
	return past;
}

static void take_most(struct seep_region_growth *most, const struct seep_region *region,
		      double bytes)
{
	if (bytes > most->bytes)
		*most = (struct seep_region_growth){region, bytes};
}

static void add_growth(struct seep_kind_growth *growth, const struct seep_region *region,
		       const struct past *past, double grown)
{
	double new_bytes = (double)(region->end - region->start) - past->bytes;
	double extended = fmin(grown, new_bytes);

	growth->extended += extended;
	growth->touched += grown - extended;
	take_most(&growth->most_extended, region, extended);
	take_most(&growth->most_touched, region, grown - extended);
}

void seep_regions_compare(const struct seep_smaps *before, const struct seep_smaps *after,
			  enum seep_resident part, struct seep_regions_change *ret_change)
{
	struct seep_regions_change *change = ret_change;
	size_t at = 0;

	*change = (struct seep_regions_change){0};
	for (size_t i = 0; i < before->count; i++)
		change->kinds[seep_region_kind_of(&before->regions[i])].net -=
			value_of(&before->regions[i], part);
	for (size_t i = 0; i < after->count; i++) {
		const struct seep_region *region = &after->regions[i];
		enum seep_region_kind kind = seep_region_kind_of(region);
		struct past past = past_of(before, &at, region, part);
		double value = value_of(region, part);

		change->num_arenas += kind == SEEP_REGION_ARENA;
		change->resident[kind] += value;
		change->kinds[kind].net += value;
		if (value > past.resident)
			add_growth(&change->kinds[kind], region, &past, value - past.resident);
	}
}

bool seep_regions_have_glibc(const struct seep_smaps *smaps)
{
	static const char *const others[] = {"libjemalloc", "libtcmalloc", "libmimalloc",
					     "libhoard",    "libsnmalloc", "librpmalloc"};
	bool glibc = false;

	for (size_t i = 0; i < smaps->count; i++) {
		const char *slash = strrchr(smaps->regions[i].name, '/');
		const char *name = slash ? slash + 1 : "";

		glibc |= strcmp(name, "libc.so.6") == 0 || begins_with(name, "libc-2.");
		for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++) {
			if (begins_with(name, others[j]))
				return false;
		}
	}
	return glibc;
}

const struct seep_region *seep_region_image(const struct seep_smaps *smaps,
					    const struct seep_region *region)
{
	const struct seep_region *before = region - 1;

	/* The loader maps what a file has no bytes for (.bss) right behind its last page. */
	if (region == smaps->regions || before->end != region->start || *region->name ||
	    seep_region_kind_of(before) != SEEP_REGION_FILE || !before->writable)
		return NULL;
	return before;
}
