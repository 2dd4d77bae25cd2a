/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of first touches: which code of a watched process makes the kernel give it pages of
 * anonymous memory. Told by page faults, without a probe.
 */
#ifndef SEEP_TOUCHES_H
#define SEEP_TOUCHES_H

#include "seep/abi.h"

/* X(name, what happened to a page fault that was to be a sample) */
#define SEEP_TOUCH_COUNTS(X)                                                                       \
	X(taken, "sent to user space")                                                             \
	X(others, "of another process")                                                            \
	X(unpaid, "over the allowance, so its stack was not looked at")                            \
	X(full, "user space had not taken the samples before")

/* In .bss of the program: it counts, user space reads. */
struct seep_touch_counts {
#define SEEP_TOUCH_MEMBER(name, text) __u64 name;
	SEEP_TOUCH_COUNTS(SEEP_TOUCH_MEMBER)
#undef SEEP_TOUCH_MEMBER
	__u64 spent_ns; /* in the program, on the time of the process */
};

struct seep_touch_event {
	__u64 period;  /* how many faults it stands for */
	__u64 address; /* that was touched */
	__u32 exact; /* the pc is that of the instruction that has faulted, not the one behind it */
	__u32 stack_bytes;		 /* copied, from registers.sp on */
	struct seep_registers registers; /* of user space, also of a fault in a system call */
	__u8 stack[SEEP_COPY_BYTES];
};

_Static_assert(sizeof(struct seep_touch_event) == 88 + SEEP_COPY_BYTES, "no padding");

#endif
