/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Variables of the runtime in a program without a symbol table: by the code of a function that uses
 * them, which the table of functions knows.
 */
#ifndef SEEP_GOLANG_FIND_VARIABLES_H
#define SEEP_GOLANG_FIND_VARIABLES_H

#include <stdint.h>

#include "elf/image.h"
#include "golang/pclntab.h"
#include "golang/program.h"

/*
 * The address of a variable in @image, to which @table belongs. 0: it is not found, or nothing is
 * known of how to find it.
 */
uint64_t seep_go_find_variable(const struct seep_image *image, const struct seep_pclntab *table,
			       enum seep_go_variable variable);

#endif
