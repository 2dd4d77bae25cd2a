// SPDX-License-Identifier: GPL-2.0-only
/*
 * longjmp and siglongjmp out of functions that seep is told to trace as allocators (pool_get,
 * pool_put): from the function itself, from twenty calls further down, out of a signal handler
 * that has interrupted it at a known place, and at any instruction by a timer.
 *
 * A return probe's record of a call that never returns must not be taken for that of the next one:
 * the next return would go to a wrong place. Checked are the values that return, and how often
 * each way was gone; the counts of pool_get are exact: a call that does not return has allocated
 * nothing. Bounded by a pool of 256 slots.
 */
#include <setjmp.h>
#include <sys/time.h>

#include "torture.h"

#define SLOTS	  256
#define SLOT_SIZE 64

static unsigned char slots[SLOTS][SLOT_SIZE];
static bool used[SLOTS];
static jmp_buf out;
static sigjmp_buf out_of_signal;
static volatile int spinning;
static volatile unsigned long spun;

enum way {
	RETURN,
	JUMP,
	JUMP_DEEP,
	SIGNAL,
	TIMER,
	WAYS
};

FIXTURE_FUNCTION static void deeper(int depth)
{
	char frame[100];

	memset(frame, depth, sizeof(frame));
	__asm__ volatile("" ::"r"(frame) : "memory");
	if (depth <= 0)
		longjmp(out, 1);
	if (frame[99] == depth)
		deeper(depth - 1);
	__asm__ volatile("" ::"r"(frame) : "memory");
}

static void *take_slot(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (used[i])
			continue;
		used[i] = true;
		memset(slots[i], (int)i, SLOT_SIZE);
		return slots[i];
	}
	torture_harmed("the pool is empty");
}

FIXTURE_FUNCTION void *pool_get(size_t size, enum way way)
{
	switch (way) {
	case JUMP:
		longjmp(out, 1);
	case JUMP_DEEP:
		deeper(20);
		break;
	case SIGNAL:
		raise(SIGUSR2);
		break;
	case TIMER:
		spinning = 1;
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 300}}, NULL);
		for (;;)
			spun++;
	default:
		break;
	}
	fixture_count_made("pool_get", 1, size);
	return take_slot();
}

FIXTURE_FUNCTION void pool_put(unsigned char *slot, bool jump)
{
	size_t i = (size_t)(slot - slots[0]) / SLOT_SIZE;

	for (size_t k = 0; k < SLOT_SIZE; k++)
		torture_check(slot[k] == (unsigned char)i, "a slot has another content");
	used[i] = false;
	fixture_count_freed("pool_get", 1, SLOT_SIZE);
	if (jump)
		longjmp(out, 2);
}

static void leave(int number)
{
	(void)number;
	spinning = 0;
	siglongjmp(out_of_signal, 1);
}

/* Whether pool_get returned. */
FIXTURE_FUNCTION static bool get_by(enum way way, void **ret_slot)
{
	volatile int canary = 0x5eed;
	volatile bool returned = false;

	if (!setjmp(out) && !sigsetjmp(out_of_signal, 1)) {
		*ret_slot = pool_get(SLOT_SIZE, way);
		returned = true;
	}
	torture_check(canary == 0x5eed, "a local variable has changed");
	return returned;
}

FIXTURE_FUNCTION static void put_by_jump(void *slot)
{
	volatile int landed = setjmp(out);

	if (!landed)
		pool_put(slot, true);
	torture_check(landed == 2, "longjmp gave another value");
}

static void one_round(void)
{
	void *kept[16];
	size_t count = 0;

	for (int i = 0; i < 16; i++) {
		enum way way = torture_random(&torture_heap.seed) % WAYS;
		void *slot = NULL;
		bool returned = get_by(way, &slot);

		torture_check(returned == (way == RETURN), "pool_get went another way");
		if (returned)
			kept[count++] = slot;
	}
	while (count--) {
		if (count % 2)
			pool_put(kept[count], false);
		else
			put_by_jump(kept[count]);
	}
}

int main(int argc, char **argv)
{
	torture_prepare(argc, argv);
	signal(SIGUSR2, leave);
	signal(SIGALRM, leave);
	torture_ready();
	while (torture_go_on()) {
		one_round();
		torture_rest(500);
	}
	return torture_end();
}
