/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and its allocator, simulated block by block, and what windows of time see of it: the
 * input of measure/cohort.h, with the truth. Random, but by a seed.
 */
#ifndef TESTS_UNIT_MEASURE_WINDOWED_H
#define TESTS_UNIT_MEASURE_WINDOWED_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "measure/cohort.h"
#include "verdict/random.h"

#define PLACES	8 /* sites, at most */
#define CLASSES 4 /* of sizes */
#define NOBODY	(-1)

/* Addresses are remembered of releases in the last part of a window, old blocks in the others. */
#define END_PART 0.125
/* Blocks that are made in the first part of a window are followed beyond it. */
#define FOLLOWED_PART 0.5

/* Which free address of its class a block gets. */
enum order {
	ORDER_LIFO,
	ORDER_FIFO,
	ORDER_RANDOM,
	ORDER_COUNT,
};

struct place {
	const char *name;
	double per_s;
	double lifetime_s; /* mean, exponential */
	double leaks;	   /* share that is never released */
	unsigned int class;
	double burst; /* blocks that come at once; 0 and 1: each alone */
	double least_bytes;
	double most_bytes; /* evenly spread over the orders of magnitude; 0: all the least */
};

struct process {
	const char *name;
	enum order order;
	double observed_s;
	double window_s;
	double gap_s; /* mean */
	size_t num_places;
	struct place places[PLACES];
};

/* The share of the blocks that gets that old. */
static inline double place_staying(const struct place *place, double age_s)
{
	return place->leaks + (1 - place->leaks) * exp(-age_s / place->lifetime_s);
}

/* What was seen, and what is true, of a site. */
struct seen {
	struct seep_cohort cohort;
	struct seep_total blocks;
	struct seep_total bytes;
	double made;	    /* seen in windows that have closed */
	double true_blocks; /* up to the end of the last window */
	double true_bytes;
	double true_live;
};

/* The blocks of a cohort. */
static inline double windowed_followed(const struct seep_cohort *cohort)
{
	double count = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		count += (double)(cohort->released[i] + cohort->late[i] + cohort->unseen[i]);
	return count;
}

struct slot {
	double made_s; /* a block of a cohort, or what has become of it */
	double freed_s;
	int32_t place; /* of that block, or NOBODY */
	bool followed;
	uint32_t window;
	uint32_t freed_window; /* 0: no release is remembered */
	uint32_t freed_class;
	uint32_t times; /* released in that window */
};

struct release {
	double at_s;
	uint32_t address;
	int32_t place;
	bool traced; /* made since the trace began */
};

struct free_list {
	uint32_t *addresses;
	size_t head;
	size_t tail;
	size_t room;
};

struct windowed {
	const struct process *process;
	struct random random;
	struct seep_windows windows;
	struct seen seen[PLACES];
	struct seep_reuse classes[CLASSES];
	/* Releases of blocks that were not made in the same window. */
	double old_in_window[CLASSES];
	double old_releases[CLASSES];
	struct seep_total old_totals[CLASSES];
	/* Of the present or next window. */
	double opens_s;
	double closes_s;
	double gap_s;
	double seen_s; /* the end of the last window */
	double in_window[PLACES];
	double bytes_in_window[PLACES];
	double all_blocks[PLACES];
	double all_bytes[PLACES];
	struct free_list free_lists[CLASSES];
	struct slot *slots;
	uint32_t num_slots;
	size_t slot_room;
	struct release *heap;
	size_t num_releases;
	size_t heap_room;
};

static inline void *windowed_room(void *array, size_t *room, size_t count, size_t each)
{
	if (count < *room)
		return array;
	*room = *room ? 2 * *room : 1024;
	array = realloc(array, *room * each);
	if (!array)
		abort();
	return array;
}

static inline void release_push(struct windowed *sim, struct release release)
{
	size_t i = sim->num_releases;

	sim->heap = windowed_room(sim->heap, &sim->heap_room, i, sizeof(*sim->heap));
	sim->num_releases++;
	for (; i > 0 && sim->heap[(i - 1) / 2].at_s > release.at_s; i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = release;
}

static inline struct release release_pop(struct windowed *sim)
{
	struct release first = sim->heap[0];
	struct release last = sim->heap[--sim->num_releases];
	size_t i = 0;

	for (size_t child = 1; child < sim->num_releases; child = 2 * i + 1) {
		if (child + 1 < sim->num_releases &&
		    sim->heap[child + 1].at_s < sim->heap[child].at_s)
			child++;
		if (sim->heap[child].at_s >= last.at_s)
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	sim->heap[i] = last;
	return first;
}

static inline void give_back(struct free_list *list, uint32_t address)
{
	if (list->tail == list->room && list->head > list->room / 2) {
		memmove(list->addresses, list->addresses + list->head,
			(list->tail - list->head) * sizeof(*list->addresses));
		list->tail -= list->head;
		list->head = 0;
	}
	list->addresses =
		windowed_room(list->addresses, &list->room, list->tail, sizeof(*list->addresses));
	list->addresses[list->tail++] = address;
}

static inline uint32_t new_address(struct windowed *sim)
{
	sim->slots =
		windowed_room(sim->slots, &sim->slot_room, sim->num_slots, sizeof(*sim->slots));
	sim->slots[sim->num_slots] = (struct slot){.place = NOBODY};
	return sim->num_slots++;
}

static inline uint32_t take_address(struct windowed *sim, unsigned int class)
{
	struct free_list *list = &sim->free_lists[class];
	size_t i;
	uint32_t address;

	if (list->head == list->tail)
		return new_address(sim);
	if (sim->process->order == ORDER_FIFO)
		return list->addresses[list->head++];
	i = list->tail - 1;
	if (sim->process->order == ORDER_RANDOM)
		i = list->head + random_bits(&sim->random) % (list->tail - list->head);
	address = list->addresses[i];
	list->addresses[i] = list->addresses[--list->tail];
	return address;
}

static inline unsigned int windowed_bucket(double seconds)
{
	int exponent;

	frexp(seconds * 1e6, &exponent);
	return exponent < 0 ? 0 : (unsigned int)exponent;
}

static inline void next_window(struct windowed *sim)
{
	const struct process *process = sim->process;
	double gap_s = random_exponential(&sim->random, process->gap_s);

	sim->gap_s = gap_s;
	sim->opens_s = fmax(0, sim->closes_s) + gap_s;
	sim->closes_s = sim->opens_s + process->window_s;
}

static inline void close_window(struct windowed *sim)
{
	for (size_t i = 0; i < sim->process->num_places; i++) {
		struct seen *seen = &sim->seen[i];
		double bytes = sim->bytes_in_window[i];

		seep_total_add(&seen->blocks, sim->in_window[i], sim->in_window[i],
			       sim->process->gap_s, sim->process->window_s);
		seep_total_add(&seen->bytes, bytes, bytes * bytes / fmax(1, sim->in_window[i]),
			       sim->process->gap_s, sim->process->window_s);
		seen->made += sim->in_window[i];
		seen->true_blocks = sim->all_blocks[i];
		seen->true_bytes = sim->all_bytes[i];
		sim->in_window[i] = 0;
		sim->bytes_in_window[i] = 0;
	}
	for (size_t i = 0; i < CLASSES; i++) {
		seep_total_add(&sim->old_totals[i], sim->old_in_window[i], sim->old_in_window[i],
			       sim->process->gap_s, sim->process->window_s);
		sim->old_releases[i] += sim->old_in_window[i];
		sim->old_in_window[i] = 0;
	}
	seep_windows_add(&sim->windows, sim->gap_s, sim->process->window_s,
			 FOLLOWED_PART * sim->process->window_s);
	sim->seen_s = sim->closes_s;
}

/* Is this moment in a window? */
static inline bool is_seen(struct windowed *sim, double at_s)
{
	while (at_s >= sim->closes_s && at_s < sim->process->observed_s) {
		if (sim->closes_s > 0)
			close_window(sim);
		next_window(sim);
	}
	return at_s >= sim->opens_s && at_s < sim->closes_s;
}

/* The number of the present window, from 1. */
static inline uint32_t this_window(const struct windowed *sim)
{
	return (uint32_t)sim->windows.count + 1;
}

static inline void count_address(struct windowed *sim, const struct slot *slot, bool returned,
				 double at_s)
{
	struct seep_reuse *table = &sim->classes[slot->freed_class];
	uint64_t *counts = returned ? table->returned : table->waiting;

	counts[windowed_bucket(at_s - slot->freed_s)] += slot->times;
	table->squares += (uint64_t)slot->times * slot->times;
}

/* What an event at an address, in a window, tells of blocks and releases there before. */
static inline void look_back(struct windowed *sim, struct slot *slot, double at_s)
{
	uint32_t window = this_window(sim);

	if (slot->freed_window && slot->freed_window != window) {
		count_address(sim, slot, true, at_s);
		slot->freed_window = 0;
	}
	if (slot->place != NOBODY && slot->window != window) {
		if (slot->followed)
			sim->seen[slot->place].cohort.late[windowed_bucket(at_s - slot->made_s)]++;
		slot->place = NOBODY;
	}
}

static inline void see_release(struct windowed *sim, struct slot *slot, unsigned int class,
			       double at_s)
{
	look_back(sim, slot, at_s);
	if (slot->place == NOBODY) {
		if (at_s >= sim->opens_s + sim->process->window_s * END_PART)
			sim->old_in_window[class]++;
	} else {
		if (slot->followed)
			sim->seen[slot->place]
				.cohort.released[windowed_bucket(at_s - slot->made_s)]++;
		slot->place = NOBODY;
	}
	if (at_s < sim->closes_s - sim->process->window_s * END_PART)
		return;
	if (slot->freed_window) {
		slot->times++;
		return;
	}
	slot->freed_window = this_window(sim);
	slot->freed_s = at_s;
	slot->freed_class = class;
	slot->times = 1;
}

static inline void see_allocation(struct windowed *sim, struct slot *slot, int32_t place,
				  double bytes, double at_s)
{
	look_back(sim, slot, at_s);
	slot->place = place;
	slot->made_s = at_s;
	slot->followed = at_s < sim->opens_s + FOLLOWED_PART * sim->process->window_s;
	slot->window = this_window(sim);
	sim->in_window[place]++;
	sim->bytes_in_window[place] += bytes;
}

static inline void do_releases(struct windowed *sim, double until_s)
{
	while (sim->num_releases && sim->heap[0].at_s <= until_s) {
		struct release release = release_pop(sim);
		unsigned int class = sim->process->places[release.place].class;

		if (is_seen(sim, release.at_s))
			see_release(sim, &sim->slots[release.address], class, release.at_s);
		if (release.traced)
			sim->seen[release.place].true_live--;
		give_back(&sim->free_lists[class], release.address);
	}
}

static inline void allocate(struct windowed *sim, int32_t i, double at_s)
{
	const struct place *place = &sim->process->places[i];
	uint32_t address = take_address(sim, place->class);
	double bytes = place->most_bytes > 0 ?
			       random_scale(&sim->random, place->least_bytes, place->most_bytes) :
			       place->least_bytes;

	/* In this order: a window that closed before does not count it. */
	if (is_seen(sim, at_s))
		see_allocation(sim, &sim->slots[address], i, bytes, at_s);
	if (at_s >= 0) {
		sim->all_blocks[i]++;
		sim->all_bytes[i] += bytes;
		sim->seen[i].true_live++;
	}
	if (random_uniform(&sim->random) < place->leaks)
		return;
	release_push(sim,
		     (struct release){at_s + random_exponential(&sim->random, place->lifetime_s),
				      address, i, at_s >= 0});
}

/* What lives already, as it does in a process that has run for long; leaks apart. */
static inline void populate(struct windowed *sim, double at_s)
{
	for (size_t i = 0; i < sim->process->num_places; i++) {
		const struct place *place = &sim->process->places[i];
		double live = random_poisson(&sim->random,
					     place->per_s * (1 - place->leaks) * place->lifetime_s);

		for (; live > 0; live--)
			release_push(sim,
				     (struct release){at_s + random_exponential(&sim->random,
										place->lifetime_s),
						      new_address(sim), (int32_t)i, false});
	}
}

/* Blocks and addresses of which nothing more was seen. */
static inline void count_unseen(struct windowed *sim)
{
	double now_s = sim->process->observed_s;

	for (uint32_t i = 0; i < sim->num_slots; i++) {
		const struct slot *slot = &sim->slots[i];

		if (slot->freed_window)
			count_address(sim, slot, false, now_s);
		if (slot->place != NOBODY && slot->followed)
			sim->seen[slot->place]
				.cohort.unseen[windowed_bucket(now_s - slot->made_s)]++;
	}
}

static inline void windowed_done(struct windowed *sim)
{
	for (size_t i = 0; i < CLASSES; i++)
		free(sim->free_lists[i].addresses);
	free(sim->slots);
	free(sim->heap);
}

/* The trace begins at 0, when the process has run for a quarter of the time observed. */
static inline void windowed_run(struct windowed *sim, const struct process *process, uint64_t seed)
{
	double per_s = 0;
	double at_s = -process->observed_s / 4;

	*sim = (struct windowed){.process = process, .random.state = seed};
	for (size_t i = 0; i < process->num_places; i++)
		per_s += process->places[i].per_s / fmax(1, process->places[i].burst);
	populate(sim, at_s);
	for (;;) {
		double which = per_s * random_uniform(&sim->random);
		int32_t i = 0;

		at_s += random_exponential(&sim->random, 1 / per_s);
		if (at_s >= process->observed_s)
			break;
		while (i + 1 < (int32_t)process->num_places &&
		       which > process->places[i].per_s / fmax(1, process->places[i].burst)) {
			which -= process->places[i].per_s / fmax(1, process->places[i].burst);
			i++;
		}
		do_releases(sim, at_s);
		for (double left = fmax(1, process->places[i].burst); left > 0; left--)
			allocate(sim, i, at_s);
	}
	do_releases(sim, process->observed_s);
	count_unseen(sim);
}

#endif
