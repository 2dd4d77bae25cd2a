/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of sampled processes: sampled.c fills them, estimates.c makes numbers of them. */
#ifndef SEEP_TRACE_SAMPLED_PRIVATE_H
#define SEEP_TRACE_SAMPLED_PRIVATE_H

#include <uthash.h>

#include "measure/windows.h"
#include "seep/sampling.h"
#include "trace/sampled.h"

/*
 * What was seen being made at a site: blocks and bytes; if those from before the first window were
 * sampled by bytes, as many as these stand for.
 */
struct seep_seen {
	double allocs;
	double alloc_bytes;
	/* Variances, as not all before the first window were in the sample. */
	double allocs_variance;
	double bytes_variance;
};

struct seep_sampled_site {
	struct seep_site_key key;
	struct seep_seen seen;	 /* when it was read last */
	struct seep_total total; /* of both, up to then */
	struct seep_total total_bytes;
	struct seep_sample_value sample; /* the last state that could be read */
	struct seep_sampling sampling;
	UT_hash_handle hh;
};

/* Size classes are entries of the same table: their kind is SEEP_KIND_COUNT. */
struct seep_sampled_process {
	uint32_t id;
	struct seep_windows windows;
	struct seep_window all;	    /* the sum of all windows ... */
	struct seep_window gaps;    /* ... and of those with a gap */
	struct seep_window waiting; /* of those whose sites were not read yet */
	unsigned int num_waiting;
	bool whole;		    /* every call is seen again, since seep_sampled_settle */
	struct seep_window present; /* the one that is open just now; zeroed: none is */
	struct seep_sampled_site *sites;
	UT_hash_handle hh;
};

struct seep_sampled {
	struct seep_kernel *kernel;
	uint64_t sample_bytes; /* of the filter */
	struct seep_sampled_process *processes;
	uint64_t next_reading_ns; /* CLOCK_MONOTONIC */
};

/* NULL: it is not sampled. */
struct seep_sampled_process *seep_sampled_find(const struct seep_sampled *sampled, uint32_t id);

/* The entry with this key, added if it is new; NULL without memory. */
struct seep_sampled_site *seep_sampled_site_of(struct seep_sampled_process *process,
					       const struct seep_site_key *key);

/*
 * The share of its CPU time that the process has for itself in its windows; stores its standard
 * error.
 */
double seep_sampled_own_share(const struct seep_sampled_process *process, double *ret_error);

/* What the kernel's entry of a site says of it. */
struct seep_seen seep_sampled_seen(const struct seep_sampled *sampled,
				   const struct seep_site_value *value);

/* Adds the times of a window to a sum. */
void seep_window_add(struct seep_window *sum, const struct seep_window *window);

/* Reads the sample of the kernel, if it still has one. */
void seep_sampled_read(const struct seep_sampled *sampled, struct seep_sampled_site *site);

#endif
