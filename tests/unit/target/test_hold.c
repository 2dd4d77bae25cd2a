// SPDX-License-Identifier: GPL-2.0-only
/* A process that is held stands still, gets its signals afterwards, and is ended as ever. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/process.h"
#include "target/hold.h"

#define STATUS 7 /* with which the child ends after SIGUSR1 */

static volatile uint64_t *rounds; /* shared: what the child has done */

static void on_signal(int number)
{
	(void)number;
	_exit(STATUS);
}

static pid_t start(void)
{
	pid_t pid;

	*rounds = 0;
	pid = fork();
	if (!pid) {
		signal(SIGUSR1, on_signal);
		for (;;)
			++*rounds;
	}
	assert_true(pid > 0);
	while (!*rounds)
		usleep(1000);
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static char state_of(pid_t pid)
{
	struct seep_proc_info info;
	char state;

	assert_int_equal(seep_proc_info_read(pid, &info), 0);
	state = info.state;
	seep_proc_info_done(&info);
	return state;
}

static void test_stands_and_goes_on(void **state)
{
	pid_t pid = start();
	uint64_t before;
	int number;

	(void)state;
	assert_true(seep_hold_begin(pid, &number));
	assert_int_equal(number, 0);
	before = *rounds;
	usleep(20000);
	assert_int_equal(*rounds, before);
	assert_int_equal(state_of(pid), 't');
	seep_hold_end(pid, number);
	while (*rounds == before)
		usleep(1000);
	/* Nobody traces it any more: it can be held again. */
	assert_true(seep_hold_begin(pid, &number));
	seep_hold_end(pid, number);
	kill(pid, SIGKILL);
	assert_int_equal(WTERMSIG(end_of(pid)), SIGKILL);
}

static void test_signal_meanwhile(void **state)
{
	pid_t pid = start();
	int number, status;

	(void)state;
	assert_true(seep_hold_begin(pid, &number));
	kill(pid, SIGUSR1);
	seep_hold_end(pid, number);
	status = end_of(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), STATUS);
}

/* Signals come at every moment of the stop: none may be lost. */
static void test_signal_at_the_stop(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		pid_t pid = start();
		int number, status;

		kill(pid, SIGUSR1);
		if (seep_hold_begin(pid, &number))
			seep_hold_end(pid, number);
		status = end_of(pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), STATUS);
	}
}

static void test_killed_while_it_stands(void **state)
{
	pid_t pid = start();
	int number;

	(void)state;
	assert_true(seep_hold_begin(pid, &number));
	kill(pid, SIGKILL);
	seep_hold_end(pid, number);
	/* The status is for whoever waits for the child. */
	assert_int_equal(WTERMSIG(end_of(pid)), SIGKILL);
}

/* A child of somebody else that dies is no zombie of ours: its parent sees its end. */
static void test_killed_child_of_another(void **state)
{
	pid_t parent;
	int pipes[2], number, status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	*rounds = 0;
	parent = fork();
	if (!parent) {
		pid = start();
		if (write(pipes[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		waitpid(pid, &status, 0);
		_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? STATUS : 1);
	}
	assert_int_equal(read(pipes[0], &pid, sizeof(pid)), sizeof(pid));
	assert_true(seep_hold_begin(pid, &number));
	kill(pid, SIGKILL);
	seep_hold_end(pid, number);
	status = end_of(parent);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), STATUS);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_not_to_be_had(void **state)
{
	pid_t pid = fork();
	int number, status;

	(void)state;
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(STATUS);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	/* It has a tracer, be it ourselves. */
	assert_false(seep_hold_begin(pid, &number));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	assert_int_equal(WEXITSTATUS(end_of(pid)), STATUS);
	assert_false(seep_hold_begin(pid, &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stands_and_goes_on),
		cmocka_unit_test(test_signal_meanwhile),
		cmocka_unit_test(test_signal_at_the_stop),
		cmocka_unit_test(test_killed_while_it_stands),
		cmocka_unit_test(test_killed_child_of_another),
		cmocka_unit_test(test_not_to_be_had),
	};

	rounds = mmap(NULL, sizeof(*rounds), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (rounds == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
