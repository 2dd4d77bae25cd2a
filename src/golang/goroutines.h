/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The goroutines of a process: what each waits for, since when at least, its stack, and where it
 * was created. Read while they run: one that moves on while it is read is read again, and one that
 * does not stay still has no stack.
 *
 * Goroutines of the runtime itself (collector, timers) are left out, as they are in
 * runtime.NumGoroutine.
 */
#ifndef SEEP_GOLANG_GOROUTINES_H
#define SEEP_GOLANG_GOROUTINES_H

#include <stddef.h>
#include <stdint.h>

#include "golang/runtime.h"
#include "seep/abi.h"

/* A program with more is refused. */
#define SEEP_GOROUTINES_MAX (16u << 20)

/* Different stacks of one reading; goroutines with one more count as not read. */
#define SEEP_GO_STACKS_MAX 65536

/* X(enum suffix, what it is called) */
#define SEEP_GO_STATES(X)                                                                          \
	X(RUNNABLE, "runnable")                                                                    \
	X(RUNNING, "running")                                                                      \
	X(SYSCALL, "syscall")                                                                      \
	X(WAITING, "waiting")                                                                      \
	X(LEAKED, "leaked")                                                                        \
	X(PREEMPTED, "preempted")

enum seep_go_state {
#define SEEP_GO_STATE_ENUM(name, text) SEEP_GO_STATE_##name,
	SEEP_GO_STATES(SEEP_GO_STATE_ENUM)
#undef SEEP_GO_STATE_ENUM
	SEEP_GO_STATE_COUNT
};

struct seep_goroutine {
	uint64_t id;
	uint64_t waits_since_ns; /* CLOCK_MONOTONIC, a time at which it did already; 0: not known */
	uint32_t stack;		 /* index */
	uint8_t state;		 /* enum seep_go_state */
	uint8_t reason;		 /* why it waits, of seep_go_reason */
};

/* Addresses within the calls, innermost first. */
struct seep_go_stack {
	uint64_t *addresses;
	uint32_t num_addresses;
	uint32_t end;	     /* enum seep_end */
	uint64_t created_at; /* within the go statement; 0: not known, as of the first one */
};

struct seep_goroutines {
	size_t count; /* by id */
	struct seep_goroutine *items;
	size_t num_stacks;
	struct seep_go_stack *stacks;
	size_t num_unread; /* were there, but could not be read; not among the items */
};

/*
 * Reads all goroutines. 0; -EPROTO: what is there does not look like goroutines, and *ret_why, a
 * clause, says why; -EAGAIN: their list has moved at each of a few attempts; -ESRCH; -ENOMEM; or an
 * error of seep_remote_read.
 */
int seep_goroutines_read(struct seep_go *go, struct seep_goroutines *ret_goroutines,
			 const char **ret_why);
void seep_goroutines_done(struct seep_goroutines *goroutines);

/*
 * In words what a goroutine does, and why it waits, as its runtime calls that; "": it does not, or
 * the reason is not known.
 */
const char *seep_goroutine_state(const struct seep_go *go, const struct seep_goroutine *goroutine,
				 const char **ret_reason);

#endif
