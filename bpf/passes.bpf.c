// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passes over the maps of all kinds. User space runs them (BPF_PROG_RUN, src/kernel/objects.c),
 * never two at a time: ages_scan before each report, exited_reap after a report has shown what an
 * ended process left. Both visit every entry of the maps of the traced kinds, about 30 ns for each;
 * the objects stay in the kernel.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "calls.bpf.h"
#include "enlarged.bpf.h"
#include "fds.bpf.h"
#include "objects.bpf.h"
#include "ranges.bpf.h"
#include "seep/passes.h"
#include "unmatched.bpf.h"

struct bpf_map;

/*
 * Adds one object of any kind to the ages of its site. @object is the beginning of a value of @map.
 */
static long age_of_object(struct bpf_map *map, const struct seep_object_key *key,
			  struct seep_object *object, struct seep_ages_pass *pass)
{
	struct seep_site_key site_key = {
		.stack = object->stack,
		.process = key->process,
		.kind = key->kind,
	};
	struct seep_site_value *site = bpf_map_lookup_elem(&sites, &site_key);
	__u32 bucket;

	if (!site)
		return 0;
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
	if (bucket < SEEP_LIFETIME_BUCKETS)
		site->ages[bucket]++;
	if (object->created_ns < site->oldest_ns)
		site->oldest_ns = object->created_ns;
	if (object->created_ns > pass->young_after_ns) {
		site->young_objects++;
		site->young_bytes += object->bytes;
	}
	return 0;
}

/* Fills in what counters cannot tell: the ages of the live objects. */
SEC("syscall")
int ages_scan(struct seep_ages_pass *pass)
{
	struct seep_ages_pass copy = *pass;

#define SCAN_KIND(name, one, plural, ...)                                                          \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##name))                                           \
		bpf_for_each_map_elem(&live_##plural, age_of_object, &copy, 0);
	SEEP_KINDS(SCAN_KIND)
#undef SCAN_KIND
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

/* Drops what the maps hold of processes that have ended. */
SEC("syscall")
int exited_reap(void *none)
{
#define REAP_KIND(name, one, plural, ...)                                                          \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##name))                                           \
		bpf_for_each_map_elem(&live_##plural, reap_entry, NULL, 0);
#define REAP_MAP(kind, map, room)                                                                  \
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_##kind))                                           \
		bpf_for_each_map_elem(&map, reap_entry, NULL, 0);
	SEEP_KINDS(REAP_KIND)
	SEEP_KIND_MAPS(REAP_MAP)
#undef REAP_KIND
#undef REAP_MAP
	bpf_for_each_map_elem(&sites, reap_entry, NULL, 0);
	return 0;
}
