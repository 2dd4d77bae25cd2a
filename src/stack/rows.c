// SPDX-License-Identifier: GPL-2.0-only
#include "stack/rows.h"

#include <errno.h>

#include "base/log.h"
#include "unwind/uncovered.h"

int seep_rows_read(const struct seep_image *image, const char *path, struct seep_cfi *ret_cfi)
{
	struct seep_uncovered uncovered;
	struct seep_cfi cfi;
	/*
	 * Go is left to its frame pointers if it has no CFI: -ENOENT goes to the caller as it is.
	 */
	int no_cfi = seep_cfi_read(image, &cfi), error = 0;

	/* Free Pascal's .debug_frame is malformed. */
	if ((no_cfi == -ENOENT && !seep_image_is_go(image)) || no_cfi == -EINVAL)
		error = seep_cfi_without(image, &cfi);
	else if (no_cfi)
		return no_cfi;
	if (error)
		return error;
	error = seep_uncovered_add(image, &cfi, &uncovered);
	if (!error && no_cfi && !uncovered.functions)
		error = -ENOENT;
	if (error) {
		seep_cfi_done(&cfi);
		return error;
	}
	if (uncovered.functions + uncovered.refused + uncovered.capped)
		seep_debug("rules from the code of \"%s\": %zu functions, %zu contradict "
			   "themselves, %zu left out; %zu rows",
			   path, uncovered.functions, uncovered.refused, uncovered.capped,
			   uncovered.rows);
	*ret_cfi = cfi;
	return 0;
}
