/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened at a site whose blocks are sampled by their bytes: each block in the sample stands
 * for as many as its size says (bpf/draw.h). See docs/developers/sampling.md.
 */
#ifndef SEEP_MEASURE_BY_BYTES_H
#define SEEP_MEASURE_BY_BYTES_H

#include <stdint.h>

#include "model/sampling.h"
#include "model/snapshot.h"
#include "seep/abi.h"

struct seep_by_bytes {
	uint64_t mean;	      /* bytes from one sample to the next */
	uint64_t scan_number; /* of the pass that has found what is young */
	uint64_t min_age_ns;  /* younger blocks are not reported */
	double observed_s;    /* since the first block could have been made */
};

/*
 * Puts estimates into @site, which was filled from @value with the blocks that are in the sample,
 * and how far they can be trusted into @ret_sampling; @site does not point to it.
 */
void seep_by_bytes_fill(const struct seep_by_bytes *by, const struct seep_site_value *value,
			struct seep_site *site, struct seep_sampling *ret_sampling);

/*
 * What each object of @bytes bytes in a sample stands for, of which there is one in @mean bytes; 1:
 * all are in it. As bpf/draw.h has it, without its rounding.
 */
struct seep_weighed seep_weighed_object(uint64_t bytes, uint64_t mean);

/* Adds @count such objects to sums. */
void seep_weighed_add(struct seep_weighed *sums, uint64_t count, const struct seep_weighed *object);

#endif
