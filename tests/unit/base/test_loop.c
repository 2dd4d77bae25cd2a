// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event loop: descriptors, timers and signals, and callbacks that remove sources while events
 * wait.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/units.h"

/* What the callbacks below share: each test uses what it needs of it. */
struct run {
	struct seep_loop *loop;
	struct seep_loop_source *own;
	struct seep_loop_source *other;
	int pipe[2];
	int other_pipe[2];
	int calls;
	int other_calls;
	uint64_t values;
};

static void make_readable(int ends[2])
{
	assert_return_code(pipe(ends), errno);
	assert_int_equal(write(ends[1], "x", 1), 1);
}

static int setup(void **state)
{
	static struct run run;

	run = (struct run){0};
	make_readable(run.pipe);
	make_readable(run.other_pipe);
	*state = &run;
	return seep_loop_new(&run.loop);
}

static int teardown(void **state)
{
	struct run *run = *state;

	seep_loop_free(run->loop);
	for (int i = 0; i < 2; i++) { /* the loop has not closed what it does not own */
		assert_return_code(close(run->pipe[i]), errno);
		assert_return_code(close(run->other_pipe[i]), errno);
	}
	return 0;
}

static int stop_after_three(void *context, uint64_t value)
{
	struct run *run = context;

	run->values += value;
	if (++run->calls == 3)
		seep_loop_stop(run->loop);
	return 0;
}

static int stop(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->calls++;
	seep_loop_stop(run->loop);
	return 0;
}

static int count_other(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->other_calls++;
	return 0;
}

static int return_failure(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->calls++;
	return -EILSEQ;
}

static void readable_descriptor_calls_until_stopped(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop_after_three, run, NULL), 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 3);
	assert_int_equal(run->values, 3 * EPOLLIN);
}

static void failure_of_a_callback_ends_the_run(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], return_failure, run, NULL), 0);
	assert_int_equal(seep_loop_run(run->loop), -EILSEQ);
	assert_int_equal(run->calls, 1);
	assert_int_equal(seep_loop_run(run->loop), -EILSEQ);
	assert_int_equal(run->calls, 2);
}

static void stop_before_the_run_holds_for_one(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop, run, NULL), 0);
	seep_loop_stop(run->loop);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 1);
}

static void descriptors_are_checked(void **state)
{
	SEEP_AUTO_CLOSE int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct run *run = *state;
	struct seep_loop_source *source = NULL;

	assert_int_equal(seep_loop_add_fd(run->loop, -1, stop, run, &source), -EBADF);
	assert_int_equal(seep_loop_add_fd(run->loop, file, stop, run, &source), -EPERM);
	assert_null(source);
	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop, run, NULL), 0);
	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop, run, &source), -EEXIST);
	assert_null(source);
}

static int remove_itself(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->calls++;
	seep_loop_remove(run->loop, run->own);
	return 0;
}

static void source_may_remove_itself(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], remove_itself, run, &run->own),
			 0);
	assert_int_equal(seep_loop_add_timer(run->loop, 20 * SEEP_NS_PER_MS, 0, stop, run, NULL),
			 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 2); /* once itself, once the timer */
}

static int remove_both(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->calls++;
	seep_loop_remove(run->loop, run->own);
	seep_loop_remove(run->loop, run->other);
	return 0;
}

/* Both are ready before the run: whichever comes first frees the other one with its event due. */
static void source_may_remove_one_that_is_ready(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], remove_both, run, &run->own), 0);
	assert_int_equal(
		seep_loop_add_fd(run->loop, run->other_pipe[0], remove_both, run, &run->other), 0);
	assert_int_equal(seep_loop_add_timer(run->loop, 20 * SEEP_NS_PER_MS, 0, stop, run, NULL),
			 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 2);
}

static int replace_itself(void *context, uint64_t value)
{
	struct run *run = context;

	(void)value;
	run->calls++;
	seep_loop_remove(run->loop, run->own);
	return seep_loop_add_fd(run->loop, run->pipe[0], stop, run, &run->own);
}

static void source_may_replace_itself(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], replace_itself, run, &run->own),
			 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 2);
}

static void removal_in_any_order(void **state)
{
	struct run *run = *state;
	struct seep_loop_source *sources[3];
	static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (int j = 0; j < 3; j++)
			assert_int_equal(seep_loop_add_timer(run->loop, 1, 1, return_failure, run,
							     &sources[j]),
					 0);
		for (int j = 0; j < 3; j++)
			seep_loop_remove(run->loop, sources[orders[i][j]]);
	}
	seep_loop_remove(run->loop, NULL);
	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop, run, NULL), 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 1);
}

static void busy_descriptor_does_not_starve_others(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_fd(run->loop, run->other_pipe[0], count_other, run, NULL),
			 0);
	assert_int_equal(seep_loop_add_fd(run->loop, run->pipe[0], stop_after_three, run, NULL), 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->calls, 3);
	assert_in_range(run->other_calls, 2, 4);
}

static void timer_repeats_and_counts_expirations(void **state)
{
	const uint64_t interval_ns = 5 * SEEP_NS_PER_MS;
	struct run *run = *state;
	uint64_t start_ns = seep_clock_monotonic_ns();
	uint64_t elapsed_ns;

	assert_int_equal(
		seep_loop_add_timer(run->loop, 0, interval_ns, stop_after_three, run, NULL), 0);
	while (seep_clock_monotonic_ns() - start_ns < 5 * interval_ns)
		continue; /* late, so that the first call reports several expirations */
	assert_int_equal(seep_loop_run(run->loop), 0);
	elapsed_ns = seep_clock_monotonic_ns() - start_ns;
	assert_int_equal(run->calls, 3);
	assert_true(run->values >= 6);
	assert_true(run->values <= elapsed_ns / interval_ns);
}

static void first_expiration_can_differ(void **state)
{
	struct run *run = *state;
	uint64_t start_ns = seep_clock_monotonic_ns();

	assert_int_equal(seep_loop_add_timer(run->loop, 1, 3600 * SEEP_NS_PER_S, stop, run, NULL),
			 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_true(seep_clock_monotonic_ns() - start_ns < 60 * SEEP_NS_PER_S);
}

static void timer_without_interval_fires_once(void **state)
{
	struct run *run = *state;

	assert_int_equal(seep_loop_add_timer(run->loop, 1, 0, count_other, run, NULL), 0);
	assert_int_equal(seep_loop_add_timer(run->loop, 20 * SEEP_NS_PER_MS, 0, stop, run, NULL),
			 0);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->other_calls, 1);
}

static void timer_that_never_fires_is_refused(void **state)
{
	struct run *run = *state;
	struct seep_loop_source *source = NULL;

	assert_int_equal(seep_loop_add_timer(run->loop, 0, 0, stop, run, &source), -EINVAL);
	assert_null(source);
	assert_int_equal(seep_loop_add_timer(run->loop, UINT64_MAX, UINT64_MAX, stop, run, NULL),
			 0);
}

static int note_signal(void *context, uint64_t value)
{
	struct run *run = context;

	run->values |= 1ULL << value;
	if (++run->calls == 2)
		seep_loop_stop(run->loop);
	return 0;
}

static void signals_call_back(void **state)
{
	struct run *run = *state;
	sigset_t blocked;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	assert_int_equal(seep_loop_add_signals(run->loop, &set, note_signal, run), 0);
	assert_return_code(sigprocmask(SIG_BLOCK, NULL, &blocked), errno);
	assert_int_equal(sigismember(&blocked, SIGUSR1), 1);
	assert_int_equal(sigismember(&blocked, SIGTERM), 1);
	assert_int_equal(sigismember(&blocked, SIGINT), 0);

	assert_return_code(kill(getpid(), SIGTERM), errno);
	assert_return_code(kill(getpid(), SIGUSR1), errno);
	assert_int_equal(seep_loop_run(run->loop), 0);
	assert_int_equal(run->values, 1ULL << SIGTERM | 1ULL << SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static size_t count_descriptors(void)
{
	SEEP_AUTO_DIR DIR *dir = opendir("/proc/self/fd");
	size_t descriptors = 0;

	assert_non_null(dir);
	while (readdir(dir))
		descriptors++;
	return descriptors;
}

static void free_closes_what_the_loop_made(void **state)
{
	size_t before = count_descriptors();
	struct seep_loop_source *source;
	struct seep_loop *loop;
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	assert_int_equal(seep_loop_new(&loop), 0);
	assert_int_equal(seep_loop_add_timer(loop, 1, 1, stop, NULL, NULL), 0);
	assert_int_equal(seep_loop_add_timer(loop, 1, 1, stop, NULL, &source), 0);
	assert_int_equal(seep_loop_add_signals(loop, &set, stop, NULL), 0);
	assert_int_equal(count_descriptors(), before + 4);
	seep_loop_remove(loop, source);
	assert_int_equal(count_descriptors(), before + 3);
	seep_loop_free(loop);
	assert_int_equal(count_descriptors(), before);
	seep_loop_free(NULL);
}

#define with_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_loop(readable_descriptor_calls_until_stopped),
		with_loop(failure_of_a_callback_ends_the_run),
		with_loop(stop_before_the_run_holds_for_one),
		with_loop(descriptors_are_checked),
		with_loop(source_may_remove_itself),
		with_loop(source_may_remove_one_that_is_ready),
		with_loop(source_may_replace_itself),
		with_loop(removal_in_any_order),
		with_loop(busy_descriptor_does_not_starve_others),
		with_loop(timer_repeats_and_counts_expirations),
		with_loop(first_expiration_can_differ),
		with_loop(timer_without_interval_fires_once),
		with_loop(timer_that_never_fires_is_refused),
		with_loop(signals_call_back),
		cmocka_unit_test(free_closes_what_the_loop_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
