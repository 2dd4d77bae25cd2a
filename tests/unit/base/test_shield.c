// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/shield.h"

struct pipes {
	int started[2];
	int go_on[2];
	int done[2];
	int opened;
};

static int answer(void *context)
{
	int *seen = context;

	*seen = (int)getpid();
	return 42;
}

/* Its result and what it writes arrive; it is another process. */
static void works_in_another_process(void **state)
{
	int seen = 0;

	(void)state;
	assert_int_equal(seep_shielded(answer, &seen), 42);
	assert_int_not_equal(seen, 0);
	assert_int_not_equal(seen, (int)getpid());
	/* and no child of it is left, nor one that a wait for another would find */
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int open_one(void *context)
{
	struct pipes *pipes = context;

	pipes->opened = dup(pipes->started[0]);
	return pipes->opened < 0 ? -errno : 0;
}

/* What it opens is open here. */
static void shares_descriptors(void **state)
{
	struct pipes pipes;

	(void)state;
	assert_int_equal(pipe(pipes.started), 0);
	assert_int_equal(seep_shielded(open_one, &pipes), 0);
	assert_int_equal(close(pipes.opened), 0);
	close(pipes.started[0]);
	close(pipes.started[1]);
}

static int kill_myself(void *context)
{
	(void)context;
	kill(getpid(), SIGKILL);
	return 0;
}

static void killed(void **state)
{
	(void)state;
	assert_int_equal(seep_shielded(kill_myself, NULL), -EINTR);
}

/* Says that it works, and goes on only when it is told to. */
static int work_on(void *context)
{
	struct pipes *pipes = context;
	char byte = 0;

	if (write(pipes->started[1], &byte, 1) == 1 && read(pipes->go_on[0], &byte, 1) == 1)
		return (int)write(pipes->done[1], &byte, 1);
	return -EIO;
}

/* SIGKILL for the process, or for its group, does not end the work that it waits for. */
static void survives_the_caller(void **state)
{
	struct pipes pipes;
	char byte = 7, got = 0;
	pid_t caller;

	(void)state;
	assert_int_equal(pipe(pipes.started) | pipe(pipes.go_on) | pipe(pipes.done), 0);
	caller = fork();
	if (caller == 0) {
		setpgid(0, 0);
		seep_shielded(work_on, &pipes);
		_exit(0);
	}
	assert_int_equal(read(pipes.started[0], &got, 1), 1);
	assert_int_equal(kill(-caller, SIGKILL), 0);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	assert_int_equal(write(pipes.go_on[1], &byte, 1), 1);
	assert_int_equal(read(pipes.done[0], &got, 1), 1);
	assert_int_equal(got, byte);
	for (int i = 0; i < 2; i++) {
		close(pipes.started[i]);
		close(pipes.go_on[i]);
		close(pipes.done[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(works_in_another_process),
		cmocka_unit_test(shares_descriptors),
		cmocka_unit_test(killed),
		cmocka_unit_test(survives_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
