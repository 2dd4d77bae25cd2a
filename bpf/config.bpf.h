/* SPDX-License-Identifier: GPL-2.0-only */
/* Read-only configuration, set by the loader before the programs are verified (config.bpf.c). */
#ifndef SEEP_BPF_CONFIG_H
#define SEEP_BPF_CONFIG_H

#include "vmlinux.h"

#include "seep/abi.h"

extern const volatile __u32 cfg_kinds;	      /* that are traced, SEEP_KIND_BIT of each */
extern const volatile __u64 cfg_min_bytes;    /* smaller allocations are not tracked */
extern const volatile __u64 cfg_max_bytes;    /* larger ones neither */
extern const volatile __u64 cfg_sample_bytes; /* from one sample to the next, mean; 0: all */
extern const volatile bool cfg_user_heap;     /* functions were named by the user */
extern const volatile __u32 cfg_max_frames;   /* at most SEEP_MAX_FRAMES */
extern const volatile __u32 cfg_verify_every; /* one in so many stacks is sent whole; 0: none */
extern const volatile __u32 cfg_scope;	      /* enum seep_scope_type */
extern const volatile __u32 cfg_children;     /* the children of traced processes are traced */
extern const volatile __u32 cfg_hazards;      /* SEEP_REFUSAL_BIT: what returns fail with here */
extern const volatile bool cfg_windows;	      /* processes may be traced in windows */
extern const volatile __u32 cfg_buckets;      /* of the table of blocks; 0: there is none */
extern const volatile __u32 cfg_self;	      /* our own tgid, which is never traced */
extern const volatile char cfg_comm[SEEP_COMM_BYTES];

#endif
