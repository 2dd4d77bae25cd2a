// SPDX-License-Identifier: GPL-2.0-only
#include "elf/sections.h"

#include <errno.h>
#include <string.h>

#define SECTION_NAMES_MAX (1u << 20) /* bytes; 1 KiB is usual */

const void *seep_elf_read(Elf *elf, uint64_t offset, uint64_t length, Elf_Type type)
{
	Elf_Data *data;

	/* libelf takes the offset as a signed number. */
	if (offset > INT64_MAX || length > INT64_MAX - offset)
		return NULL;
	data = elf_getdata_rawchunk(elf, (int64_t)offset, length, type);
	return data && data->d_size >= length ? data->d_buf : NULL;
}

int seep_string_table_read(Elf *elf, uint64_t offset, uint64_t length,
			   struct seep_string_table *ret_strings)
{
	const char *bytes, *last;

	bytes = length ? seep_elf_read(elf, offset, length, ELF_T_BYTE) : NULL;
	/* What lies behind the last NUL is cut off, so every string in the table has an end. */
	last = bytes ? memrchr(bytes, '\0', length) : NULL;
	if (!last)
		return -ENOENT;
	ret_strings->bytes = bytes;
	ret_strings->length = (size_t)(last - bytes) + 1;
	return 0;
}

const char *seep_string_table_at(const struct seep_string_table *strings, uint64_t offset)
{
	return offset < strings->length ? strings->bytes + offset : NULL;
}

int seep_section_names(Elf *elf, struct seep_string_table *ret_names)
{
	GElf_Shdr header;
	size_t index;

	if (elf_getshdrstrndx(elf, &index) || !gelf_getshdr(elf_getscn(elf, index), &header))
		return -ENOENT;
	if (header.sh_type == SHT_NOBITS || header.sh_size > SECTION_NAMES_MAX)
		return -ENOENT;
	return seep_string_table_read(elf, header.sh_offset, header.sh_size, ret_names);
}

Elf_Scn *seep_section_find(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	struct seep_string_table names;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (seep_section_names(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, &header))
			continue;
		found = seep_string_table_at(&names, header.sh_name);
		if (found && strcmp(found, name) == 0) {
			*ret_header = header;
			return section;
		}
	}
	return NULL;
}

const void *seep_section_bytes(Elf *elf, const GElf_Shdr *header, uint64_t max_bytes)
{
	/* No bytes in the file, or none that could be used as they are. */
	if (header->sh_type == SHT_NOBITS || header->sh_flags & SHF_COMPRESSED)
		return NULL;
	if (!header->sh_size || header->sh_size > max_bytes)
		return NULL;
	return seep_elf_read(elf, header->sh_offset, header->sh_size, ELF_T_BYTE);
}
