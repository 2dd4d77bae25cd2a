/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The moduledata of a Go module in its ELF file: the struct by which the runtime finds its tables.
 * Nothing leads there; it is known by its first field, the address of the table of functions.
 */
#ifndef SEEP_GOLANG_MODULEDATA_H
#define SEEP_GOLANG_MODULEDATA_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

/* What is taken from it. Addresses are those of the image. */
struct seep_go_moduledata {
	uint64_t address;
	uint64_t text;	 /* runtime.text */
	uint64_t etext;	 /* runtime.etext, behind the last function */
	uint64_t gofunc; /* what funcdata is relative to; 0 if it is not known */
};

/*
 * Finds the moduledata of the table at @table_address that has @num_functions. 0; -ENOENT; -ENOMEM.
 */
int seep_go_moduledata_find(const struct seep_image *image, uint64_t table_address,
			    uint64_t num_functions, struct seep_go_moduledata *ret_moduledata);

/* Reads @length bytes of the file at the virtual address @address. 0 or -ENOENT. */
int seep_go_read(const struct seep_image *image, uint64_t address, void *buffer, size_t length);

#endif
