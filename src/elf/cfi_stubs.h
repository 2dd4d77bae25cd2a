/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program's entry, which often has no CFI: nobody has called it, so a stack ends there.
 */
#ifndef SEEP_ELF_CFI_STUBS_H
#define SEEP_ELF_CFI_STUBS_H

#include "elf/cfi.h"

/* Puts a row for the program's entry into the gap of @cfi where it is. 0 or -ENOMEM. */
int seep_cfi_add_stubs(const struct seep_image *image, struct seep_cfi *cfi);

#endif
