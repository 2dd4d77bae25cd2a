// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children and new programs of every kind: fork, vfork, posix_spawn, clone that shares memory,
 * exec of itself by the leader and by another thread, and storms of all these.
 *
 * Each child works on its blocks and those that it has inherited, and says by its exit status that
 * all was right; a process that goes on after exec gets its count of rounds as an argument.
 * Bounded by four children at a time.
 */
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include "torture.h"

#define CHILD_RIGHT 42

extern char **environ;

static struct torture_heap inherited;
static char rounds_text[32];

static int child_work(void)
{
	static struct torture_heap own;

	torture_churn(&own, 30);
	torture_churn(&inherited, 10);
	torture_clear(&own);
	torture_clear(&inherited);
	return CHILD_RIGHT;
}

static void expect_right(pid_t pid)
{
	int status;

	torture_check(pid > 0, "no child");
	torture_check(waitpid(pid, &status, 0) == pid, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_RIGHT)
		dprintf(STDERR_FILENO, "child %d: wait status %#x\n", (int)pid, status);
	torture_check(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_RIGHT,
		      "a child was harmed");
}

static void run_fork(void)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(child_work());
	}
	for (int i = 0; i < 4; i++)
		expect_right(pids[i]);
}

/* The child allocates in the memory of its parent, which releases it. */
static void run_vfork(void)
{
	static void *volatile given;
	static pid_t pid;

	pid = vfork();
	if (!pid) {
		given = malloc(134);
		_exit(CHILD_RIGHT);
	}
	expect_right(pid);
	free(given);
	pid = vfork();
	if (!pid) {
		execl("/proc/self/exe", "processes", "child", NULL);
		_exit(1);
	}
	expect_right(pid);
}

static void run_spawn(void)
{
	char *arguments[] = {(char *)"processes", (char *)"child", NULL};
	pid_t pids[2];

	for (int i = 0; i < 2; i++)
		torture_check(!posix_spawn(&pids[i], "/proc/self/exe", NULL, NULL, arguments,
					   environ),
			      "posix_spawn");
	for (int i = 0; i < 2; i++)
		expect_right(pids[i]);
}

static int in_shared_memory(void *argument)
{
	*(void **)argument = malloc(77);
	return CHILD_RIGHT;
}

static void run_clone(void)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	void *given = NULL;
	pid_t pid = clone(in_shared_memory, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
			  &given);

	expect_right(pid);
	torture_check(given != NULL, "nothing was allocated");
	free(given);
}

static void exec_self(void)
{
	char limit[32];

	snprintf(rounds_text, sizeof(rounds_text), "%llu", (unsigned long long)torture_rounds);
	snprintf(limit, sizeof(limit), "%ld", (long)(torture_limit_seconds - torture_now()));
	execl("/proc/self/exe", "processes", torture_case, limit, rounds_text, NULL);
	torture_harmed("exec failed");
}

static void *exec_in_thread(void *argument)
{
	struct torture_heap heap = {.seed = 5};

	torture_churn(&heap, 20);
	exec_self();
	return argument;
}

static void *work_until_exec(void *argument)
{
	struct torture_heap heap = {.seed = (uint64_t)(uintptr_t)&heap};

	for (;;)
		torture_churn(&heap, 10);
	return argument;
}

/* Two threads are in the allocator when a third takes the process over. */
static void run_thread_exec(void)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		torture_check(!pthread_create(&threads[i], NULL,
					      i < 2 ? work_until_exec : exec_in_thread, NULL),
			      "pthread_create");
	pthread_join(threads[2], NULL);
	torture_harmed("still here after exec");
}

static void one_round(void)
{
	if (torture_is("fork"))
		run_fork();
	else if (torture_is("vfork"))
		run_vfork();
	else if (torture_is("spawn"))
		run_spawn();
	else if (torture_is("clone"))
		run_clone();
	else if (torture_is("exec") && torture_rounds % 20 == 0)
		exec_self();
	else if (torture_is("thread_exec") && torture_rounds % 20 == 0)
		run_thread_exec();
}

int main(int argc, char **argv)
{
	torture_prepare(argc, argv);
	if (torture_is("child"))
		return child_work();
	torture_churn(&inherited, 50);
	if (argc > 3) {
		torture_rounds = strtoull(argv[3], NULL, 10);
		torture_exact = false;
	} else {
		torture_ready();
	}
	while (torture_go_on()) {
		one_round();
		torture_rest(2000);
	}
	return torture_end();
}
