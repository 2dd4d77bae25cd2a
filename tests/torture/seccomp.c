// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs under seccomp: strict mode, and filters that allow what the C library's allocator needs
 * and answer all else by killing, by an error or by SIGSYS. Before READY, or with "late-" half a
 * second after it.
 *
 * On kernels where the return trampoline of a probe is a system call (since 6.11) such a filter
 * sees a call that the program has never made; under an error it goes on with a wrong return.
 * Checked are blocks, and that no SIGSYS arrives. Bounded by a heap that is made before the filter
 * is.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "torture.h"

#define HEAP_BYTES    (64 << 20)
#define STRICT_ROUNDS 3000000u

#define ALLOW(number)                                                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1),                                   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void unexpected(int number)
{
	(void)number;
	torture_harmed("SIGSYS for a call that was not ours");
}

static void filter(unsigned int otherwise)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(write),
		ALLOW(read),
		ALLOW(poll),
		ALLOW(nanosleep),
		ALLOW(clock_nanosleep),
		ALLOW(clock_gettime),
		ALLOW(brk),
		ALLOW(mmap),
		ALLOW(munmap),
		ALLOW(exit),
		ALLOW(exit_group),
		ALLOW(rt_sigreturn),
		BPF_STMT(BPF_RET | BPF_K, otherwise),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};

	torture_check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	torture_check(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
}

static void sandbox(const char *mode)
{
	if (!strcmp(mode, "strict")) {
		torture_check(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), "strict");
		torture_strict = true;
	} else if (!strcmp(mode, "kill")) {
		filter(SECCOMP_RET_KILL_PROCESS);
	} else if (!strcmp(mode, "errno")) {
		filter(SECCOMP_RET_ERRNO | EPERM);
	} else if (!strcmp(mode, "trap")) {
		filter(SECCOMP_RET_TRAP);
	} else {
		torture_harmed("no such case");
	}
}

/* So that the allocator needs no more from the kernel. */
static void warm_up(void)
{
	mallopt(M_TOP_PAD, HEAP_BYTES);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP_BYTES);
	free(malloc(TORTURE_LARGEST));
}

static void rest(void)
{
	if (!torture_strict)
		torture_rest(500);
	else
		for (volatile int i = 0; i < 100000; i++)
			;
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 21};
	bool late;

	torture_prepare(argc, argv);
	late = !strncmp(torture_case, "late-", 5);
	signal(SIGSYS, unexpected);
	warm_up();
	if (!late)
		sandbox(torture_case);
	torture_ready();
	while (torture_go_on()) {
		if (late && torture_rounds == 500)
			sandbox(torture_case + 5);
		torture_check(!torture_strict || torture_rounds < STRICT_ROUNDS, "forgotten");
		torture_churn(&heap, 5);
		rest();
	}
	torture_end();
	syscall(SYS_exit, 0);
	return 0;
}
