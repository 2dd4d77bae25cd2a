/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of functions of a Go program or library in its ELF file, with or without symbols. A
 * file that was loaded with position-independent code has addresses as the linker gave them: so
 * has all that is found here.
 */
#ifndef SEEP_GOLANG_MODULE_H
#define SEEP_GOLANG_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "golang/pclntab.h"

/* What is known of a Go module. The bytes belong to the image. */
struct seep_go_module {
	struct seep_pclntab table;
	uint64_t table_address;
	uint64_t moduledata;	 /* address of runtime.firstmoduledata; 0 if it is not known */
	const uint8_t *funcdata; /* for seep_pclntab_calls; NULL if it is not known */
	size_t funcdata_length;
};

/*
 * Looks for the table in @image, and for what belongs to it. 0; -ENOENT if it is no Go program;
 * -ENOTSUP if the table is of no known version; -EINVAL if it is damaged, or if it is not known
 * where the text begins; -ENOMEM.
 */
int seep_go_module_find(const struct seep_image *image, struct seep_go_module *ret_module);

#endif
