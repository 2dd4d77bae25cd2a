/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of CIEs and FDEs (DWARF 5, 6.4.2), run as they make rows of rules.
 */
#ifndef SEEP_ELF_CFI_PROGRAM_H
#define SEEP_ELF_CFI_PROGRAM_H

#include "elf/cfi_rows.h"

/*
 * Runs the instructions of a CIE, which make the state that its FDEs begin with. 0 or -EINVAL.
 */
int seep_cfi_run_cie(const struct seep_cfi_section *section, struct seep_cursor program,
		     struct seep_cfi_cie *cie);

/*
 * Runs the instructions of @fde and adds a row for each change of rule to @rows, in which a block
 * has begun. @offset is where the FDE's first byte is in the file. 0, -EINVAL, -E2BIG or -ENOMEM.
 */
int seep_cfi_run_fde(const struct seep_cfi_section *section, const struct seep_cfi_cie *cie,
		     const struct seep_cfi_fde *fde, uint64_t offset, struct seep_cfi_rows *rows);

#endif
