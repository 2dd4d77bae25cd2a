/* SPDX-License-Identifier: GPL-2.0-only */
/* The FDEs of a section as libdw lists them. */
#ifndef TESTS_UNIT_UNWIND_LIBDW_FDES_H
#define TESTS_UNIT_UNWIND_LIBDW_FDES_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct range {
	uint64_t start;
	uint64_t end;
};

struct fdes {
	struct range *ranges;
	size_t count;
	size_t max;
};

/* The encoding of addresses that a CIE says: 'R' of its augmentation (LSB 5.0, 10.6.1.1.1). */
static inline uint8_t encoding_of(const Dwarf_CIE *cie)
{
	const uint8_t *data = cie->augmentation_data;

	if (cie->augmentation[0] != 'z')
		return DW_EH_PE_absptr;
	for (const char *letter = cie->augmentation + 1; *letter; letter++) {
		if (*letter == 'R')
			return *data;
		if (*letter == 'L')
			data++;
		if (*letter == 'P') /* all that occur have 4 or 8 bytes */
			data += (*data & 7) == (DW_EH_PE_udata4 & 7) ? 5 : 9;
	}
	return DW_EH_PE_absptr;
}

static inline int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

static inline void add_fde(struct fdes *fdes, const Dwarf_FDE *fde, uint8_t encoding,
			   const uint8_t *bytes, uint64_t section_address)
{
	uint64_t place = section_address + (uint64_t)(fde->start - bytes);
	struct range range = {0};

	switch (encoding & 0x0f) {
	case DW_EH_PE_sdata4:
	case DW_EH_PE_udata4: {
		int32_t start;
		uint32_t length;

		memcpy(&start, fde->start, sizeof(start));
		memcpy(&length, fde->start + 4, sizeof(length));
		range.start = (uint64_t)(int64_t)start;
		range.end = length;
		break;
	}
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		memcpy(&range.start, fde->start, 8);
		memcpy(&range.end, fde->start + 8, 8);
		break;
	default:
		fail_msg("address encoding %#x", encoding);
	}
	if (!range.start || !range.end)
		return;
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		range.start += place;
	range.end += range.start;
	if (fdes->count == fdes->max) {
		fdes->max = fdes->max ? 2 * fdes->max : 1024;
		fdes->ranges = reallocarray(fdes->ranges, fdes->max, sizeof(*fdes->ranges));
		assert_non_null(fdes->ranges);
	}
	fdes->ranges[fdes->count++] = range;
}

static inline void list_fdes(Elf *elf, Elf_Scn *section, bool eh_frame, struct fdes *fdes)
{
	const unsigned char *ident = (const unsigned char *)elf_getident(elf, NULL);
	Elf_Data *data = elf_getdata(section, NULL);
	Dwarf_Off offset = 0, next, last_cie = UINT64_MAX;
	uint8_t encoding = DW_EH_PE_absptr;
	GElf_Shdr header;

	assert_non_null(gelf_getshdr(section, &header));
	for (; data && data->d_buf; offset = next) {
		Dwarf_CFI_Entry entry;
		int error = dwarf_next_cfi(ident, data, eh_frame, offset, &next, &entry);

		if (error > 0)
			return;
		if (error < 0) {
			if (next == (Dwarf_Off)-1 || next <= offset)
				return;
			continue;
		}
		if (dwarf_cfi_cie_p(&entry))
			continue;
		if (entry.fde.CIE_pointer != last_cie) {
			Dwarf_CFI_Entry cie;
			Dwarf_Off ignored;

			last_cie = entry.fde.CIE_pointer;
			assert_int_equal(
				dwarf_next_cfi(ident, data, eh_frame, last_cie, &ignored, &cie), 0);
			encoding = encoding_of(&cie.cie);
		}
		add_fde(fdes, &entry.fde, encoding, data->d_buf, header.sh_addr);
	}
}

static inline Elf_Scn *find_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (found && strcmp(found, name) == 0)
			return section;
	}
	return NULL;
}

#endif
