// SPDX-License-Identifier: GPL-2.0-only
/* How often threads are given a CPU: of ourselves, and of nobody. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/switches.h"

#define THREADS	 (SEEP_PROC_SWITCHES_THREADS + 16)
#define SLEEPS	 50
#define SLEEP_US 100
#define NOBODY	 4194304

static void sleeps_are_switches(void **state)
{
	uint64_t before, after;
	int error = seep_proc_switches_read(getpid(), &before);

	(void)state;
	if (error == -ENOENT)
		skip();
	assert_int_equal(error, 0);
	for (int i = 0; i < SLEEPS; i++)
		usleep(SLEEP_US);
	assert_int_equal(seep_proc_switches_read(getpid(), &after), 0);
	assert_true(after >= before + SLEEPS);
}

static void *wait_for_end(void *context)
{
	pthread_barrier_t *barrier = context;

	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

/* All have had a CPU once at least, those that were not read included. */
static void further_threads_are_estimated(void **state)
{
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];
	uint64_t switches;
	int error;

	(void)state;
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_end, &barrier), 0);
	pthread_barrier_wait(&barrier);
	error = seep_proc_switches_read(getpid(), &switches);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	if (error == -ENOENT)
		skip();
	assert_int_equal(error, 0);
	assert_true(switches >= THREADS);
}

static void nobody_has_none(void **state)
{
	uint64_t switches = 7;

	(void)state;
	assert_int_equal(seep_proc_switches_read(NOBODY, &switches), -ESRCH);
	assert_int_equal(switches, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleeps_are_switches),
		cmocka_unit_test(further_threads_are_estimated),
		cmocka_unit_test(nobody_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
