/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of the programs that user space runs itself (BPF_PROG_RUN): passes over the maps. */
#ifndef SEEP_PASSES_H
#define SEEP_PASSES_H

#include "seep/abi.h"

/* ages_scan: fills the scan results of every site with live objects */
struct seep_ages_pass {
	__u64 number;	      /* of the pass, from 1 */
	__u64 young_after_ns; /* objects made later than this are young; CLOCK_MONOTONIC */
};

/* dead_bury: removes the objects and sites of the processes in the map "dead"; takes no argument. */

/* Processes that one such pass can take. */
#define SEEP_MAX_DEAD SEEP_MAX_PROCESSES

/*
 * rewalk_step: one step of a walk over a copy of a stack, which stands in rewalk_stack (.bss). Frames
 * are found by user space, who knows what was mapped.
 */
struct seep_rewalk_pass {
	__u64 stack_start; /* user address of the copy */
	__u64 stack_bytes;
	__u64 frame; /* to step from */
	__u64 pc;    /* registers: in, of the frame; out, of its caller */
	__u64 sp;
	__u64 fp;
	__u64 bx;
	__u32 exact; /* see struct registers in bpf/unwind_step.h */
	__u32 guessed;
	__u32 process;
	__s32 result; /* out: SEEP_REWALK_NEXT or enum seep_end */
};

#define SEEP_REWALK_NEXT (-1)

/* mapping_identify: the file behind a mapping of the process that runs it */
struct seep_identify_pass {
	__u64 address; /* in the mapping */
	__u64 inode;   /* out */
	__u32 device;  /* out: kernel encoding, as in struct seep_file_event */
	__s32 error;   /* out: 0 or -errno; -EBUSY: another thread changes the address space */
};

_Static_assert(sizeof(struct seep_identify_pass) == 24, "no padding");
_Static_assert(sizeof(struct seep_rewalk_pass) == 72, "no padding");
_Static_assert(sizeof(struct seep_ages_pass) == 16, "no padding");

#endif
