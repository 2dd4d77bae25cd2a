/* SPDX-License-Identifier: GPL-2.0-only */
/* The stubs through which a file calls functions of others. */
#ifndef SEEP_SYMBOL_PLT_H
#define SEEP_SYMBOL_PLT_H

#include <stdint.h>

#include "elf/image.h"

/*
 * The name of the function that the stub at @address jumps to, as long as the image is open. 0;
 * -ENOENT if there is no stub; -ENOMEM.
 */
int seep_plt_name(const struct seep_image *image, uint64_t address, const char **ret_name);

struct seep_candidates;

/* Adds the stubs of .plt, .plt.sec and .plt.got for functions.c. 0 or -ENOMEM. */
int seep_candidates_add_plt(struct seep_candidates *candidates);

#endif
