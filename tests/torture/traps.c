// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs with handlers of their own for what probes use: int3 instructions of their own, single
 * steps by the trap flag through malloc and free, page faults that they repair, and illegal
 * instructions.
 *
 * No SIGTRAP may arrive for a breakpoint that is not the program's own, and none of its own may be
 * lost. Bounded by a few hundred traps per round.
 */
#include <sys/mman.h>
#include <ucontext.h>

#include "torture.h"

#define PAGES	  16
#define PAGE_SIZE 4096

extern char own_breakpoint[], own_illegal[];

static volatile unsigned long breakpoints, steps, faults, illegal;
static volatile bool stepping;
static char *guarded;

FIXTURE_FUNCTION static void break_here(void)
{
	__asm__ volatile(".globl own_breakpoint\nown_breakpoint: int3" ::: "memory");
}

FIXTURE_FUNCTION static void illegal_here(void)
{
	__asm__ volatile(".globl own_illegal\nown_illegal: ud2" ::: "memory");
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	char *pc = (char *)at->uc_mcontext.gregs[REG_RIP];

	(void)number;
	(void)info;
	if (pc == own_breakpoint + 1)
		breakpoints++;
	else if (stepping)
		steps++; /* the kernel's code differs where it has stepped for a probe */
	else
		torture_harmed("SIGTRAP for a breakpoint that is not ours");
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	char *address = info->si_addr;

	(void)number;
	(void)context;
	if (address < guarded || address >= guarded + PAGES * PAGE_SIZE)
		torture_harmed("a fault that is not ours");
	address -= (uintptr_t)address % PAGE_SIZE;
	mprotect(address, PAGE_SIZE, PROT_READ | PROT_WRITE);
	faults++;
}

static void on_illegal(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number;
	if (info->si_addr != own_illegal)
		torture_harmed("an illegal instruction that is not ours");
	at->uc_mcontext.gregs[REG_RIP] += 2;
	illegal++;
}

static void set_trap_flag(bool on)
{
	stepping = true;
	if (on)
		__asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf" ::: "memory", "cc");
	else
		__asm__ volatile("pushf\n andl $~0x100, (%%rsp)\n popf" ::: "memory", "cc");
	stepping = on;
}

static void step_through_malloc(void)
{
	unsigned long before = steps;
	unsigned char *block;

	set_trap_flag(true);
	block = malloc(100);
	set_trap_flag(false);
	torture_check(block != NULL, "no memory");
	memset(block, 0x5a, 100);
	set_trap_flag(true);
	free(block);
	set_trap_flag(false);
	torture_check(steps > before + 20, "steps were lost");
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigaction(number, &action, NULL);
}

static void one_round(struct torture_heap *heap)
{
	unsigned long before = breakpoints + faults + illegal;

	for (int i = 0; i < PAGES; i++) {
		break_here();
		illegal_here();
		guarded[i * PAGE_SIZE + 7]++;
		torture_churn(heap, 1);
	}
	torture_check(breakpoints + faults + illegal == before + PAGES * 3ul, "traps were lost");
	mprotect(guarded, PAGES * PAGE_SIZE, PROT_NONE);
	if (torture_is("step"))
		step_through_malloc();
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 41};

	torture_prepare(argc, argv);
	handle(SIGTRAP, on_trap);
	handle(SIGSEGV, on_fault);
	handle(SIGILL, on_illegal);
	guarded = mmap(NULL, PAGES * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	torture_check(guarded != MAP_FAILED, "mmap");
	torture_ready();
	while (torture_go_on()) {
		one_round(&heap);
		torture_rest(1000);
	}
	torture_clear(&heap);
	return torture_end();
}
