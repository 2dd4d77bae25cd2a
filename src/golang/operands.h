/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The variables that a function of the runtime uses, by its machine code: how variables are found
 * in a program without a symbol table. Which of them is which shows in the process.
 */
#ifndef SEEP_GOLANG_OPERANDS_H
#define SEEP_GOLANG_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "golang/pclntab.h"

/* Of the functions that are looked at the largest has some 80. */
#define SEEP_GO_OPERANDS_MAX 128

struct seep_go_operands {
	uint64_t addresses[SEEP_GO_OPERANDS_MAX]; /* of the file, each once */
	size_t count;
};

/*
 * What the instructions of the function @name address relative to themselves, in their order; with
 * @loads_only what it loads registers from. Those behind the first SEEP_GO_OPERANDS_MAX are left
 * out. @table is of the image. None if there is no such function.
 */
void seep_go_operands_find(const struct seep_image *image, const struct seep_pclntab *table,
			   const char *name, bool loads_only,
			   struct seep_go_operands *ret_operands);

/*
 * The first address from @start on that is that of a slice: whoever appends to one needs its
 * pointer, its length and its room, three words in a row. 0: none.
 */
uint64_t seep_go_operands_slice(const struct seep_go_operands *operands, size_t start);

#endif
