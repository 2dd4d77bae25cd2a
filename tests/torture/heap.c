// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain work of three threads on blocks of all forms: what is built with the sanitizers, run under
 * valgrind, gdb, strace and perf, and with other allocators.
 *
 * Every block is checked before it is released. Bounded by three threads of 24 blocks.
 */
#include <pthread.h>

#include "torture.h"

#define THREADS 2

static bool stopping;

static void *work(void *argument)
{
	struct torture_heap *heap = argument;

	while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
		torture_churn(heap, 5);
		torture_rest(1000);
	}
	torture_clear(heap);
	return argument;
}

int main(int argc, char **argv)
{
	static struct torture_heap heaps[THREADS] = {{.seed = 61}, {.seed = 62}};
	pthread_t threads[THREADS];

	torture_prepare(argc, argv);
	for (int i = 0; i < THREADS; i++)
		torture_check(!pthread_create(&threads[i], NULL, work, &heaps[i]),
			      "pthread_create");
	torture_ready();
	while (torture_go_on())
		torture_rest(1000);
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		torture_check(!pthread_join(threads[i], NULL), "pthread_join");
	return torture_end();
}
