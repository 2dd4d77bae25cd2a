/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a file: what its CFI says, and for code that it does not cover what the code says. */
#ifndef SEEP_STACK_ROWS_H
#define SEEP_STACK_ROWS_H

#include "elf/cfi.h"
#include "elf/image.h"

/*
 * Reads the rows of @image, which is the file @path. 0, and the caller frees *ret_cfi; -ENOENT when
 * neither CFI nor code says anything; else as seep_cfi_read.
 */
int seep_rows_read(const struct seep_image *image, const char *path, struct seep_cfi *ret_cfi);

#endif
