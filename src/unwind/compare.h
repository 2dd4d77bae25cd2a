/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two walks of one stack by different code: are they the same? Pure; the self-check
 * (stack/verify.h) is built on it.
 */
#ifndef SEEP_UNWIND_COMPARE_H
#define SEEP_UNWIND_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a frame is called by both sides. */
struct seep_place {
	uint64_t file;	 /* its inode, or one of the names below */
	uint64_t offset; /* in the file; the address for SEEP_PLACE_RAW */
};

#define SEEP_PLACE_RAW	   UINT64_MAX	    /* in no file */
#define SEEP_PLACE_VDSO	   (UINT64_MAX - 1) /* offset from its first byte */
#define SEEP_PLACE_UNKNOWN (UINT64_MAX - 2) /* a file without a name: a walk goes only so far */

struct seep_unwound {
	const struct seep_place *places; /* innermost first */
	size_t count;
	bool whole; /* the last one is the thread's first function; else the walk gave up there */
};

enum seep_agreement {
	SEEP_AGREEMENT_SAME,   /* from end to end */
	SEEP_AGREEMENT_PREFIX, /* the same as far as both came */
	SEEP_AGREEMENT_DIFFERENT,
	SEEP_AGREEMENT_NONE, /* too little to say anything */
	SEEP_AGREEMENT_COUNT,
};

/* The fewest frames that make a comparison, unless a walk is whole with less. */
#define SEEP_AGREEMENT_MIN 2

/*
 * A walk that gave up is compared as far as it came, and agrees if the other one came as far or
 * farther. One that is whole says that there is nothing more: the other one must not know of more.
 * *ret_at is the index of the first frame that differs or is missing on one side, or the number of
 * frames compared.
 */
enum seep_agreement seep_unwound_compare(const struct seep_unwound *left,
					 const struct seep_unwound *right, size_t *ret_at);

#endif
