/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings that decide which objects count. The command line fills them in once; the kernel's
 * programs, the inventory and the collector read the same struct.
 */
#ifndef SEEP_MODEL_FILTER_H
#define SEEP_MODEL_FILTER_H

#include <stdint.h>

struct seep_filter {
	uint32_t kinds;		 /* SEEP_KIND_BIT of each that is traced */
	uint64_t min_size_bytes; /* smaller blocks are not tracked */
	uint64_t max_size_bytes; /* nor are larger ones; UINT64_MAX: no limit */
	uint64_t sample_bytes; /* of memory, from one tracked block to the next, mean; 0: all are */
	uint64_t min_age_ns;   /* younger objects are tracked, but not reported */
};

#endif
