/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules for the code of a file that its CFI does not cover: musl's libc, hand-written assembly,
 * Free Pascal. They are derived from the code (unwind/prologue.h) from functions with a symbol and
 * those that they call. A file without any CFI is uncovered as a whole.
 *
 * Code is read once and decoded up to a budget, which takes at most about 0.3 s; musl's libc takes
 * 50 ms. What the caps leave out is as before: a gap.
 */
#ifndef SEEP_UNWIND_UNCOVERED_H
#define SEEP_UNWIND_UNCOVERED_H

#include <stddef.h>

#include "elf/cfi.h"

struct seep_uncovered {
	size_t functions; /* that got rules */
	size_t refused;	  /* that contradict themselves */
	size_t capped;	  /* left out because a cap was reached */
	size_t rows;
};

/*
 * Adds rows to @cfi, which comes from seep_cfi_read or seep_cfi_without of @image. *ret_uncovered
 * says what came of it. 0 or -ENOMEM; on failure @cfi stays as it was.
 */
int seep_uncovered_add(const struct seep_image *image, struct seep_cfi *cfi,
		       struct seep_uncovered *ret_uncovered);

#endif
