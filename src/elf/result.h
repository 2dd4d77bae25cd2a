/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a function return nothing but what another one has returned to it, or 0? So operator new of
 * the C++ libraries does with the result of malloc: every block that it gives out has been seen
 * there.
 *
 * By the code, on all its paths, with what compilers make of such functions: the result stays in
 * registers, or in variables on the stack (-O0). What is not understood counts as no.
 */
#ifndef SEEP_ELF_RESULT_H
#define SEEP_ELF_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/exits.h"

/*
 * What the function at @query->address returns. @query->leaves says of the address of a called
 * function, of a stub, or of a call or jump through a variable, whether its result is what is
 * looked for. False also when there is no memory to find out.
 */
bool seep_result_is_passed_on(const struct seep_exits_query *query);

#endif
