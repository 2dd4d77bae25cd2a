// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passes over the maps of all kinds. User space runs them (BPF_PROG_RUN, src/kernel/objects.c),
 * never two at a time: ages_scan before each report, exited_reap after a report has shown what an
 * ended process left. Both visit every entry of the maps of the traced kinds, and every slot of the
 * table of blocks; the objects stay in the kernel.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "calls.bpf.h"
#include "enlarged.bpf.h"
#include "fds.bpf.h"
#include "objects.bpf.h"
#include "ranges.bpf.h"
#include "sampling.bpf.h"
#include "seep/passes.h"
#include "unmatched.bpf.h"

struct bpf_map;

/* 2^(i / 32), in 2^-SEEP_WEIGHT_SHIFT. */
static const __u16 weights[SEEP_WEIGHT_STEPS] = {
	256, 262, 267, 273, 279, 285, 292, 298, 304, 311, 318, 325, 332, 339, 347, 354,
	362, 370, 378, 386, 395, 403, 412, 421, 431, 440, 450, 459, 470, 480, 490, 501,
};

/* The sample of @key in this pass: what the last one left is gone. NULL: there is no room. */
static __always_inline struct seep_sample_value *sample_in_pass(const struct seep_site_key *key,
								const struct seep_ages_pass *pass)
{
	struct seep_sample_value *sample = sample_get(key);

	if (!sample || sample->scan == pass->number)
		return sample;
	sample->scan = pass->number;
	/* One by one: the compiler cannot clear more than 1 KiB at once. */
	__builtin_memset(sample->waiting, 0, sizeof(sample->waiting));
	__builtin_memset(sample->waiting_squares, 0, sizeof(sample->waiting_squares));
	barrier();
	__builtin_memset(sample->weights, 0, sizeof(sample->weights));
	__builtin_memset(sample->weighted_bytes, 0, sizeof(sample->weighted_bytes));
	return sample;
}

/*
 * Adds what the block stands for, in a process that is traced in windows. 1: it is too old to be
 * followed further, and the sample has it; else 0.
 */
static __noinline int weigh(const struct seep_site_key *key, const struct seep_object *object,
			    const struct seep_ages_pass *pass, __u32 bucket)
{
	struct seep_sample_value *sample = sample_in_pass(key, pass);
	__u32 code = SEEP_WEIGHT_CODE(object->created_ns);
	__u64 weight = (__u64)weights[code % SEEP_WEIGHT_STEPS] << (code / SEEP_WEIGHT_STEPS);

	/* From before the first window. */
	if (code == SEEP_WEIGHT_BY_SIZE && cfg_sample_bytes)
		weight = weigh_block(object->bytes, object->created_ns).objects >>
			 (SEEP_SAMPLE_SHIFT - SEEP_WEIGHT_SHIFT);

	if (!sample || bucket >= SEEP_LIFETIME_BUCKETS)
		return 0;
	if (pass->now_ns - object->created_ns <= pass->keep_blocks_ns) {
		sample->weights[bucket] += weight;
		sample->weighted_bytes[bucket] += weight * object->bytes;
		return 0;
	}
	sample->forgotten.blocks[bucket]++;
	sample->forgotten.weights[bucket] += weight;
	sample->forgotten.weighted_bytes[bucket] += weight * object->bytes;
	return 1;
}

/* Adds an object to those that are younger than reports want. */
static __always_inline void add_young(struct seep_site_value *site, __u32 kind,
				      const struct seep_object *object)
{
	if (cfg_sample_bytes && kind == SEEP_KIND_MEMORY) {
		struct seep_weighed weighed = weigh_block(object->bytes, object->created_ns);

		site->young_objects += weighed.objects;
		site->young_bytes += weighed.bytes;
		return;
	}
	site->young_objects++;
	site->young_bytes += object->bytes;
}

/*
 * Adds one object of any kind to the ages of its site. 1: it is of no more use in its live map;
 * else 0. A global function, see weighed_add.
 */
__weak int age_of(const struct seep_object_key *key, const struct seep_object *object,
		  struct seep_ages_pass *pass)
{
	struct seep_site_key site_key = {};
	struct seep_site_value *site;
	__u32 bucket;

	if (!key || !object || !pass)
		return 0;
	site_key.stack = object->stack;
	site_key.process = key->process;
	site_key.kind = key->kind;
	site = bpf_map_lookup_elem(&sites, &site_key);
	pass->num_blocks += key->kind == SEEP_KIND_MEMORY;
	if (!site)
		return 0;
	/* Of no use beyond its window. */
	if (key->kind == SEEP_KIND_MEMORY && !is_of_cohort(object))
		return is_of_earlier_window(windows_of(key->process), object);
	if (site->scan != pass->number) {
		site->scan = pass->number;
		site->oldest_ns = object->created_ns;
		site->young_objects = 0;
		site->young_bytes = 0;
		__builtin_memset(site->ages, 0, sizeof(site->ages));
	}
	/* No atomics: only one pass runs. */
	bucket = object->created_ns < pass->now_ns ?
			 lifetime_bucket(pass->now_ns - object->created_ns) :
			 0;
	if (key->kind == SEEP_KIND_MEMORY && windows_of(key->process) &&
	    weigh(&site_key, object, pass, bucket))
		return 1;
	if (bucket < SEEP_LIFETIME_BUCKETS)
		site->ages[bucket]++;
	if (object->created_ns < site->oldest_ns)
		site->oldest_ns = object->created_ns;
	if (object->created_ns > pass->young_after_ns)
		add_young(site, key->kind, object);
	return 0;
}

/* The same of an entry of a hash. @object is the beginning of a value of @map. */
static long age_of_object(struct bpf_map *map, const struct seep_object_key *key,
			  struct seep_object *object, struct seep_ages_pass *pass)
{
	struct seep_object_key key_copy = *key;
	struct seep_object copy = *object;

	if (age_of(&key_copy, &copy, pass) && bpf_map_delete_elem(map, &key_copy) == 0 &&
	    key_copy.kind == SEEP_KIND_MEMORY)
		spilled_gone(&key_copy);
	return 0;
}

/* Frees a slot of the table of blocks, unless its block has just been released. */
static __noinline int slot_drop(const struct seep_object_key *key, __u32 bucket, __u32 slot)
{
	struct block_place place;

	block_place(key, cfg_buckets, &place);
	if (bucket_free(bucket, slot, place.word) == 0 && bucket != place.bucket)
		bucket_count_away(place.bucket, -1);
	return 0;
}

/*
 * The key and the object in a slot of a bucket: 0, or -1 if it has none. It may be released
 * meanwhile; if the slot has got another block by then, neither is reported in this pass.
 */
static __always_inline int slot_read(const struct seep_bucket *bucket, __u32 slot,
				     struct seep_object_key *ret_key,
				     struct seep_object *ret_object)
{
	__u64 word = READ_WORD(bucket->keys[slot]);
	struct seep_object stored;

	if (word == BLOCK_NONE || word == BLOCK_CLAIMED)
		return -1;
	stored.bytes = READ_WORD(bucket->blocks[slot].bytes);
	stored.created_ns = READ_WORD(bucket->blocks[slot].created_ns);
	stored.stack = READ_WORD(bucket->blocks[slot].stack);
	if (READ_WORD(bucket->keys[slot]) != word)
		return -1;
	block_unpack(word, &stored, ret_key, ret_object);
	return 0;
}

static long ages_of_bucket(struct bpf_map *map, const __u32 *index, struct seep_bucket *bucket,
			   struct seep_ages_pass *pass)
{
	for (__u32 slot = 0; slot < SEEP_BUCKET_BLOCKS; slot++) {
		struct seep_object_key key = {};
		struct seep_object object = {};

		if (slot_read(bucket, slot, &key, &object) == 0 && age_of(&key, &object, pass))
			slot_drop(&key, *index, slot);
	}
	return 0;
}

/* Adds a released address that was not met again to its site and its size class. */
static long age_of_address(struct bpf_map *map, const struct seep_object_key *key,
			   const struct seep_address *address, struct seep_ages_pass *pass)
{
	struct seep_site_key of = {
		.stack = address->size_class,
		.process = key->process,
		.kind = SEEP_KIND_COUNT,
	};
	__u32 bucket = address->released_ns < pass->now_ns ?
			       lifetime_bucket(pass->now_ns - address->released_ns) :
			       0;

	bool gone = pass->now_ns - address->released_ns > pass->keep_addresses_ns;
	__u32 age = address->age, more = address->stack != 0;

	pass->num_addresses++;
	/* First the class, then the site. */
	for (int i = 0; i < 2; i++) {
		struct seep_sample_value *sample = sample_in_pass(&of, pass);
		__u64 *counter;

		if (!sample)
			break;
		counter = address_counter(gone ? sample->forgotten.addresses : sample->waiting, age,
					  bucket);
		if (counter)
			*counter += address->count;
		*squares_of(gone ? sample->squares : sample->waiting_squares, age) +=
			(__u64)address->count * address->count;
		if (!more)
			break;
		of.stack = address->stack;
		of.kind = SEEP_KIND_MEMORY;
	}
	if (gone)
		bpf_map_delete_elem(map, key);
	return 0;
}

/* Fills in what counters cannot tell: the ages of the live objects. */
SEC("syscall")
int ages_scan(struct seep_ages_pass *pass)
{
	struct seep_ages_pass copy = *pass;

	if (cfg_buckets)
		bpf_for_each_map_elem(&blocks, ages_of_bucket, &copy, 0);
#define SCAN_KIND(name, one, plural, ...)                                                          \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##name))                                           \
		bpf_for_each_map_elem(&live_##plural, age_of_object, &copy, 0);
	SEEP_LIVE_KINDS(SCAN_KIND)
#undef SCAN_KIND
	if (cfg_windows)
		bpf_for_each_map_elem(&addresses, age_of_address, &copy, 0);
	pass->num_blocks = copy.num_blocks;
	pass->num_addresses = copy.num_addresses;
	return 0;
}

/* The ids of processes that have ended and were reported, for exited_reap. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SEEP_MAX_EXITED);
	__type(key, __u32);
	__type(value, __u32);
} exited SEC(".maps");

/* Drops one entry of any map: all keys have the process at the same place. */
static long reap_entry(struct bpf_map *map, const struct seep_process_key *key, void *value,
		       void *none)
{
	__u32 process = key->process;

	if (bpf_map_lookup_elem(&exited, &process))
		bpf_map_delete_elem(map, key);
	return 0;
}

/* The same of the table of blocks. */
static long reap_bucket(struct bpf_map *map, const __u32 *index, struct seep_bucket *bucket,
			void *none)
{
	for (__u32 slot = 0; slot < SEEP_BUCKET_BLOCKS; slot++) {
		struct seep_object_key key = {};
		struct seep_object object = {};

		if (slot_read(bucket, slot, &key, &object) == 0 &&
		    bpf_map_lookup_elem(&exited, &key.process))
			slot_drop(&key, *index, slot);
	}
	return 0;
}

/* The same of live_memory, as reap_entry does it of any map. */
static long reap_spilled(struct bpf_map *map, const struct seep_object_key *key, void *value,
			 void *none)
{
	struct seep_object_key copy = *key;

	if (bpf_map_lookup_elem(&exited, &copy.process) && bpf_map_delete_elem(map, &copy) == 0)
		spilled_gone(&copy);
	return 0;
}

/* Drops what the maps hold of processes that have ended. */
SEC("syscall")
int exited_reap(void *none)
{
	if (cfg_buckets) {
		bpf_for_each_map_elem(&blocks, reap_bucket, NULL, 0);
		bpf_for_each_map_elem(&live_memory, reap_spilled, NULL, 0);
	}
#define REAP_KIND(name, one, plural, ...)                                                          \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##name))                                           \
		bpf_for_each_map_elem(&live_##plural, reap_entry, NULL, 0);
#define REAP_MAP(kind, map, room)                                                                  \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##kind))                                           \
		bpf_for_each_map_elem(&map, reap_entry, NULL, 0);
	SEEP_LIVE_KINDS(REAP_KIND)
	SEEP_KIND_MAPS(REAP_MAP)
#undef REAP_KIND
#undef REAP_MAP
	bpf_for_each_map_elem(&sites, reap_entry, NULL, 0);
	return 0;
}
