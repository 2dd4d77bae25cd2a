/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are traced in windows (seep/sampling.h): what their hits cost, and what a window
 * tells of objects that an earlier one has seen. All of it is behind cfg_windows, which the
 * verifier knows: a trace without a budget pays nothing for it.
 */
#ifndef SEEP_BPF_SAMPLING_H
#define SEEP_BPF_SAMPLING_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "numbers.bpf.h"
#include "seep/sampling.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct seep_budget_value);
} budgets SEC(".maps") __weak;

/* By slot: what the hits of the process on this CPU have cost, in nanoseconds of traps. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u64);
} spent SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_object_key);
	__type(value, struct seep_address);
} addresses SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_site_key);
	__type(value, struct seep_sample_value);
} samples SEC(".maps") __weak;

/* Zeros, for a new entry of samples: there is no room for them on the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seep_sample_value);
} no_sample SEC(".maps") __weak;

/* A process has used up a portion of its budget. */
static __noinline int budget_use(__u32 slot)
{
	struct seep_budget_value *budget = bpf_map_lookup_elem(&budgets, &slot);
	struct seep_process_value *process = bpf_map_lookup_elem(&processes, &slot);
	struct seep_budget_event event = {.type = SEEP_EVENT_BUDGET};
	__u64 spent_ns;

	if (!budget || !process)
		return 0;
	spent_ns = __sync_fetch_and_add(&budget->spent_ns, 1 << SEEP_SPENT_SHIFT) +
		   (1 << SEEP_SPENT_SHIFT);
	if (spent_ns < budget->notice_ns)
		return 0;
	if (spent_ns >= budget->limit_ns && !process->paused) {
		budget->paused_ns = bpf_ktime_get_ns();
		process->paused = 1;
	}
	event.process = process->id;
	/* If the ring is full the next portion tells. */
	if (!__sync_lock_test_and_set(&budget->told, 1) &&
	    bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		budget->told = 0;
	return 0;
}

/* A probe of the process in @slot was hit, which cost @trap_ns. */
static __always_inline void budget_charge(__u32 slot, __u32 trap_ns)
{
	__u64 *used, before;

	if (!cfg_windows)
		return;
	used = bpf_map_lookup_elem(&spent, &slot);
	if (!used)
		return;
	before = __sync_fetch_and_add(used, trap_ns);
	if ((before ^ (before + trap_ns)) >> SEEP_SPENT_SHIFT)
		budget_use(slot);
}

static __always_inline struct seep_budget_value *budget_of(__u32 process)
{
	__u32 slot = SEEP_PROCESS_SLOT(process);

	return cfg_windows ? bpf_map_lookup_elem(&budgets, &slot) : NULL;
}

/* The windows in which the process is traced, to be handed down; NULL: it is seen as a whole. */
static __always_inline struct seep_budget_value *windows_of(__u32 process)
{
	struct seep_budget_value *budget = budget_of(process);

	return budget && budget->window_ns ? budget : NULL;
}

/* Was the object made before the present window? @windows: of its process. */
static __always_inline bool is_of_earlier_window(const struct seep_budget_value *windows,
						 const struct seep_object *object)
{
	return windows && object->created_ns < windows->window_ns;
}

/* When a block is made, for created_ns: with what the window says of it. */
static __always_inline __u64 created_now(const struct seep_budget_value *budget, __u64 now_ns)
{
	if (!cfg_windows)
		return now_ns;
	now_ns &= ~((1ULL << SEEP_CREATED_BITS) - 1);
	if (cfg_sample_bytes && budget && !budget->window_ns)
		return now_ns | SEEP_COHORT_BIT | SEEP_WEIGHT_BY_SIZE;
	if (!budget || now_ns >= budget->cohort_ns)
		return now_ns;
	return now_ns | SEEP_COHORT_BIT | SEEP_WEIGHT_CODE(budget->weight);
}

/* Is the object followed beyond its window? All are of a process that is not traced in windows. */
static __always_inline bool is_of_cohort(const struct seep_object *object)
{
	return !cfg_windows || object->created_ns & SEEP_COHORT_BIT;
}

/* Was the object made at @now_ns or later, as far as created_ns can tell? */
static __always_inline bool is_made_since(const struct seep_object *object, __u64 now_ns)
{
	__u64 latest = object->created_ns;

	if (cfg_windows)
		latest |= (1 << SEEP_CREATED_BITS) - 1;
	return latest >= now_ns;
}

/*
 * What is known of a site or size class, created if it is new; NULL if there is no room: counted as
 * a loss.
 */
static __always_inline struct seep_sample_value *sample_get(const struct seep_site_key *key)
{
	struct seep_sample_value *sample = bpf_map_lookup_elem(&samples, key), *none;
	__u32 zero = 0;

	if (sample)
		return sample;
	none = bpf_map_lookup_elem(&no_sample, &zero);
	if (none)
		bpf_map_update_elem(&samples, key, none, BPF_NOEXIST);
	sample = bpf_map_lookup_elem(&samples, key);
	if (!sample)
		count_loss(SEEP_LOSS_LOST_SAMPLES, 1);
	return sample;
}

/* An object of an earlier window is found released, @age_ns after it was made. */
static __noinline int sample_late(const struct seep_site_key *key, __u64 age_ns)
{
	struct seep_sample_value *sample = sample_get(key);
	__u32 bucket = lifetime_bucket(age_ns);

	if (sample && bucket < SEEP_LIFETIME_BUCKETS)
		__sync_fetch_and_add(&sample->late[bucket], 1);
	return 0;
}

/*
 * The counter of addresses of this age (enum seep_released_age) in a pair of histograms, NULL for a
 * bucket that there is not. By comparison: of an index that it has spilled, Linux 6.1 forgets the
 * bounds.
 */
static __always_inline __u64 *address_counter(__u64 histograms[][SEEP_LIFETIME_BUCKETS], __u32 age,
					      __u32 bucket)
{
	if (bucket >= SEEP_LIFETIME_BUCKETS)
		return NULL;
	return age == SEEP_RELEASED_OLD ? &histograms[SEEP_RELEASED_OLD][bucket] :
					  &histograms[SEEP_RELEASED_YOUNG][bucket];
}

/* The same for sums of squares. */
static __always_inline __u64 *squares_of(__u64 squares[SEEP_RELEASED_AGES], __u32 age)
{
	return age == SEEP_RELEASED_OLD ? &squares[SEEP_RELEASED_OLD] :
					  &squares[SEEP_RELEASED_YOUNG];
}

#endif
