/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signal trampolines: the few instructions to which a signal handler returns. They are known by
 * themselves, because what CFI says of them depends on who wrote it: glibc describes a signal
 * frame, musl, Free Pascal and programs with an sa_restorer of their own describe nothing or a
 * function.
 */
#ifndef SEEP_ELF_SIGNAL_RETURN_H
#define SEEP_ELF_SIGNAL_RETURN_H

#include <stdbool.h>
#include <stddef.h>

#include "elf/image.h"

#define SEEP_SIGNAL_RETURNS_MAX 16 /* a file has one or two; more are not looked for */

/*
 * File offsets, ascending. Each begins a byte before its first instruction: that one is the return
 * address of the handler, and what is looked up of a return address is the byte before it.
 */
struct seep_signal_returns {
	size_t count;
	struct seep_range list[SEEP_SIGNAL_RETURNS_MAX];
};

/*
 * Searches the executable segments, the first 32 MiB of them; what cannot be read is skipped. 0 or
 * -ENOMEM.
 */
int seep_signal_returns_find(const struct seep_image *image,
			     struct seep_signal_returns *ret_returns);

/* Is this the frame of a signal handler's return: a return address into one, less one? */
bool seep_signal_returns_has(const struct seep_signal_returns *returns, uint64_t offset);

#endif
