/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ranges of pages that processes have mapped, as objects in live_mappings. A range may be
 * released in parts, or together with its neighbours, so those that overlap others must be found:
 * ranges_cut does it, by the index of their starts (range_index.bpf.h). The ranges of a process do
 * not overlap, so the last one that starts before an address tells all about it.
 *
 * The programs at system calls (mappings.bpf.c) change index and ranges under the lock of the
 * process, except for ranges that nobody else can know yet. Programs at tracepoints are not
 * preempted, so a lock is held for microseconds; one operation visits at most RANGE_MAX_VISITED
 * ranges. The inventory (mappings_count.bpf.c) runs without it, see there.
 */
#ifndef SEEP_BPF_RANGES_H
#define SEEP_BPF_RANGES_H

#include <bpf/bpf_helpers.h>

#include "objects.bpf.h"
#include "range_index.bpf.h"

#define RANGE_ANY_AGE (~0ULL)

/* The most that bpf_loop does; the lock is held for microseconds. */
#define RANGE_MAX_SPINS (1 << 23)
/* For one call or mapping; the next inventory finds what is left over. */
#define RANGE_MAX_VISITED (1 << 20)

/* Pages that a system call that has not returned yet is unmapping. */
struct range_release {
	__u64 start;
	__u64 end;
	__u64 entered_ns;
	__u32 claimed;
	__u32 pad;
};

/* Threads that release at the same moment; see ranges_complete. */
#define RANGE_MAX_RELEASES 16

/* What is known of the ranges of a process, by its slot, which may go to another process. */
struct range_process {
	__u32 locked;
	__u32 counted; /* id of the process whose ranges from before were all found */
	__u64 entered; /* system calls that may change mappings ... */
	__u64 left;    /* ... and how many of them are over; both never go back */
	struct range_release releases[RANGE_MAX_RELEASES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct range_process);
} range_processes SEC(".maps") __weak;

static __always_inline struct range_process *range_process_of(__u32 process)
{
	__u32 slot = SEEP_PROCESS_SLOT(process);

	return bpf_map_lookup_elem(&range_processes, &slot);
}

struct range_lock_wait {
	__u32 process;
	__u32 locked;
};

static long range_try_lock(__u32 attempt, void *context)
{
	struct range_lock_wait *wait = context;
	struct range_process *ranges = range_process_of(wait->process);

	if (!ranges)
		return 1;
	wait->locked = !__sync_lock_test_and_set(&ranges->locked, 1);
	return wait->locked;
}

/*
 * Waits for the lock. 0, or -1 after some 10 ms: only a virtual machine can have stopped the holder
 * for so long. Then the inventory finds what was not noted.
 */
__weak int ranges_lock(__u32 process)
{
	struct range_lock_wait wait = {.process = process};

	bpf_loop(RANGE_MAX_SPINS, range_try_lock, &wait, 0);
	return wait.locked ? 0 : -1;
}

static __always_inline void ranges_unlock(__u32 process)
{
	struct range_process *ranges = range_process_of(process);

	if (ranges)
		__sync_lock_test_and_set(&ranges->locked, 0);
}

/* How many system calls of the process that may change mappings are in flight. */
static __always_inline __u64 ranges_in_flight(const struct range_process *ranges)
{
	return ranges->entered - ranges->left;
}

static __always_inline struct seep_object_key range_key(__u32 process, __u64 start)
{
	return (struct seep_object_key){
		.id = start,
		.process = process,
		.kind = SEEP_KIND_MAPPING,
	};
}

/* Adds what is left behind a cut as a range of its own. 0, or -1: there is no room. */
static __always_inline int range_keep(const struct seep_object_key *key,
				      const struct seep_mapping_object *range)
{
	if (range_index_add(key->process, key->id >> RANGE_PAGE_SHIFT))
		return -1;
	if (!bpf_map_update_elem(&live_mappings, key, range, BPF_ANY))
		return 0;
	range_index_remove(key->process, key->id >> RANGE_PAGE_SHIFT);
	return -1;
}

/*
 * Counts what was cut out of a range: its bytes are released. If one piece is left, that is the
 * same range, only smaller. If two are left, they count as two ranges: one more was created, with
 * no bytes, so that live = created - released holds for objects and for bytes.
 */
static __always_inline void range_count_cut(__u32 process, const struct seep_object *cut,
					    __u32 pieces)
{
	struct seep_site_key key = {
		.stack = cut->stack,
		.process = process,
		.kind = SEEP_KIND_MAPPING,
	};
	struct seep_site_value *site;

	if (!pieces) {
		site_released(process, SEEP_KIND_MAPPING, cut, bpf_ktime_get_ns());
		return;
	}
	site = bpf_map_lookup_elem(&sites, &key);
	if (!site)
		return; /* the process was reaped meanwhile */
	__sync_fetch_and_add(&site->free_bytes, cut->bytes);
	if (pieces > 1)
		__sync_fetch_and_add(&site->allocs, pieces - 1);
}

/*
 * Takes the pages from @start up to @end out of the range that starts at @at, if it has any of them
 * and was not created after @age_ns. 1 if something was cut, else 0.
 */
__weak int range_cut(__u32 process, __u64 at, __u64 start, __u64 end, __u64 age_ns)
{
	struct seep_object_key key = range_key(process, at);
	struct seep_mapping_object *found = bpf_map_lookup_elem(&live_mappings, &key), rest;
	__u64 old_end, rest_bytes;
	__u32 pieces = 0;

	if (!found || found->object.created_ns > age_ns)
		return 0;
	rest = *found;
	old_end = at + rest.object.bytes;
	if (old_end <= start || at >= end)
		return 0;
	rest_bytes = old_end > end ? old_end - end : 0;
	if (at < start) {
		found->object.bytes = start - at;
		rest.object.bytes -= start - at;
		pieces++;
	} else {
		bpf_map_delete_elem(&live_mappings, &key);
		range_index_remove(process, at >> RANGE_PAGE_SHIFT);
	}
	if (rest_bytes) {
		struct seep_mapping_object behind = rest;

		behind.object.bytes = rest_bytes;
		key.id = end;
		if (range_keep(&key, &behind)) {
			count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
			count_loss(SEEP_LOSS_UNTRACKED_BYTES, rest_bytes);
		} else {
			rest.object.bytes -= rest_bytes;
			pieces++;
		}
	}
	range_count_cut(process, &rest.object, pieces);
	return 1;
}

/* Does any range have pages between @start and @end? */
static __always_inline bool ranges_between(__u32 process, __u64 start, __u64 end)
{
	const struct seep_mapping_object *range;
	struct seep_object_key key;
	__u64 page;

	if (start >= end)
		return false;
	page = range_index_last(process, (end - 1) >> RANGE_PAGE_SHIFT);
	if (page == RANGE_NONE)
		return false;
	key = range_key(process, page << RANGE_PAGE_SHIFT);
	range = bpf_map_lookup_elem(&live_mappings, &key);
	return range && key.id + range->object.bytes > start;
}

struct ranges_walk {
	__u64 start;
	__u64 end;
	__u64 age_ns;
	__u64 below; /* what starts before this has not been looked at */
	__u32 process;
	__u32 count;
};

static long ranges_cut_step(__u32 step, void *context)
{
	struct ranges_walk *walk = context;
	__u64 page = range_index_last(walk->process, (walk->below - 1) >> RANGE_PAGE_SHIFT);

	if (page == RANGE_NONE)
		return 1;
	walk->below = page << RANGE_PAGE_SHIFT;
	walk->count += range_cut(walk->process, walk->below, walk->start, walk->end, walk->age_ns);
	/* Those further down end before this one begins. */
	return walk->below <= walk->start;
}

/*
 * Releases the pages from @start up to @end, whatever ranges they belong to, unless those were
 * created after @age_ns. Returns how many ranges lost some. Under the lock.
 */
__weak int ranges_cut(__u32 process, __u64 start, __u64 end, __u64 age_ns)
{
	struct seep_object_key key = range_key(process, start);
	const struct seep_mapping_object *exact = bpf_map_lookup_elem(&live_mappings, &key);
	struct ranges_walk walk = {
		.start = start,
		.end = end,
		.age_ns = age_ns,
		.below = end,
		.process = process,
	};

	if (end <= start)
		return 0;
	if (exact && exact->object.bytes == end - start)
		return range_cut(process, start, start, end, age_ns);
	bpf_loop(RANGE_MAX_VISITED, ranges_cut_step, &walk, 0);
	return walk.count;
}

/*
 * Notes that the running thread enters a system call that releases these pages. The number of the
 * note, for range_release_end; -1: there is no room.
 */
static __always_inline int range_release_begin(struct range_process *ranges, __u64 start, __u64 end,
					       __u64 entered_ns)
{
	for (int i = 0; i < RANGE_MAX_RELEASES; i++) {
		struct range_release *release = &ranges->releases[i];

		if (release->claimed || __sync_lock_test_and_set(&release->claimed, 1))
			continue;
		release->start = start;
		barrier();
		release->entered_ns = entered_ns;
		barrier();
		release->end = end; /* 0 until then */
		return i;
	}
	return -1;
}

static __always_inline void range_release_end(struct range_process *ranges, __u32 number)
{
	struct range_release *release = &ranges->releases[number & (RANGE_MAX_RELEASES - 1)];

	release->end = 0;
	__sync_lock_test_and_set(&release->claimed, 0);
}

/*
 * Copies a note that its thread may be replacing right now: a mix of two would release all that
 * lies between. Their entry times differ, by which a mix is noticed. 0, or -1: there is none.
 */
static __always_inline int range_release_read(const volatile struct range_release *release,
					      struct range_release *ret_release)
{
	ret_release->entered_ns = release->entered_ns;
	ret_release->end = release->end;
	ret_release->start = release->start;
	return release->entered_ns == ret_release->entered_ns && release->end == ret_release->end &&
			       ret_release->end ?
		       0 :
		       -1;
}

/*
 * A thread was given the pages from @start up to @end. If another thread is in the middle of
 * releasing them and has not returned yet, its release is done here, as a whole, or it would look
 * like a cut. Without a note only the numbers of ranges would differ, not their bytes. Only for
 * pages that still belong to a range: a thread whose release the kernel will refuse has not given
 * them away. Under the lock.
 */
__weak int ranges_complete(__u32 process, __u64 start, __u64 end)
{
	struct range_process *ranges = range_process_of(process);

	if (!ranges)
		return 0;
	for (int i = 0; i < RANGE_MAX_RELEASES; i++) {
		struct range_release release;

		if (!range_release_read(&ranges->releases[i], &release) && release.start < end &&
		    start < release.end)
			ranges_cut(process, release.start, release.end, release.entered_ns);
	}
	return 0;
}

#endif
