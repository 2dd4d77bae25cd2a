/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEEP_GOLANG_ALLGS_H
#define SEEP_GOLANG_ALLGS_H

#include <stdint.h>

#include "elf/image.h"
#include "golang/pclntab.h"

/*
 * The address of runtime.allgs, the slice of all goroutines, in a program without a symbol table:
 * by the code of the function that appends to it. @table is of the image. 0: it is not found.
 */
uint64_t seep_go_find_allgs(const struct seep_image *image, const struct seep_pclntab *table);

#endif
