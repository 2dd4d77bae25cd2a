// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "kernel/kernel_private.h"

/* Objects read in one go. */
#define THREAD_BATCH 1024

/* Passes over a list of threads that changes meanwhile. */
#define MAX_THREAD_PASSES 16

/*
 * When a thread ends while the iterator is at it, the walk ends there; and a thread that is being made may
 * become known by itself, or not. Another pass finds out.
 */
int seep_kernel_count_threads(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			      uint32_t *ret_added)
{
	struct seep_threads_pass *pass = &kernel->skeleton->bss->threads_pass;
	uint32_t added = 0;

	for (int i = 0; i < MAX_THREAD_PASSES; i++) {
		int error;

		*pass = (struct seep_threads_pass){.process = process, .first = first};
		error = seep_kernel_iterate(kernel->skeleton->progs.threads_count, pid, NULL, NULL);
		if (error)
			return error;
		added += pass->num_added;
		if (!pass->num_new && pass->num_found >= pass->num_all) {
			*ret_added = added;
			return 0;
		}
	}
	return -EAGAIN;
}

struct thread_batch {
	struct seep_object_key keys[THREAD_BATCH];
	struct seep_thread_object values[THREAD_BATCH];
};

int seep_kernel_each_thread(const struct seep_kernel *kernel, seep_thread_fn fn, void *context)
{
	int fd = bpf_map__fd(kernel->skeleton->maps.live_threads);
	SEEP_AUTO_FREE struct thread_batch *batch = malloc(sizeof(*batch));
	__u32 position, next, count;
	void *from = NULL;
	int error;

	if (!batch)
		return -ENOMEM;
	do {
		count = THREAD_BATCH;
		error = bpf_map_lookup_batch(fd, from, &next, batch->keys, batch->values, &count,
					     NULL);
		/* -ENOENT: this is the last batch. */
		if (error && error != -ENOENT)
			return error;
		for (__u32 i = 0; i < count; i++) {
			int stop = fn(context, &batch->keys[i], &batch->values[i]);

			if (stop)
				return stop;
		}
		position = next;
		from = &position;
	} while (!error);
	return 0;
}

int seep_kernel_drop_thread(struct seep_kernel *kernel, const struct seep_object_key *key)
{
	struct seep_object_key copy = *key;

	return seep_kernel_run_pass(kernel->skeleton->progs.thread_drop, &copy, sizeof(copy));
}
