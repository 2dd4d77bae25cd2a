/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The extents of a file while they are gathered: cfi.c goes over the FDEs and hands each one over.
 */
#ifndef SEEP_ELF_EXTENTS_PRIVATE_H
#define SEEP_ELF_EXTENTS_PRIVATE_H

#include "elf/cfi_private.h"

/* In virtual addresses, as the FDEs come: neither sorted nor checked for overlaps. */
struct seep_cfi_extents {
	struct seep_range *list;
	size_t count;
	size_t capacity;
};

/* Adds the code of @fde. 0; -EINVAL if it has none; -E2BIG; -ENOMEM. */
int seep_cfi_extents_add(struct seep_cfi_extents *extents, const struct seep_cfi_fde *fde);

#endif
