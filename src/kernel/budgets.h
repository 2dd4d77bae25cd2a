/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the probes of a process may cost, and the windows in which it is traced: the table that BPF
 * and user space share (seep/sampling.h). Costs are those of traps, as calibrated, in nanoseconds
 * of CPU time. One thread.
 */
#ifndef SEEP_KERNEL_BUDGETS_H
#define SEEP_KERNEL_BUDGETS_H

#include "kernel/kernel.h"
#include "seep/sampling.h"

/* The slot belongs to another process from now on: it is traced without windows and without limit.
 */
void seep_kernel_budget_reset(struct seep_kernel *kernel, uint32_t slot);

/*
 * Lets the hits of the process cost @notice_ns more until the budget event is sent, and @limit_ns
 * until BPF pauses the process by itself.
 */
void seep_kernel_budget_allow(struct seep_kernel *kernel, uint32_t slot, uint64_t notice_ns,
			      uint64_t limit_ns);

/* What the hits in this slot have cost, over all of its processes. 0 or -errno. */
int seep_kernel_budget_spent(const struct seep_kernel *kernel, uint32_t slot, uint64_t *ret_ns);

/* A window, in which calls of allocators count. Times are CLOCK_MONOTONIC. */
struct seep_kernel_window {
	uint64_t begin_ns;
	uint64_t cohort_ns;    /* what is made before is followed beyond it; UINT64_MAX: all */
	uint64_t releases_ns;  /* see struct seep_budget_value */
	uint64_t addresses_ns; /* the same */
	double weight;	       /* for how many blocks one of its cohort stands: 1 at least */
	uint64_t addresses;    /* of released blocks that are remembered, at most */
};
void seep_kernel_window_open(struct seep_kernel *kernel, uint32_t slot,
			     const struct seep_kernel_window *window);
/* Blocks that are made from @end_ns on (CLOCK_MONOTONIC) are not followed beyond the window. */
void seep_kernel_window_end_cohort(struct seep_kernel *kernel, uint32_t slot, uint64_t end_ns);

/* It ends: they do not. */
void seep_kernel_window_close(struct seep_kernel *kernel, uint32_t slot);
/* When BPF has ended the window by itself, CLOCK_MONOTONIC; 0: it has not. */
uint64_t seep_kernel_window_ended_ns(const struct seep_kernel *kernel, uint32_t slot);

/* What later windows have told of a site, or of a size class. 0; -ENOENT: nothing; -errno. */
int seep_kernel_read_sample(const struct seep_kernel *kernel, const struct seep_site_key *key,
			    struct seep_sample_value *ret_sample);

#endif
