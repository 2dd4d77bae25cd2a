// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries what the return of a probed function fails with. seep_return_trials_run forks a child for
 * each row of the table below; the child waits until its probe is attached, takes the hazard upon
 * itself, calls the function, and is killed by the kernel or not. The child uses raw system calls
 * only, because strict seccomp allows no others. Four children at most, each for a few
 * milliseconds.
 */
#include "kernel/return_trials.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/close.h"
#include "seep/refusals.h"

/* <linux/prctl.h> and asm/prctl.h of 5.11 and 6.6: the headers of Debian 12 are older. */
#define SET_SYSCALL_USER_DISPATCH 59
#define USER_DISPATCH_ON	  1
#define SHSTK_ENABLE		  0x5001
#define SHSTK			  1

#define STATUS_SURVIVED	   0
#define STATUS_UNAVAILABLE 1 /* this kernel or processor does not have it */

/* Ends the calling thread, which is the whole child. */
static _Noreturn __attribute__((noinline)) void leave(int status)
{
	/* Not exit_group, which strict seccomp does not allow. */
	for (;;)
		syscall(SYS_exit, status);
}

/* Not syscall(), which would return under the shadow stack that it has just enabled. */
static long arch_prctl(long code, long argument)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_arch_prctl), "D"(code), "S"(argument)
			 : "rcx", "r11", "memory");
	return result;
}

/* A filter that allows exit only. A trap of another call kills the child. */
static int filter_calls(void)
{
	struct sock_filter code[] = {
		/* The architecture is not checked: only code of seep runs in the child. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Strict mode knows read, write, exit and sigreturn. */
static int be_strict(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
}

/* Syscall User Dispatch lets the program switch it by a byte of its own memory. */
static volatile char dispatch_selector;

/*
 * No range is exempt (offset and length 0): every system call is dispatched while the byte says so.
 * The child has no handler for SIGSYS, so a dispatched trampoline kills it.
 */
static int dispatch_calls(void)
{
	if (prctl(SET_SYSCALL_USER_DISPATCH, USER_DISPATCH_ON, 0, 0, &dispatch_selector))
		return -1;
	dispatch_selector = 1; /* SYSCALL_DISPATCH_FILTER_BLOCK */
	return 0;
}

/* Lets the child exit: until here even exit would be dispatched. */
static void undo_dispatch(void)
{
	dispatch_selector = 0; /* SYSCALL_DISPATCH_FILTER_ALLOW */
}

/* One way to take system calls, or returns, away from a thread. */
static const struct trial {
	uint32_t hazards;
	/* NULL: enable a shadow stack, which the function that enables it must not return with. */
	int (*begin)(void);
	void (*end)(void);
} trials[] = {
	/*
	 * What takes one system call takes them all: the kernel decides on PTRACE_SYSEMU at the
	 * same place.
	 */
	{SEEP_REFUSAL_BIT(SEEP_REFUSAL_USER_DISPATCH) |
		 SEEP_REFUSAL_BIT(SEEP_REFUSAL_EMULATED_CALLS),
	 dispatch_calls, undo_dispatch},
	{SEEP_REFUSAL_BIT(SEEP_REFUSAL_SECCOMP), filter_calls, NULL},
	{SEEP_REFUSAL_BIT(SEEP_REFUSAL_SECCOMP), be_strict, NULL},
	{SEEP_REFUSAL_BIT(SEEP_REFUSAL_SHADOW_STACK), NULL, NULL},
};

/*
 * Runs in the child. After begin() nothing but the probed function, end() and exit may be called.
 */
static _Noreturn void child(const struct trial *trial, void (*function)(void), int go_fd)
{
	char byte;

	/* No core dump of a death that is meant. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* End of file: the probe could not be attached, and the parent has closed its end. */
	if (read(go_fd, &byte, 1) != 1)
		leave(STATUS_UNAVAILABLE);
	if (trial->begin ? trial->begin() : arch_prctl(SHSTK_ENABLE, SHSTK))
		leave(STATUS_UNAVAILABLE);
	function();
	if (trial->end)
		trial->end();
	leave(STATUS_SURVIVED);
}

/* Was the child killed? 1, 0 or -errno. */
static int run_trial(const struct seep_attach_request *request, const struct trial *trial,
		     void (*function)(void))
{
	struct seep_attach_request of_child = *request;
	int go[2], status, count, *fds = malloc(SEEP_ATTACH_FDS(1) * sizeof(*fds));
	pid_t pid;

	if (!fds)
		return -ENOMEM;
	if (pipe2(go, O_CLOEXEC) < 0) {
		free(fds);
		return -errno;
	}
	pid = fork();
	if (pid < 0) {
		close(go[0]);
		close(go[1]);
		free(fds);
		return -EAGAIN;
	}
	if (!pid) {
		close(go[1]);
		child(trial, function, go[0]);
	}
	close(go[0]);
	of_child.pid = pid;
	count = seep_attach(&of_child, fds);
	if (count >= 0 && write(go[1], "", 1) != 1)
		count = -errno;
	close(go[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	seep_close_later(fds, count > 0 ? (size_t)count : 0);
	if (count < 0)
		return count;
	/* A child that exits has survived, or could not take the hazard upon itself here. */
	return WIFSIGNALED(status);
}

int seep_return_trials_run(const struct seep_attach_request *request, void (*function)(void),
			   uint32_t *ret_hazards)
{
	uint32_t hazards = 0;

	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		int died;

		/* Seccomp has two trials; one death is enough. */
		if ((hazards & trials[i].hazards) == trials[i].hazards)
			continue;
		died = run_trial(request, &trials[i], function);
		if (died < 0)
			return died;
		if (died)
			hazards |= trials[i].hazards;
	}
	*ret_hazards = hazards;
	return 0;
}
