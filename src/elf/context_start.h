/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glibc's __start_context, told by its code: makecontext gives its first byte to a coroutine as the
 * return address, so the address of the call that never was lies in the padding before it. There
 * the stack begins. For the readers of CFI (cfi.c), which ask for each function in turn.
 */
#ifndef SEEP_ELF_CONTEXT_START_H
#define SEEP_ELF_CONTEXT_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

/* Code that is read at once: functions that follow each other share a read. */
#define SEEP_CONTEXT_START_WINDOW 4096

/* What is known of a file meanwhile. Only @image and @left are set at the start. */
struct seep_context_starts {
	const struct seep_image *image;
	size_t left;	 /* functions that may be looked at, at most SEEP_CONTEXT_STARTS_MAX */
	uint64_t offset; /* in the file, of the code in window */
	size_t length;
	uint8_t window[SEEP_CONTEXT_START_WINDOW];
};

#define SEEP_CONTEXT_STARTS_MAX 4096

/* Is it the function of @length bytes at @offset of the file? */
bool seep_context_starts_at(struct seep_context_starts *starts, uint64_t offset, uint64_t length);

#endif
