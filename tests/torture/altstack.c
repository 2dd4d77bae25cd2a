// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal handlers on an alternate stack above or below the interrupted one, that call malloc and a
 * function which seep is told to trace (my_alloc) while that function or malloc's caller is
 * interrupted at any instruction.
 *
 * The kernel drops the records of calls whose stack seems to be left by looking at the stack
 * pointer: on a stack above, all of them, and the interrupted function returns to nowhere. Checked
 * are the results and a count of handlers. Bounded by one timer of 500 us.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "torture.h"

#define THREAD_STACK (1 << 20)
#define SIGNAL_STACK (64 << 10)

static volatile sig_atomic_t handlers;
static volatile bool stopping;
static struct torture_block from_handler;

/* Safe in a handler: it only reads and counts. */
FIXTURE_FUNCTION void *my_alloc(size_t size)
{
	static char pool[1 << 16];
	static volatile unsigned int at;

	for (volatile int i = 0; i < 3000; i++)
		;
	at += 64;
	return pool + (at + size) % sizeof(pool);
}

static void handle(int number)
{
	(void)number;
	torture_check(my_alloc(10) != NULL, "my_alloc in a handler");
	if (from_handler.bytes) {
		torture_verify(&from_handler);
		free(from_handler.bytes);
	}
	torture_fill(&from_handler, malloc(33), 33, (unsigned char)handlers);
	handlers++;
}

/* No handler runs but in my_alloc: malloc is not for handlers that interrupt it. */
static void *work(void *alternate)
{
	sigset_t alarm;

	if (alternate) {
		stack_t stack = {.ss_sp = alternate, .ss_size = SIGNAL_STACK};

		torture_check(!sigaltstack(&stack, NULL), "sigaltstack");
	}
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	while (!stopping) {
		volatile uint64_t canary = 0x5eedf00du;

		pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
		for (int i = 0; i < 50; i++)
			torture_check(my_alloc(20) != NULL, "my_alloc");
		pthread_sigmask(SIG_BLOCK, &alarm, NULL);
		torture_check(canary == 0x5eedf00du, "a local has changed");
	}
	return &from_handler;
}

static void *map(uintptr_t where, size_t bytes)
{
	void *address = mmap((void *)where, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	torture_check(address == (void *)where, "mmap");
	return address;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK | SA_RESTART};
	bool above;
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t alarm;
	void *result;

	torture_prepare(argc, argv);
	above = torture_is("above");
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	sigaction(SIGALRM, &action, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, map(above ? 0x100000000u : 0x200000000u, THREAD_STACK),
			      THREAD_STACK);
	torture_check(!pthread_create(&thread, &attributes, work,
				      map(above ? 0x200000000u : 0x100000000u, SIGNAL_STACK)),
		      "pthread_create");
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 500}, {0, 500}}, NULL);
	torture_ready();
	while (torture_go_on())
		torture_rest(2000);
	stopping = true;
	torture_check(!pthread_join(thread, &result) && result == &from_handler, "pthread_join");
	torture_check(handlers > 0, "no handler ran");
	return torture_end();
}
