// SPDX-License-Identifier: GPL-2.0-only
/*
 * The work is done by a child that shares our memory and descriptors (CLONE_VM, CLONE_FILES), while
 * the calling thread stands still (CLONE_VFORK): nothing is copied, and the two never run at the
 * same time. All signals are blocked in the child, because it inherits the mask.
 */
#include "base/shield.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared with the process that works: it has our memory (CLONE_VM). */
struct call {
	int (*work)(void *context);
	void *context;
	int result;
};

static int run(void *argument)
{
	struct call *call = argument;

	/* timeout(1) and shells kill by group. */
	setpgid(0, 0);
	call->result = call->work(call->context);
	return 0;
}

int seep_shielded(int (*work)(void *context), void *context)
{
	/* -EINTR stays if the process is killed before it has a result. */
	struct call call = {work, context, -EINTR};
	alignas(16) char stack[SEEP_SHIELD_STACK];
	sigset_t all, before;
	pid_t pid;

	/* Our handlers would find the memory of a thread that waits. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* No exit signal: a SIGCHLD would be taken for one of the launched command. */
	pid = clone(run, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES, &call);
	/*
	 * A process whose exit signal is not SIGCHLD is only waited for with __WCLONE
	 * (waitpid(2)).
	 */
	if (pid >= 0)
		waitpid(pid, NULL, __WCLONE);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? work(context) : call.result;
}
