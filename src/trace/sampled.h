/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of processes that are traced in windows, or sampled by bytes: from what was seen to
 * what happened. Each window stands for itself and the gap before it. See
 * docs/developers/sampling.md.
 */
#ifndef SEEP_TRACE_SAMPLED_H
#define SEEP_TRACE_SAMPLED_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "measure/slowdown.h"
#include "model/sampling.h"
#include "model/snapshot.h"
#include "target/processes.h"
#include "trace/site_table.h"

struct seep_sampled;

/* @kernel must outlive it; @sample_bytes is that of the filter. 0 or -ENOMEM. */
int seep_sampled_new(struct seep_kernel *kernel, uint64_t sample_bytes,
		     struct seep_sampled **ret_sampled);
void seep_sampled_free(struct seep_sampled *sampled);

/* A window, and the gap before it. */
struct seep_window {
	double gap_s; /* by the clock */
	double open_s;
	double followed_s; /* of it, in which what is made is followed beyond it */
	/*
	 * In CPU time of the process. By this is estimated what happened in the gap: the probes
	 * make it slower than it is there, and while it waits it calls nothing.
	 */
	struct seep_slowdown cpu;
};

/*
 * A window of the process with this id has ended. With the first one, which begins with the trace
 * and has no gap, the process is sampled. 0 or -errno.
 */
int seep_sampled_window(struct seep_sampled *sampled, uint32_t id,
			const struct seep_window *window);

/*
 * From here on every call of the process is seen, and stands for itself only: what was seen so far
 * is put to the windows that have ended. 0 or -errno.
 */
int seep_sampled_settle(struct seep_sampled *sampled, uint32_t id);

/* One is open just now, so far like this: for the numbers of a report. */
void seep_sampled_present(struct seep_sampled *sampled, uint32_t id,
			  const struct seep_window *window);

/*
 * By how much the calibrated cost of its probes has to be multiplied, as far as that is known; 1 if
 * it is not.
 */
double seep_sampled_correction(const struct seep_sampled *sampled, uint32_t id);

/* For how many calls one stands that the next window sees, by the last ones: 1 at least. */
double seep_sampled_weight(const struct seep_sampled *sampled, uint32_t id);

/* The share of its calls that was seen, about; 1 if the process is not sampled. */
double seep_sampled_share(const struct seep_sampled *sampled, uint32_t id);
bool seep_sampled_has(const struct seep_sampled *sampled, uint32_t id);

/*
 * Puts estimates into @site, which was filled from @value at @moment, if its process is sampled, in
 * windows or by bytes. The sampling that it then points to is @sampling, or valid until the next
 * call for this site. @observed_s: since the process is traced. 0 or -ENOMEM.
 */
int seep_sampled_fill(struct seep_sampled *sampled, const struct seep_site_key *key,
		      const struct seep_site_value *value, const struct seep_site_moment *moment,
		      double observed_s, struct seep_site *site, struct seep_sampling *sampling);

/*
 * The same for a site whose objects are sampled by bytes, one in so many as @mean says, by whoever
 * it is; 0: they are all, and nothing is to be done.
 */
void seep_sampled_fill_by_bytes(uint64_t mean, const struct seep_site_value *value,
				const struct seep_site_moment *moment, double observed_s,
				struct seep_site *site, struct seep_sampling *sampling);

/* Reads what the kernel has of a process that has ended, and is about to forget. */
void seep_sampled_keep(struct seep_sampled *sampled, uint32_t id);

/* Forgets the processes that have no record any more. */
void seep_sampled_forget(struct seep_sampled *sampled, const struct seep_processes *processes);

#endif
