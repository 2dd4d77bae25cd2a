// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads sites and objects in batches of BATCH entries, and runs the passes over them. A batch
 * operation walks the buckets of a hash: entries that come or go meanwhile may or may not be seen,
 * but none is seen twice unless it moves.
 */
#include "kernel/objects.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "kernel/kernel_private.h"

/* Entries read in one go; sites have some 700 bytes each. */
#define BATCH 512

typedef int (*entry_fn)(void *context, const void *key, const void *value);

/*
 * Calls @fn for every entry of a hash, until it returns other than 0, and returns that. 0 or
 * -errno.
 */
static int each_entry(const struct bpf_map *map, entry_fn fn, void *context)
{
	size_t key_bytes = bpf_map__key_size(map), value_bytes = bpf_map__value_size(map);
	SEEP_AUTO_FREE char *keys = calloc(BATCH, key_bytes);
	SEEP_AUTO_FREE char *values = calloc(BATCH, value_bytes);
	__u32 position, next, count;
	void *from = NULL;
	int error, stop = 0;

	if (!keys || !values)
		return -ENOMEM;
	do {
		count = BATCH;
		error = bpf_map_lookup_batch(bpf_map__fd(map), from, &next, keys, values, &count,
					     NULL);
		/* -ENOENT: this is the last batch. */
		if (error && error != -ENOENT)
			return error;
		for (__u32 i = 0; i < count && !stop; i++)
			stop = fn(context, keys + i * key_bytes, values + i * value_bytes);
		position = next;
		from = &position;
	} while (!error && !stop);
	return stop;
}

/* Turns the untyped entries of each_entry into those of the caller's function. */
struct site_receiver {
	seep_site_fn fn;
	void *context;
};

static int on_site(void *context, const void *key, const void *value)
{
	const struct site_receiver *receiver = context;

	return receiver->fn(key, value, receiver->context);
}

int seep_kernel_each_site(const struct seep_kernel *kernel, seep_site_fn fn, void *context)
{
	struct site_receiver receiver = {fn, context};

	return each_entry(kernel->skeleton->maps.sites, on_site, &receiver);
}

struct object_receiver {
	seep_object_fn fn;
	void *context;
};

static int on_object(void *context, const void *key, const void *value)
{
	const struct object_receiver *receiver = context;

	return receiver->fn(receiver->context, key, value);
}

int seep_kernel_each_object(const struct seep_kernel *kernel, enum seep_kind kind,
			    seep_object_fn fn, void *context)
{
	struct object_receiver receiver = {fn, context};

	return each_entry(seep_kernel_live_map(kernel->skeleton, kind), on_object, &receiver);
}

/*
 * Blocks and addresses of processes in windows are followed for as long as there is room for them:
 * KEEP_NS while a table is not half full, a tenth of that beyond.
 */
#define KEEP_NS (600 * SEEP_NS_PER_S)

static uint64_t keep_ns(uint64_t count, uint64_t room)
{
	return count < room / 2 ? KEEP_NS : KEEP_NS / 10;
}

int seep_kernel_scan_ages(struct seep_kernel *kernel, uint64_t now_ns, uint64_t young_after_ns,
			  uint64_t *ret_number)
{
	struct seep_ages_pass pass = {
		.number = ++kernel->scan_number,
		.young_after_ns = young_after_ns,
		.now_ns = now_ns,
		.keep_blocks_ns = keep_ns(kernel->num_blocks, kernel->max_blocks),
		.keep_addresses_ns = keep_ns(kernel->num_addresses, SEEP_MAX_ADDRESSES),
	};
	int error = seep_kernel_run_pass(kernel->skeleton->progs.ages_scan, &pass, sizeof(pass));

	if (error)
		return error;
	kernel->num_blocks = pass.num_blocks;
	kernel->num_addresses = pass.num_addresses;
	*ret_number = pass.number;
	return 0;
}

int seep_kernel_reap(struct seep_kernel *kernel, const uint32_t *processes, size_t count)
{
	int exited = bpf_map__fd(kernel->skeleton->maps.exited), error = 0;

	while (count && !error) {
		size_t some = count < SEEP_MAX_EXITED ? count : SEEP_MAX_EXITED;

		for (size_t i = 0; i < some && !error; i++)
			error = bpf_map_update_elem(exited, &processes[i], &processes[i], BPF_ANY);
		if (!error)
			error = seep_kernel_run_pass(kernel->skeleton->progs.exited_reap, NULL, 0);
		/* Deleted even after a failure: a later pass would take an id left here along. */
		for (size_t i = 0; i < some; i++)
			bpf_map_delete_elem(exited, &processes[i]);
		processes += some;
		count -= some;
	}
	return error;
}
