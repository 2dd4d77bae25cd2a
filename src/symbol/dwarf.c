// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called by lines.c, once for each file. libdw reads every debug section at once and trusts what it
 * reads more than an untrusted file deserves, so what it would allocate and where strings end is
 * looked at here. Bounded by DWARF_MAX_BYTES.
 */
#include "symbol/dwarf.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/sections.h"

#define DWARF_MAX_BYTES (1ULL << 30)

/* libdw reads every debug section at once; so look first how much that is. */
static int check_size(Elf *elf)
{
	struct seep_string_table names;
	Elf_Scn *section = NULL;
	bool has_info = false;
	uint64_t total = 0;
	GElf_Shdr header;
	GElf_Chdr compressed;

	/* -ENODATA for all that leaves the file without lines. */
	if (seep_section_names(elf, &names))
		return -ENODATA;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = seep_string_table_at(&names, header.sh_name);
		if (!name || strncmp(name, ".debug_", 7) != 0)
			continue;
		has_info |= strcmp(name, ".debug_info") == 0;
		if (header.sh_size > DWARF_MAX_BYTES)
			return -ENODATA;
		total += header.sh_size;
		/* A compressed section takes memory twice: as it is and unpacked. */
		if (header.sh_flags & SHF_COMPRESSED && gelf_getchdr(section, &compressed)) {
			if (compressed.ch_size > DWARF_MAX_BYTES)
				return -ENODATA;
			total += compressed.ch_size;
		}
		if (total > DWARF_MAX_BYTES)
			return -ENODATA;
	}
	return has_info ? 0 : -ENODATA;
}

/*
 * libdw 0.188 takes file names out of the string sections without a look at where these end, so the
 * last of their bytes must be a NUL. It has read (and unpacked) them by now.
 */
static bool strings_end(Elf *elf)
{
	static const char *const sections[] = {".debug_str", ".debug_line_str"};
	GElf_Shdr header;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		Elf_Scn *section = seep_section_find(elf, sections[i], &header);
		const Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

		if (data && data->d_size && ((const char *)data->d_buf)[data->d_size - 1])
			return false;
	}
	return true;
}

static int begin(Elf *elf, Dwarf **ret_dwarf)
{
	int error = check_size(elf);
	Dwarf *dwarf;

	if (error)
		return error;
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!dwarf)
		return -ENODATA;
	*ret_dwarf = dwarf;
	/* *ret_dwarf is set in any case, so that the caller ends it. */
	return strings_end(elf) ? 0 : -ENODATA;
}

static int open_parts(struct seep_dwarf *dwarf, Elf *elf)
{
	int error = begin(elf, &dwarf->own);

	if (error)
		return error;
	/*
	 * The shared part is always set here: left alone, libdw would look for it itself, at a path
	 * that the file chooses, and map what it finds.
	 */
	error = seep_debug_file_find_shared(elf, &dwarf->shared_elf);
	if (error)
		return error == -ENOENT ? 0 : error;
	error = begin(dwarf->shared_elf.elf, &dwarf->shared);
	if (error)
		return error;
	/* Forms that refer to the shared part (DW_FORM_GNU_strp_alt and others) find it by this. */
	dwarf_setalt(dwarf->own, dwarf->shared);
	return 0;
}

int seep_dwarf_open(Elf *elf, struct seep_dwarf *ret_dwarf)
{
	SEEP_CLEANUP(seep_dwarf_done) struct seep_dwarf dwarf = {.shared_elf = {.fd = -1}};
	int error = open_parts(&dwarf, elf);

	if (error)
		return error;
	*ret_dwarf = dwarf;
	dwarf = (struct seep_dwarf){.shared_elf = {.fd = -1}};
	return 0;
}

void seep_dwarf_done(struct seep_dwarf *dwarf)
{
	/* In this order: the own part refers to the shared one, and both to the ELF descriptors. */
	dwarf_end(dwarf->own);
	dwarf_end(dwarf->shared);
	seep_debug_elf_done(&dwarf->shared_elf);
}
