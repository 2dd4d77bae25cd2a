/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A verdict as a capture has it: in words, so that it can be read by any version and by people.
 * Estimates that are not known are NAN; infinite ones stay infinite.
 */
#ifndef SEEP_STORE_VERDICT_H
#define SEEP_STORE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "verdict/interval.h"

#define SEEP_OF_PROCESS SIZE_MAX

#define SEEP_STORED_COMPANIONS 4 /* of a site */

/* What a site grows together with. */
struct seep_stored_companion {
	size_t site; /* index in the snapshot, or SEEP_OF_PROCESS: a measure of the process */
	const char *measure; /* of the process, else NULL */
	double correlation;
};

struct seep_stored_verdict {
	size_t process; /* index in the snapshot */
	size_t site;	/* index in the snapshot, or SEEP_OF_PROCESS */
	const char *class;
	const char *pattern;	     /* may be NULL */
	const char *severity;	     /* may be NULL */
	double confidence;	     /* 0 to 1 */
	struct seep_interval rate;   /* per second: bytes or objects */
	struct seep_interval leaked; /* share of the objects that is never released */
	struct seep_interval eta_s;
	const char *evidence; /* lines, with a line feed between two; NULL: none */
	const char *advice;
	/* When read: since when it is so, as elapsed_ns of the trace. */
	uint64_t since_ns;
	size_t num_companions; /* the closest first */
	struct seep_stored_companion companions[SEEP_STORED_COMPANIONS];
};

#endif
