// SPDX-License-Identifier: GPL-2.0-only
//
// Threads that are cancelled in the calls that wait for other threads: pthread_join, timedjoin_np,
// clockjoin_np, tryjoin_np in a loop; and in other cancellation points while they hold memory.
//
// Cancellation unwinds the stack by force. A return address that has been replaced stops it there:
// destructors are skipped, cleanup handlers do not run, locks stay held. All three are checked
// after each cancellation, and that the thread waited for can still be joined. Bounded by four
// threads.

#include <pthread.h>
#include <semaphore.h>

#include <string>

#include "torture.h"

namespace
{

struct waiter {
	pthread_t sleeper;
	sem_t wake;
	sem_t inside;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool destroyed = false;
	bool cleaned = false;
	int way = 0;
};

struct guard {
	waiter *of;
	std::string text;

	explicit guard(waiter *w) : of(w), text(100, 'g')
	{
		pthread_mutex_lock(&of->lock);
	}
	~guard()
	{
		torture_check(text == std::string(100, 'g'), "a string has changed");
		pthread_mutex_unlock(&of->lock);
		of->destroyed = true;
	}
};

void *sleep_until_woken(void *argument)
{
	waiter *w = static_cast<waiter *>(argument);

	while (sem_wait(&w->wake))
		;
	return argument;
}

void clean(void *argument)
{
	static_cast<waiter *>(argument)->cleaned = true;
}

struct timespec in_an_hour(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_sec += 3600;
	return time;
}

void wait_by(waiter *w)
{
	struct timespec real = in_an_hour(CLOCK_REALTIME);
	struct timespec monotonic = in_an_hour(CLOCK_MONOTONIC);

	sem_post(&w->inside);
	switch (w->way) {
	case 0:
		pthread_timedjoin_np(w->sleeper, NULL, &real);
		break;
	case 1:
		pthread_clockjoin_np(w->sleeper, NULL, CLOCK_MONOTONIC, &monotonic);
		break;
	case 2:
		pthread_join(w->sleeper, NULL);
		break;
	case 3:
		while (pthread_tryjoin_np(w->sleeper, NULL) == EBUSY)
			usleep(500);
		break;
	default:
		pause();
	}
}

void *wait_with_guards(void *argument)
{
	waiter *w = static_cast<waiter *>(argument);
	guard held(w);
	void *block = malloc(300);

	pthread_cleanup_push(clean, w);
	wait_by(w);
	pthread_cleanup_pop(0);
	free(block);
	return NULL;
}

void one_waiter(int way)
{
	waiter w;
	pthread_t joiner;
	void *result;

	w.way = way;
	sem_init(&w.wake, 0, 0);
	sem_init(&w.inside, 0, 0);
	torture_check(!pthread_create(&w.sleeper, NULL, sleep_until_woken, &w), "pthread_create");
	torture_check(!pthread_create(&joiner, NULL, wait_with_guards, &w), "pthread_create");
	while (sem_wait(&w.inside))
		;
	torture_rest(long(torture_random(&torture_heap.seed) % 3000));
	torture_check(!pthread_cancel(joiner), "pthread_cancel");
	torture_check(!pthread_join(joiner, &result), "pthread_join");
	torture_check(result == PTHREAD_CANCELED, "the thread was not cancelled");
	torture_check(w.destroyed, "a destructor was skipped");
	torture_check(w.cleaned, "a cleanup handler was skipped");
	torture_check(!pthread_mutex_trylock(&w.lock), "a lock stayed held");
	pthread_mutex_unlock(&w.lock);
	sem_post(&w.wake);
	torture_check(!pthread_join(w.sleeper, &result), "the other thread cannot be joined");
	torture_check(result == &w, "the other thread has another result");
	sem_destroy(&w.wake);
	sem_destroy(&w.inside);
}

} // namespace

int main(int argc, char **argv)
{
	torture_prepare(argc, argv);
	torture_ready();
	while (torture_go_on())
		one_waiter(int(torture_rounds % 5));
	return torture_end();
}
