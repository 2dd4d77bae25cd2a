// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry for each process that was met. Which of them have a runtime is found at the first
 * reading, and looked for again ever more rarely, because a library with one may be loaded later:
 * at the 1st, 2nd, 4th, 8th ... report. Memory is that of the goroutines and of the heap profile
 * (goroutines.c, heap.c).
 */
#include "managed/managed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "golang/goroutines.h"
#include "golang/heap_profile.h"
#include "managed/figures.h"
#include "managed/frames.h"
#include "managed/goroutines.h"
#include "managed/heap.h"
#include "proc/maps.h"

struct process {
	uint32_t id;
	struct seep_go *go; /* NULL: none is known */
	bool refused;	    /* there is one, which cannot be read */
	bool warned;	    /* that a reading failed */
	bool has_no_heap;   /* no heap profile that can be read */
	unsigned int looks;
	struct seep_tracked_goroutines goroutines;
	struct seep_tracked_heap heap;
	struct seep_tracked_figures figures;
	UT_hash_handle hh;
};

struct seep_managed {
	struct seep_files *files;
	struct seep_stacks *stacks;
	uint32_t kinds;
	uint64_t min_age_ns;
	uint32_t found; /* SEEP_KIND_BIT of those that a process was found to have */
	uint64_t unread;
	struct seep_plain_files *plain;
	struct process *processes;
};

int seep_managed_new(const struct seep_managed_config *config, struct seep_managed **ret_managed)
{
	struct seep_managed *managed = calloc(1, sizeof(*managed));

	if (!managed || seep_plain_files_new(&managed->plain)) {
		free(managed);
		return -ENOMEM;
	}
	managed->files = config->files;
	managed->stacks = config->stacks;
	managed->kinds = config->kinds;
	managed->min_age_ns = config->min_age_ns;
	*ret_managed = managed;
	return 0;
}

static void drop(struct seep_managed *managed, struct process *process)
{
	HASH_DEL(managed->processes, process);
	seep_tracked_goroutines_done(&process->goroutines);
	seep_tracked_heap_done(&process->heap);
	seep_go_close(process->go);
	free(process);
}

void seep_managed_free(struct seep_managed *managed)
{
	struct process *process, *next;

	if (!managed)
		return;
	HASH_ITER(hh, managed->processes, process, next)
		drop(managed, process);
	seep_plain_files_free(managed->plain);
	free(managed);
}

static struct process *find(const struct seep_managed *managed, uint32_t id)
{
	struct process *process;

	HASH_FIND(hh, managed->processes, &id, sizeof(id), process);
	return process;
}

static struct process *get(struct seep_managed *managed, uint32_t id)
{
	struct process *process = find(managed, id);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->id = id;
	process->goroutines.min_age_ns = managed->min_age_ns;
	process->heap.min_age_ns = managed->min_age_ns;
	HASH_ADD(hh, managed->processes, id, sizeof(process->id), process);
	return process;
}

/* Is it time to look for a runtime? At the looks whose number is a power of two. */
static bool is_due(struct process *process)
{
	unsigned int number = ++process->looks;

	return !process->go && !process->refused && (number & (number - 1)) == 0;
}

/* @why: the reason of -EPROTO. */
static void warn(pid_t pid, const char *what, int error, const char *why)
{
	seep_warn("cannot read %s process %d: %s", what, pid,
		  error == -EPROTO ? why : seep_error_text(-error));
}

/* Finds the runtime of a process, if it has one. */
static void look_for_runtime(struct seep_managed *managed, struct process *process, pid_t pid,
			     const struct seep_maps *maps)
{
	const char *why = NULL;
	int error = seep_go_open(pid, maps, managed->plain, &process->go, &why);

	if (!error || error == -ENOENT || error == -ESRCH)
		return;
	process->refused = true;
	warn(pid, "the runtime of Go in", error, why);
}

/*
 * What a reading has found becomes sites. A stack for which there is no room is not kept either. 0
 * or -ENOMEM.
 */
static int take_in(struct process *process, const struct seep_frames_of *of,
		   const struct seep_goroutines *goroutines)
{
	SEEP_AUTO_FREE uint64_t *stacks = calloc(goroutines->num_stacks + 1, sizeof(*stacks));
	struct seep_frames frames;

	if (!stacks)
		return -ENOMEM;
	for (size_t i = 0; i < goroutines->num_stacks; i++) {
		int error = seep_frames_make(of, &goroutines->stacks[i], &frames);

		stacks[i] = frames.hash;
		if (!error && seep_tracked_goroutines_have_room(&process->goroutines, frames.hash))
			error = seep_stacks_resolve(of->stacks, frames.hash, frames.frames,
						    frames.count, frames.end);
		if (error)
			return error;
	}
	return seep_tracked_goroutines_update(&process->goroutines, process->go, goroutines, stacks,
					      seep_clock_monotonic_ns());
}

static void read_goroutines(struct seep_managed *managed, struct process *process,
			    const struct seep_frames_of *of)
{
	struct seep_goroutines goroutines;
	const char *why = NULL;
	int error = seep_goroutines_read(process->go, &goroutines, &why);

	if (!error) {
		managed->found |= SEEP_KIND_BIT(SEEP_KIND_GOROUTINE);
		managed->unread += goroutines.num_unread;
		error = take_in(process, of, &goroutines);
		managed->unread += process->goroutines.num_without_place;
		seep_goroutines_done(&goroutines);
	}
	if (!error || error == -ESRCH)
		return;
	if (!process->warned)
		warn(of->pid, "the goroutines of", error, why);
	process->warned = true;
	/* What is not understood now will not be later. */
	if (error == -EPROTO) {
		process->refused = true;
		seep_go_close(SEEP_TAKE_PTR(process->go));
	}
}

/* One that changes all the time is read with the next report: its counts are sums. */
static void read_heap(struct seep_managed *managed, struct process *process,
		      const struct seep_frames_of *of)
{
	struct seep_go_heap_profile profile;
	const char *why = NULL;
	int error = seep_go_heap_profile_read(process->go, &profile, &why);

	process->heap.renewed = false;
	if (!error) {
		managed->found |= SEEP_KIND_BIT(SEEP_KIND_OBJECT);
		error = seep_tracked_heap_update(&process->heap, of, &profile,
						 seep_clock_monotonic_ns());
		seep_go_heap_profile_done(&profile);
	}
	if (!error || error == -EAGAIN || error == -ESRCH)
		return;
	process->has_no_heap = error == -ENOENT || error == -EPROTO;
	if (error != -ENOENT)
		warn(of->pid, "the heap profile of", error, why);
}

static bool wants(const struct seep_managed *managed, enum seep_kind kind)
{
	return managed->kinds & SEEP_KIND_BIT(kind);
}

void seep_managed_take(struct seep_managed *managed, pid_t pid, uint32_t process, const char *root)
{
	struct process *entry;
	struct seep_maps maps;
	bool due;

	entry = get(managed, process);
	if (!entry)
		return;
	due = is_due(entry);
	if ((!due && !entry->go) || seep_maps_read(pid, &maps))
		return;
	if (due)
		look_for_runtime(managed, entry, pid, &maps);
	if (entry->go) {
		const struct seep_frames_of of = {managed->files, managed->stacks, pid, root,
						  &maps};

		seep_tracked_figures_read(&entry->figures, entry->go, pid,
					  seep_clock_monotonic_ns());
		if (wants(managed, SEEP_KIND_OBJECT) && !entry->has_no_heap)
			read_heap(managed, entry, &of);
		if (wants(managed, SEEP_KIND_GOROUTINE))
			read_goroutines(managed, entry, &of);
	}
	seep_maps_done(&maps);
}

bool seep_managed_has(const struct seep_managed *managed, enum seep_kind kind)
{
	return managed->found & SEEP_KIND_BIT(kind);
}

uint64_t seep_managed_unread(const struct seep_managed *managed)
{
	return managed->unread;
}

void seep_managed_forget(struct seep_managed *managed,
			 bool (*is_known)(const void *context, uint32_t process),
			 const void *context)
{
	struct process *process, *next;

	HASH_ITER(hh, managed->processes, process, next) {
		if (!is_known(context, process->id))
			drop(managed, process);
	}
}

static int each_goroutine_site(const struct process *process,
			       int (*fn)(const struct seep_managed_site *site, void *context),
			       void *context)
{
	int result = 0;

	for (const struct seep_goroutine_place *place = process->goroutines.places;
	     place && !result; place = place->hh.next)
		result = fn(
			&(const struct seep_managed_site){
				.key = {place->stack, process->id, SEEP_KIND_GOROUTINE},
				.value = &place->value,
				.existed = place->existed,
				.renewed = true,
			},
			context);
	return result;
}

static int each_heap_site(const struct process *process,
			  int (*fn)(const struct seep_managed_site *site, void *context),
			  void *context)
{
	const struct seep_tracked_heap *heap = &process->heap;
	int result = 0;

	for (const struct seep_heap_place *place = heap->places; place && !result;
	     place = place->hh.next)
		result = fn(
			&(const struct seep_managed_site){
				.key = {place->stack, process->id, SEEP_KIND_OBJECT},
				.value = &place->value,
				.sample_bytes = heap->mean_bytes > 1 ? heap->mean_bytes : 0,
				.existed = place->existed,
				.renewed = heap->renewed,
			},
			context);
	return result;
}

int seep_managed_each_site(const struct seep_managed *managed,
			   int (*fn)(const struct seep_managed_site *site, void *context),
			   void *context)
{
	int result = 0;

	for (const struct process *process = managed->processes; process && !result;
	     process = process->hh.next) {
		result = each_goroutine_site(process, fn, context);
		if (!result)
			result = each_heap_site(process, fn, context);
	}
	return result;
}

const struct seep_details *seep_managed_details(const struct seep_managed *managed,
						const struct seep_site_key *site)
{
	const struct process *process = find(managed, site->process);
	const struct seep_goroutine_place *place = NULL;

	if (process && site->kind == SEEP_KIND_GOROUTINE)
		HASH_FIND(hh, process->goroutines.places, &site->stack, sizeof(site->stack), place);
	return place && place->details.num_groups ? &place->details : NULL;
}

const struct seep_go_figures *seep_managed_go(const struct seep_managed *managed, uint32_t process)
{
	const struct process *entry = find(managed, process);

	return entry && entry->figures.known ? &entry->figures.figures : NULL;
}
