// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that are cancelled asynchronously, at any instruction, inside a function that seep is
 * told to trace as an allocator (spin_get). The cleanup handler must run and its lock be free
 * again.
 *
 * A replaced return address below the interrupted instruction ends the forced unwinding early.
 * Bounded by one such thread at a time.
 */
#include <pthread.h>
#include <semaphore.h>

#include "torture.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t inside;
static volatile int cleaned;
static volatile unsigned long spun;

/* Never returns until @enough; an allocator's slow path. */
FIXTURE_FUNCTION void *spin_get(size_t size, const volatile int *enough)
{
	static char pool[4096];

	sem_post(&inside);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	while (!*enough)
		spun++;
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	return pool + size % sizeof(pool);
}

static void clean(void *argument)
{
	(void)argument;
	cleaned = 1;
	pthread_mutex_unlock(&lock);
}

static void *work(void *argument)
{
	pthread_mutex_lock(&lock);
	pthread_cleanup_push(clean, NULL);
	spin_get(64, argument);
	pthread_cleanup_pop(1);
	return NULL;
}

int main(int argc, char **argv)
{
	static volatile int never, at_once = 1;

	torture_prepare(argc, argv);
	sem_init(&inside, 0, 0);
	torture_ready();
	while (torture_go_on()) {
		bool cancel = torture_rounds % 4;
		pthread_t thread;
		void *result;

		cleaned = 0;
		torture_check(!pthread_create(&thread, NULL, work,
					      (void *)(cancel ? &never : &at_once)),
			      "pthread_create");
		while (sem_wait(&inside))
			;
		torture_rest((long)(torture_random(&torture_heap.seed) % 1000));
		if (cancel)
			pthread_cancel(thread);
		torture_check(!pthread_join(thread, &result), "pthread_join");
		torture_check(!cancel || result == PTHREAD_CANCELED, "not cancelled");
		torture_check(cleaned, "a cleanup handler was skipped");
		torture_check(!pthread_mutex_trylock(&lock), "a lock stayed held");
		pthread_mutex_unlock(&lock);
	}
	return torture_end();
}
