// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coroutines that yield in the middle of a function that seep is told to trace as an allocator
 * (co_get), and are resumed by another thread; by swapcontext and by an assembly switch of our
 * own. They also use malloc, three calls deep, on their own stacks.
 *
 * The kernel keeps the records of return probes per thread: a return on another thread than the
 * call finds none, or that of another call, and the process dies. Checked are local variables,
 * blocks and the results of co_get across the switch. Bounded by 8 coroutines and two threads.
 */
#include <pthread.h>
#include <ucontext.h>

#include "torture.h"

#define COROUTINES  8
#define STACK_BYTES (64 << 10)

struct coroutine {
	ucontext_t context, scheduler;
	void *stack_pointer, *scheduler_pointer;
	char *stack;
	struct torture_heap heap;
	unsigned long turns;
};

static struct coroutine coroutines[COROUTINES];
static pthread_barrier_t phase;
static bool by_assembly;
static volatile bool stopping;

/* void torture_switch(void **save, void *load): the callee-saved registers and the stack. */
void torture_switch(void **save, void *load);
__asm__(".text\n"
	".globl torture_switch\n"
	".type torture_switch, @function\n"
	"torture_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size torture_switch, . - torture_switch\n");

FIXTURE_FUNCTION static void yield(struct coroutine *self)
{
	if (by_assembly)
		torture_switch(&self->stack_pointer, self->scheduler_pointer);
	else
		swapcontext(&self->context, &self->scheduler);
}

FIXTURE_FUNCTION static void resume(struct coroutine *one)
{
	if (by_assembly)
		torture_switch(&one->scheduler_pointer, one->stack_pointer);
	else
		swapcontext(&one->scheduler, &one->context);
}

/* An allocator that waits for memory by yielding. */
FIXTURE_FUNCTION void *co_get(size_t size, struct coroutine *self)
{
	volatile uint64_t canary = 0x0123456789abcdefu ^ self->turns;
	unsigned char *block = malloc(size);

	torture_check(block != NULL, "no memory");
	yield(self);
	torture_check(canary == (0x0123456789abcdefu ^ self->turns), "a local has changed");
	return block;
}

FIXTURE_FUNCTION void co_put(void *block)
{
	free(block);
}

FIXTURE_FUNCTION static void third(struct coroutine *self)
{
	torture_churn(&self->heap, 8);
}

FIXTURE_FUNCTION static void second(struct coroutine *self)
{
	third(self);
	yield(self);
}

static void one_turn(struct coroutine *self)
{
	size_t size = 16 + self->turns % 200;
	unsigned char *block = co_get(size, self);

	memset(block, (int)self->turns, size);
	second(self);
	for (size_t i = 0; i < size; i++)
		torture_check(block[i] == (unsigned char)self->turns, "a block has changed");
	co_put(block);
	self->turns++;
}

static struct coroutine *starting;

static void body(void)
{
	struct coroutine *self = starting;

	for (;;)
		one_turn(self);
}

static void start_by_assembly(struct coroutine *self)
{
	void **top = (void **)(self->stack + STACK_BYTES) - 2;

	*top = (void *)body;
	self->stack_pointer = top - 6;
}

static void start(struct coroutine *self)
{
	self->stack = calloc(1, STACK_BYTES);
	self->heap.seed = (uint64_t)(self - coroutines) + 1;
	starting = self;
	if (by_assembly) {
		start_by_assembly(self);
	} else {
		getcontext(&self->context);
		self->context.uc_stack.ss_sp = self->stack;
		self->context.uc_stack.ss_size = STACK_BYTES;
		makecontext(&self->context, body, 0);
	}
	resume(self);
}

static void resume_all(void)
{
	for (size_t i = 0; i < COROUTINES; i++)
		resume(&coroutines[i]);
}

/* Every second resumption is by this thread. */
static void *other_thread(void *argument)
{
	for (;;) {
		pthread_barrier_wait(&phase);
		if (stopping)
			return argument;
		resume_all();
		pthread_barrier_wait(&phase);
	}
}

int main(int argc, char **argv)
{
	pthread_t other;

	torture_prepare(argc, argv);
	by_assembly = torture_is("assembly");
	pthread_barrier_init(&phase, NULL, 2);
	for (size_t i = 0; i < COROUTINES; i++)
		start(&coroutines[i]);
	torture_check(!pthread_create(&other, NULL, other_thread, NULL), "pthread_create");
	torture_ready();
	while (torture_go_on()) {
		/* an odd number of our own: each place is resumed by either thread in turn */
		resume_all();
		if (torture_rounds % 3 == 0)
			resume_all();
		pthread_barrier_wait(&phase);
		pthread_barrier_wait(&phase);
		torture_rest(500);
	}
	stopping = true;
	pthread_barrier_wait(&phase);
	pthread_join(other, NULL);
	return torture_end();
}
