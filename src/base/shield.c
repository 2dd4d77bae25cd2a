// SPDX-License-Identifier: GPL-2.0-only
#include "base/shield.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

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
	struct call call = {work, context, -EINTR};
	alignas(16) char stack[SEEP_SHIELD_STACK];
	sigset_t all, before;
	pid_t pid;

	/* Our handlers would find the memory of a thread that waits. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* No exit signal: a SIGCHLD would be taken for one of the launched command. */
	pid = clone(run, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES, &call);
	if (pid >= 0)
		waitpid(pid, NULL, __WCLONE);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? work(context) : call.result;
}
