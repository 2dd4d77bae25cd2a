/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DWARF expressions in CFI (DWARF 5, 2.5): not evaluated, but recognised by the few shapes that
 * compilers, linkers and C libraries write.
 */
#ifndef SEEP_ELF_CFI_EXPRESSION_H
#define SEEP_ELF_CFI_EXPRESSION_H

#include "elf/cfi_private.h"

/* What an expression says; one that has no rule becomes BAD or OTHER. */
void seep_cfi_cfa_expression(struct seep_cursor code, struct seep_cfi_expression *ret_expression);
void seep_cfi_saved_expression(struct seep_cursor code, struct seep_cfi_saved *ret_saved);

#endif
