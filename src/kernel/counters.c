// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kernel/kernel_private.h"

/* Entries read in one go; sites have 400 bytes each. */
#define BATCH 512

/* --- counters ---------------------------------------------------------------------------------- */

static int read_counters(const struct seep_kernel *kernel, const struct bpf_map *map, __u32 count,
			 uint64_t *ret_counters)
{
	SEEP_AUTO_FREE uint64_t *values = calloc((size_t)kernel->num_cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (__u32 i = 0; i < count; i++) {
		uint64_t sum = 0;
		int error = bpf_map_lookup_elem(bpf_map__fd(map), &i, values);

		if (error)
			return error;
		for (int cpu = 0; cpu < kernel->num_cpus; cpu++)
			sum += values[cpu];
		ret_counters[i] = sum;
	}
	return 0;
}

int seep_kernel_read_hits(const struct seep_kernel *kernel, uint32_t num_probes, uint64_t *ret_hits)
{
	return read_counters(kernel, kernel->skeleton->maps.hits, num_probes, ret_hits);
}

int seep_kernel_read_losses(const struct seep_kernel *kernel, uint64_t ret_losses[SEEP_LOSS_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.losses, SEEP_LOSS_COUNT, ret_losses);
}

int seep_kernel_read_ends(const struct seep_kernel *kernel, uint64_t ret_ends[SEEP_END_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.ends, SEEP_END_COUNT, ret_ends);
}

/* --- sites and mappings ------------------------------------------------------------------------ */

typedef int (*entry_fn)(void *context, const void *key, const void *value);

/* Calls @fn for every entry of a hash, until it returns other than 0, and returns that. 0 or -errno. */
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

struct mapping_receiver {
	seep_mapping_fn fn;
	void *context;
};

static int on_mapping(void *context, const void *key, const void *value)
{
	const struct mapping_receiver *receiver = context;

	return receiver->fn(receiver->context, key, value);
}

int seep_kernel_each_mapping(const struct seep_kernel *kernel, seep_mapping_fn fn, void *context)
{
	struct mapping_receiver receiver = {fn, context};

	return each_entry(kernel->skeleton->maps.live_mappings, on_mapping, &receiver);
}

/* --- passes ------------------------------------------------------------------------------------ */

int seep_kernel_run_pass(const struct bpf_program *program, void *argument, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = argument, .ctx_size_in = (__u32)size);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &options);
}

int seep_kernel_scan_ages(struct seep_kernel *kernel, uint64_t now_ns, uint64_t young_after_ns,
			  uint64_t *ret_number)
{
	struct seep_ages_pass pass = {
		.number = ++kernel->scan_number,
		.young_after_ns = young_after_ns,
		.now_ns = now_ns,
	};
	int error = seep_kernel_run_pass(kernel->skeleton->progs.ages_scan, &pass, sizeof(pass));

	if (error)
		return error;
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
		for (size_t i = 0; i < some; i++)
			bpf_map_delete_elem(exited, &processes[i]);
		processes += some;
		count -= some;
	}
	return error;
}

void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size)
{
	memcpy(kernel->skeleton->bss->rewalk_stack, stack,
	       size < SEEP_COPY_BYTES ? size : SEEP_COPY_BYTES);
}

int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass)
{
	return seep_kernel_run_pass(kernel->skeleton->progs.rewalk_step, pass, sizeof(*pass));
}

int seep_kernel_identify(struct seep_kernel *kernel, struct seep_identify_pass *pass)
{
	return seep_kernel_run_pass(kernel->skeleton->progs.mapping_identify, pass, sizeof(*pass));
}
