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

/* process_bury: removes the objects and sites of one process */
struct seep_bury_pass {
	__u32 process;
	__u32 pad;
	__u64 objects; /* out: how many were still live */
};

_Static_assert(sizeof(struct seep_ages_pass) == 16, "no padding");
_Static_assert(sizeof(struct seep_bury_pass) == 16, "no padding");

#endif
