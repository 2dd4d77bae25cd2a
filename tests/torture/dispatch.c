// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syscall User Dispatch, as emulators of other systems use it: the C library may make system
 * calls, those of all other code become SIGSYS while the selector says so.
 *
 * The return trampoline of a probe lies outside of the C library, and is a system call since 6.11:
 * it would be dispatched to a handler that knows nothing of it. The program's own foreign call,
 * getppid once per round, must be dispatched each time and nothing else ever. With "late", half a
 * second after READY. Bounded by one thread.
 */
#include <sys/syscall.h>
#include <ucontext.h>

#include "torture.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#define ALLOW 0
#define BLOCK 1

static volatile char selector;
static volatile unsigned long dispatched;

static void emulate(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	selector = ALLOW;
	if (info->si_syscall != SYS_getppid)
		torture_harmed("a call was dispatched that is not ours");
	dispatched++;
	registers[REG_RAX] = 4711;
	selector = BLOCK;
}

/* Not in the C library's text. */
FIXTURE_FUNCTION static long foreign_call(void)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
	return result;
}

static void turn_on(void)
{
	struct sigaction action = {.sa_sigaction = emulate, .sa_flags = SA_SIGINFO};
	unsigned long low = 0, high = 0, start, end;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	torture_check(maps != NULL, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "libc.so.6") || !strstr(line, "r-xp"))
			continue;
		torture_check(sscanf(line, "%lx-%lx", &start, &end) == 2, "a line of maps");
		low = start;
		high = end;
	}
	fclose(maps);
	torture_check(low != 0, "no text of the C library");
	sigaction(SIGSYS, &action, NULL);
	torture_check(!prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, low, high - low, &selector),
		      "PR_SET_SYSCALL_USER_DISPATCH");
	selector = BLOCK;
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 31};
	unsigned long calls = 0;

	torture_prepare(argc, argv);
	if (!torture_is("late"))
		turn_on();
	torture_ready();
	while (torture_go_on()) {
		if (torture_is("late") && torture_rounds == 300)
			turn_on();
		torture_churn(&heap, 5);
		if (selector == BLOCK) {
			torture_check(foreign_call() == 4711, "the call was not emulated");
			calls++;
		}
		torture_check(calls == dispatched, "a call was not dispatched");
		torture_rest(1000);
	}
	torture_clear(&heap);
	return torture_end();
}
