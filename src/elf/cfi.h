/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Call frame information: what .eh_frame (or .debug_frame) says about every address of a file, as
 * rules of seep/unwind.h.
 *
 * A reader of our own and not libdw's, because it runs as root over the files of every container:
 * it is bounds-checked, needs no section headers (PT_GNU_EH_FRAME leads to the data), allocates
 * little, and gives rules instead of lists of DWARF operations. libdw is the oracle of its tests.
 *
 * Formats: DWARF 5, 6.4; Linux Standard Base 5.0 (Core, generic), 10.6; System V ABI for x86-64.
 */
#ifndef SEEP_ELF_CFI_H
#define SEEP_ELF_CFI_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "seep/unwind.h"

/* From this file offset on, up to that of the next row, @rule holds. */
struct seep_cfi_row {
	uint64_t offset;
	struct seep_rule rule;
};

struct seep_cfi {
	size_t num_rows;
	struct seep_cfi_row *rows; /* ascending, no two alike in a row */
	/*
	 * Between FDEs, but too short to be a gap: the rule before it goes on over it. Usually it
	 * is padding; it may be a function of some bytes.
	 */
	size_t num_paddings;
	struct seep_range *paddings; /* ascending */
	/* what was met, for doctor and tests */
	size_t num_fdes;
	size_t num_skipped; /* FDEs that are broken, or of no code of this file */
	size_t num_bad;	    /* rows whose rule is SEEP_RULE_BAD */
};

/*
 * Rows of one file: libxul has 4 million. A row has 24 bytes, and while they are ordered there are
 * two of each.
 */
#define SEEP_CFI_MAX_ROWS (8u << 20)

/*
 * Reads the CFI of @image. Code without CFI between two FDEs becomes a row with SEEP_RULE_GAP if it
 * is 16 bytes or more (less is padding), and so does what follows the last one. PLT, signal
 * trampolines and thread starts are recognised by what their CFI says, or by their code bytes where
 * it is known to be missing (musl's _start and __restore_rt). 0; -ENOENT if there is no CFI;
 * -EINVAL if it makes no sense at all (what was read before stays usable otherwise: an FDE that is
 * broken is skipped and its code is a gap); -E2BIG; -ENOMEM.
 */
int seep_cfi_read(const struct seep_image *image, struct seep_cfi *ret_cfi);
void seep_cfi_done(struct seep_cfi *cfi);

/*
 * The same of a file without CFI: all of its code is a gap, but for what is recognised by its
 * bytes. 0; -ENOENT if there is no code; -ENOMEM.
 */
int seep_cfi_without(const struct seep_image *image, struct seep_cfi *ret_cfi);

/* The rule at a file offset: that of the last row at or before it; NULL before the first row. */
const struct seep_rule *seep_cfi_find(const struct seep_cfi *cfi, uint64_t offset);

/* The number of rows at or before a file offset. */
size_t seep_cfi_rows_before(const struct seep_cfi *cfi, uint64_t offset);

#endif
