/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of the programs that user space runs itself: passes (BPF_PROG_RUN) and iterators. A
 * field is set by user space unless it says "out".
 */
#ifndef SEEP_PASSES_H
#define SEEP_PASSES_H

#include "seep/abi.h"

/* ages_scan: fills the scan results of every site with live objects */
struct seep_ages_pass {
	__u64 number;	      /* of the pass, from 1 */
	__u64 young_after_ns; /* objects made later than this are young; CLOCK_MONOTONIC */
	__u64 now_ns;	      /* that ages are counted up to */
	/* Of processes in windows (seep/sampling.h): what is older is not followed any further. */
	__u64 keep_blocks_ns;
	__u64 keep_addresses_ns;
	__u64 num_blocks;    /* out: live blocks of memory ... */
	__u64 num_addresses; /* ... and entries of the map of addresses */
};

/*
 * exited_reap: drops all that the maps hold of the processes in the map "exited"; takes no
 * argument.
 */

/* How many processes one such pass can take. */
#define SEEP_MAX_EXITED SEEP_MAX_PROCESSES

/*
 * rewalk_step: one step of a walk over a copy of a stack, which is in rewalk_stack (.bss). User
 * space finds the frames: it knows what was mapped.
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
	__u32 chained;
	__u32 process;
	__u32 pad;
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

/*
 * fds_count, an iterator: the descriptors that a process has. What is unknown becomes known in the
 * first pass of a trace, else if SEEP_FD_LOOKS passes in a row have found it. fds_sweep, a pass:
 * releases known descriptors that neither the pass with this number nor a later one has found.
 */
#define SEEP_FD_LOOKS 6

struct seep_fds_pass {
	__u64 number;	/* from 1 */
	__u64 start_ns; /* sweep: what was made later may be missing; CLOCK_MONOTONIC */
	__u32 process;
	__u32 first;	     /* what is unknown is from before the trace */
	__u32 describe;	     /* write a seep_fd_record of each */
	__u32 num_uncertain; /* out: unknown ones that further passes may make known */
};

/*
 * mappings_count, an iterator: the mappings that a process has. What is unknown becomes known, and
 * what is known and not there is released, unless a system call of the process is in flight.
 */
struct seep_mappings_pass {
	__u64 end; /* of the mapping that was looked at last; 0 at the start, as is all below */
	__u32 process;
	__u32 thread;	 /* by whom the address space is visited; all threads have the same one */
	__u32 unsettled; /* out: mappings that were left as they are */
	__u32 pad;
};

#define SEEP_FD_NAME_BYTES 64

/* What a descriptor is, as the kernel has it. */
struct seep_fd_record {
	__u64 stack;	  /* of its site */
	__u64 created_ns; /* CLOCK_MONOTONIC */
	__u64 filesystem; /* magic number, include/uapi/linux/magic.h */
	__u32 fd;
	__u16 mode;	   /* type and permissions, as stat(2) has them */
	__u16 socket_type; /* SOCK_ */
	__u16 family;	   /* AF_; 0: no socket */
	__u16 state;	   /* of TCP: include/net/tcp_states.h */
	__u16 local_port;
	__u16 remote_port;
	__u8 local[16]; /* address, of AF_INET the first 4 bytes; network order */
	__u8 remote[16];
	char name[SEEP_FD_NAME_BYTES]; /* of the file, or the address of a Unix socket */
};

/*
 * threads_count, an iterator: the threads that a process has. What is unknown becomes known. User
 * space sets the first two fields, the rest is the result.
 */
struct seep_threads_pass {
	__u32 process;
	__u32 first;	 /* what is unknown is from before the trace */
	__u32 num_new;	 /* unknown ones that were just being made: to be looked at again */
	__u32 num_found; /* that are in the list of the process ... */
	__u32 num_all;	 /* ... and how many there were */
	__u32 num_added; /* became known */
};

/*
 * thread_drop, a pass: takes the key of a thread that does not exist any more and whose end was not
 * seen.
 */

_Static_assert(sizeof(struct seep_threads_pass) == 24, "no padding");
_Static_assert(sizeof(struct seep_fds_pass) == 32, "no padding");
_Static_assert(sizeof(struct seep_mappings_pass) == 24, "no padding");
_Static_assert(sizeof(struct seep_fd_record) == 136, "no padding");
_Static_assert(sizeof(struct seep_identify_pass) == 24, "no padding");
_Static_assert(sizeof(struct seep_rewalk_pass) == 80, "no padding");
_Static_assert(sizeof(struct seep_ages_pass) == 56, "no padding");

#endif
