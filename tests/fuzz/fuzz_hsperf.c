// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of counters of a JVM, into which its user may write anything. A file that can be read is
 * read once more when it is cut in half, which is a file that is being written.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proc/hsperf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* 0 or -EINVAL, and nothing is written on failure. */
static int parse(const uint8_t *data, size_t length)
{
	const uint64_t untouched = 0x5ee95ee95ee95ee9;
	uint64_t collections = untouched;
	int error = seep_hsperf_parse(data, length, &collections);

	if ((error && error != -EINVAL) || (error && collections != untouched))
		abort();
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	if (parse(data, length) == 0) {
		uint8_t *part = malloc(length / 2 + 1);

		if (!part)
			return 0;
		for (size_t i = 0; i < length / 2; i++)
			part[i] = data[i];
		parse(part, length / 2);
		free(part);
	}
	return 0;
}
