// SPDX-License-Identifier: GPL-2.0-only
#include "target/hold.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/process.h"

/*
 * Takes note of the end of a process that was held: before that its parent cannot. If seep is the
 * parent, its status is for whoever waits for it.
 */
static void let_end(pid_t tid)
{
	if (seep_proc_parent(tid) != getpid())
		waitpid(tid, NULL, __WALL);
}

/* Waits for the stop. False if it ended instead. */
static bool wait_for_stop(pid_t tid)
{
	siginfo_t info;
	int error;

	/* The status stays with the kernel, so that the end of a child of ours is not lost. */
	do
		error = waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL);
	while (error && errno == EINTR);
	return !error && (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED);
}

/*
 * The signal that @tid was about to get. The status has the signal and above it the event; with
 * PTRACE_EVENT_STOP the signal is of the stop itself (ptrace(2)).
 */
static int take_signal(pid_t tid)
{
	int status;

	if (waitpid(tid, &status, __WALL | WNOHANG) != tid || !WIFSTOPPED(status) || status >> 16)
		return 0;
	return WSTOPSIG(status);
}

bool seep_hold_begin(pid_t tid, int *ret_signal)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		return false;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) || !wait_for_stop(tid)) {
		let_end(tid);
		return false;
	}
	*ret_signal = take_signal(tid);
	return true;
}

void seep_hold_end(pid_t tid, int signal)
{
	/* An error means that it was killed where it stood. */
	if (ptrace(PTRACE_DETACH, tid, NULL, (long)signal))
		let_end(tid);
}
