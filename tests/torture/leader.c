// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process whose first thread has ended, while others work: before the trace ("before"), or in
 * the middle of it ("during"). Such a process looks like a zombie in /proc, and has no memory
 * under the name of its leader.
 *
 * The thread that is left checks its blocks and counts. Bounded by three threads.
 */
#include <pthread.h>

#include "torture.h"

static volatile bool stopping;

static void *work(void *argument)
{
	struct torture_heap heap = {.seed = 77};

	while (!stopping) {
		torture_churn(&heap, 5);
		torture_rest(500);
	}
	torture_clear(&heap);
	return argument;
}

static void *drive(void *argument)
{
	pthread_t worker;

	torture_rest(20000);
	torture_check(!pthread_create(&worker, NULL, work, NULL), "pthread_create");
	torture_ready();
	while (torture_go_on())
		torture_rest(1000);
	stopping = true;
	pthread_join(worker, NULL);
	exit(torture_end());
	return argument;
}

int main(int argc, char **argv)
{
	pthread_t driver;

	torture_prepare(argc, argv);
	torture_check(!pthread_create(&driver, NULL, drive, NULL), "pthread_create");
	for (int i = 0; torture_is("during") && i < 15; i++)
		torture_rest(100000);
	pthread_exit(NULL);
}
