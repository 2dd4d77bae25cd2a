// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of threads: passes of the iterator threads_count until one is complete, at most
 * MAX_THREAD_PASSES. Argument and result are in .bss, so there is one pass at a time.
 */
#include "kernel/threads.h"

#include <errno.h>

#include "kernel/kernel_private.h"

/* Passes over a list of threads that changes meanwhile. */
#define MAX_THREAD_PASSES 16

/*
 * A thread that ends while the iterator is at it ends the walk; and a thread that is being created
 * may become known by itself, or not. Another pass finds out.
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
		/*
		 * Complete: no thread was just being made, and the walk has met as many as the
		 * process has.
		 */
		if (!pass->num_new && pass->num_found >= pass->num_all) {
			*ret_added = added;
			return 0;
		}
	}
	return -EAGAIN;
}

int seep_kernel_drop_thread(struct seep_kernel *kernel, const struct seep_object_key *key)
{
	struct seep_object_key copy = *key;

	return seep_kernel_run_pass(kernel->skeleton->progs.thread_drop, &copy, sizeof(copy));
}
