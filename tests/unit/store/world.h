/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace that never happened, of any size and length, the same each time for the same seed:
 * processes with sites that grow, churn or stand still, seen in snapshots. Frames resolve as a
 * table says.
 */
#ifndef TESTS_UNIT_STORE_WORLD_H
#define TESTS_UNIT_STORE_WORLD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

#define WORLD_FRAMES	 16	   /* of a stack */
#define WORLD_SHARED	 8	   /* of them in all stacks, the outermost */
#define WORLD_RSS_BYTES	 (1 << 20) /* beside what is live */
#define WORLD_UTC_NS	 (1795168800ULL * SEEP_NS_PER_S)
#define WORLD_TEXT_MAX	 64
#define WORLD_FIRST_FILE 3

struct world_stack {
	struct seep_stack stack;
	size_t number; /* of the site that has it */
	uint64_t frames[WORLD_FRAMES];
	struct seep_location locations[WORLD_FRAMES];
	struct seep_line lines[WORLD_FRAMES][2];
	char names[WORLD_FRAMES][WORLD_TEXT_MAX];
};

struct world {
	uint64_t random; /* state of the generator */
	struct seep_symbolizer *symbolizer;
	size_t num_processes;
	struct seep_process *processes;
	size_t num_sites;
	struct seep_site *sites; /* by number; the snapshot has a sorted copy */
	struct seep_site *sorted;
	struct world_stack *stacks; /* one for each site */
	uint64_t *made_ns;	    /* when the oldest object of each site was made */
	struct seep_snapshot snapshot;
};

/* xorshift64*, Vigna: An experimental exploration of Marsaglia's xorshift generators. */
static inline uint64_t world_random(struct world *world, uint64_t below)
{
	world->random ^= world->random >> 12;
	world->random ^= world->random << 25;
	world->random ^= world->random >> 27;
	return world->random * 0x2545f4914f6cdd1dULL % below;
}

static inline void world_make_frame(struct world *world, size_t site, size_t i)
{
	struct world_stack *stack = &world->stacks[site];
	size_t owner = i < WORLD_FRAMES - WORLD_SHARED ? site : 0;
	uint64_t offset = 0x1000 + owner * 0x400 + i * 0x10;
	struct seep_line *lines = stack->lines[i];

	snprintf(stack->names[i], WORLD_TEXT_MAX, "server::function_%zu_%zu(request const&)", owner,
		 i);
	lines[0] = (struct seep_line){"xmalloc", "src/util.h", 12, true};
	lines[1] = (struct seep_line){stack->names[i], "src/server/requests.cc",
				      (unsigned int)(owner + i), false};
	stack->locations[i] = (struct seep_location){
		.module = i % 4 ? "/usr/bin/server" : "/usr/lib/x86_64-linux-gnu/libc.so.6",
		.build_id = "4f2a91c07d3be6580a1b2c3d4e5f60718293a4b5",
		.offset = offset,
		.num_lines = i == 1 ? 2 : 1,
		.lines = i == 1 ? lines : lines + 1,
	};
	stack->frames[i] = SEEP_FRAME(WORLD_FIRST_FILE + i % 4, offset);
	if (seep_symbolizer_know(world->symbolizer, stack->frames[i], &stack->locations[i]))
		abort();
}

static inline void world_make_site(struct world *world, size_t number)
{
	struct seep_site *site = &world->sites[number];
	struct world_stack *stack = &world->stacks[number];

	for (size_t i = 0; i < WORLD_FRAMES; i++)
		world_make_frame(world, number, i);
	stack->stack = (struct seep_stack){
		.hash = (number + 1) * 0x9e3779b97f4a7c15ULL,
		.end = number % 5 ? SEEP_END_COMPLETE : SEEP_END_DEPTH,
		.num_frames = WORLD_FRAMES,
		.frames = stack->frames,
	};
	stack->number = number;
	site->id = (number + 1) * 0xc4ceb9fe1a85ec53ULL;
	site->process = &world->processes[number % world->num_processes];
	site->stack = &stack->stack;
	site->oldest_ns = SEEP_UNKNOWN;
}

static inline void world_make_process(struct world *world, size_t number)
{
	world->processes[number] = (struct seep_process){
		.id = (uint32_t)number + 4096,
		.pid = (pid_t)(1000 + number),
		.inner_pid = number % 2 ? 7 : 0,
		.start_utc_ns = number % 3 ? WORLD_UTC_NS - number : SEEP_UNKNOWN,
		.comm = "server",
		.exe = "/usr/bin/server",
		.cgroup = number % 2 ? "/system.slice/server.service" : NULL,
		.attached_late = true,
		.rss_bytes = WORLD_RSS_BYTES,
		.anon_bytes = SEEP_UNKNOWN,
		.pss_bytes = SEEP_UNKNOWN,
		.pre_attach_bytes = number ? 4096 : SEEP_UNKNOWN,
		.fd_limit = number ? 1024 : UINT64_MAX,
		.fd_limit_eta_ns = SEEP_UNKNOWN,
		.seen_share = 1,
		.probes_cpu_pct = NAN,
		.unmatched_frees = SEEP_UNKNOWN,
		.unmatched_free_bytes = SEEP_UNKNOWN,
		.unmatched_frees_unsized = SEEP_UNKNOWN,
	};
}

static inline void world_init(struct world *world, size_t num_processes, size_t num_sites,
			      uint64_t seed)
{
	*world = (struct world){
		.random = seed, .num_processes = num_processes, .num_sites = num_sites};
	world->processes = calloc(num_processes, sizeof(*world->processes));
	world->sites = calloc(num_sites, sizeof(*world->sites));
	world->sorted = calloc(num_sites, sizeof(*world->sorted));
	world->stacks = calloc(num_sites, sizeof(*world->stacks));
	world->made_ns = calloc(num_sites, sizeof(*world->made_ns));
	if (!world->processes || !world->sites || !world->sorted || !world->stacks ||
	    !world->made_ns || seep_symbolizer_new(&world->symbolizer))
		abort();
	for (size_t i = 0; i < num_processes; i++)
		world_make_process(world, i);
	for (size_t i = 0; i < num_sites; i++)
		world_make_site(world, i);
	world->snapshot = (struct seep_snapshot){
		.utc_ns = WORLD_UTC_NS,
		.host_name = "host",
		.kernel = "6.18.44",
		.arch = "x86_64",
		.scope_type = "pid",
		.scope_value = "1000",
		.max_size_bytes = UINT64_MAX,
		.totals[SEEP_KIND_MEMORY].traced = true,
		.overhead = {.target_cpu_pct = NAN, .calls_cpu_pct = NAN, .seep_cpu_pct = NAN},
	};
}

static inline void world_done(struct world *world)
{
	seep_symbolizer_free(world->symbolizer);
	free(world->processes);
	free(world->sites);
	free(world->sorted);
	free(world->stacks);
	free(world->made_ns);
}

/* Every third site only grows; the others release most of what they make, after some time. */
static inline void world_work(struct world *world, size_t number)
{
	struct seep_site *site = &world->sites[number];
	uint64_t made = 1 + world_random(world, 40), size = 16 + 16 * (number % 50), freed;

	if (!site->counts.allocs)
		world->made_ns[number] =
			world->snapshot.elapsed_ns - world_random(world, 900000000);
	site->counts.allocs += made;
	site->counts.alloc_bytes += made * size;
	if (number % 3) {
		freed = world_random(world, seep_counts_live_objects(&site->counts) + 1);
		site->counts.frees += freed;
		site->counts.free_bytes += freed * size;
		for (size_t i = 0; i < 6; i++)
			site->lifetimes[4 + i + number % 5] += freed / 6 + (i < freed % 6);
		if (freed)
			world->made_ns[number] =
				world->snapshot.elapsed_ns - world_random(world, 900000000);
	}
	site->live_objects = seep_counts_live_objects(&site->counts);
	site->live_bytes = seep_counts_live_bytes(&site->counts);
}

/*
 * One interval later: of 		percent of the sites something has changed. The first time
 * it is all of them.
 */
static inline void world_step(struct world *world, uint64_t interval_ns, unsigned int percent)
{
	struct seep_snapshot *snapshot = &world->snapshot;

	snapshot->seq++;
	snapshot->utc_ns += interval_ns;
	snapshot->elapsed_ns += interval_ns;
	snapshot->interval_ns = interval_ns;
	snapshot->overhead.events += 1000;
	snapshot->overhead.events_per_s = 1000.25;
	for (size_t i = 0; i < world->num_sites; i++) {
		struct seep_site *site = &world->sites[i];
		uint64_t bytes = site->live_bytes, objects = site->live_objects;

		if (snapshot->seq == 1 || world_random(world, 100) < percent)
			world_work(world, i);
		site->live_bytes_change =
			snapshot->seq > 1 ? (int64_t)(site->live_bytes - bytes) : 0;
		site->live_objects_change =
			snapshot->seq > 1 ? (int64_t)(site->live_objects - objects) : 0;
		site->oldest_ns = site->live_objects ? snapshot->elapsed_ns - world->made_ns[i] :
						       SEEP_UNKNOWN;
	}
	memcpy(world->sorted, world->sites, world->num_sites * sizeof(*world->sites));
	seep_sites_sort(world->sorted, world->num_sites);
	snapshot->processes = world->processes;
	snapshot->num_processes = world->num_processes;
	snapshot->sites = world->sorted;
	snapshot->num_sites = world->num_sites;
	seep_snapshot_sum(world->processes, world->num_processes, world->sorted, world->num_sites,
			  snapshot->totals);
	for (size_t i = 0; i < world->num_processes; i++)
		world->processes[i].rss_bytes =
			WORLD_RSS_BYTES + world->processes[i].totals[SEEP_KIND_MEMORY].live_bytes;
}

/* Of a site of the snapshot: its number in world->sites. */
static inline size_t world_site_number(const struct seep_site *site)
{
	const struct world_stack *stack =
		(const struct world_stack *)((const char *)site->stack -
					     offsetof(struct world_stack, stack));

	return stack->number;
}

/* The site with this number in the snapshot; the pointer is good for one step. */
static inline const struct seep_site *world_find(const struct world *world, size_t number)
{
	size_t i = 0;

	while (world_site_number(&world->sorted[i]) != number)
		i++;
	return &world->sorted[i];
}

#endif
