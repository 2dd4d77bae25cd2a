/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes a section with call frame information apart: entries, CIEs, FDEs, encoded pointers
 * (LSB 5.0, 10.5 and 10.6; DWARF 5, 6.4.1). Untrusted bytes in, checked structs out; nothing is
 * allocated.
 */
#ifndef SEEP_ELF_CFI_READER_H
#define SEEP_ELF_CFI_READER_H

#include "elf/cfi_private.h"

/*
 * The entry at @offset. 0; -ENOENT for a terminator, which is 4 bytes of zeros; -EINVAL when it is
 * not all there.
 */
int seep_cfi_entry_read(const struct seep_cfi_section *section, uint64_t offset,
			struct seep_cfi_entry *ret_entry);

/* 0, or -EINVAL: broken, or of a kind that this machine does not have. */
int seep_cfi_cie_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      struct seep_cfi_cie *ret_cie);

/* 0; -EINVAL; -ENOENT for a function that the linker has thrown away. */
int seep_cfi_fde_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      const struct seep_cfi_cie *cie, struct seep_cfi_fde *ret_fde);

/*
 * A pointer in one of the encodings of LSB 5.0, 10.5.1. @data_base is what DW_EH_PE_datarel adds
 * to; UINT64_MAX when that is not known. 0 or -EINVAL.
 */
int seep_cfi_pointer_read(struct seep_cursor *cursor, const struct seep_cfi_section *section,
			  uint8_t encoding, uint64_t data_base, uint64_t *ret_value);

#endif
