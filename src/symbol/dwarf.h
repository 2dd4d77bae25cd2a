/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DWARF of one file, opened by libdw, with the part that it shares with other files (dwz).
 */
#ifndef SEEP_SYMBOL_DWARF_H
#define SEEP_SYMBOL_DWARF_H

#include <elfutils/libdw.h>

#include "symbol/debug_file.h"

struct seep_dwarf {
	Dwarf *own;
	Dwarf *shared; /* NULL without */
	struct seep_debug_elf shared_elf;
};

/*
 * Reads the DWARF in @elf, which must stay open. 0; -ENODATA if there is none, or more than the cap
 * (1 GiB uncompressed), or a part of it that is shared with other files is not installed; -ENOMEM.
 */
int seep_dwarf_open(Elf *elf, struct seep_dwarf *ret_dwarf);
void seep_dwarf_done(struct seep_dwarf *dwarf);

#endif
