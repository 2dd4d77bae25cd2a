/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bounded access to the parts of an untrusted ELF file, on top of libelf. libelf checks that a
 * section lies within the file, but a sparse file can be as long as it likes: whoever reads says
 * how much is sensible. Memory belongs to the Elf descriptor.
 */
#ifndef SEEP_ELF_SECTIONS_H
#define SEEP_ELF_SECTIONS_H

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NUL-terminated strings one after another; length ends behind the last NUL. */
struct seep_string_table {
	const char *bytes;
	size_t length;
};

/*
 * @length bytes at @offset of the file as an array of @type, NULL if the file does not have them.
 */
const void *seep_elf_read(Elf *elf, uint64_t offset, uint64_t length, Elf_Type type);

/* The strings in @length bytes at @offset. 0 or -ENOENT. */
int seep_string_table_read(Elf *elf, uint64_t offset, uint64_t length,
			   struct seep_string_table *ret_strings);

/* The string at @offset, NULL if that is outside. */
const char *seep_string_table_at(const struct seep_string_table *strings, uint64_t offset);

/* The names of the sections, for seep_string_table_at(sh_name). 0 or -ENOENT. */
int seep_section_names(Elf *elf, struct seep_string_table *ret_names);

/* The first section called @name, NULL if there is none. */
Elf_Scn *seep_section_find(Elf *elf, const char *name, GElf_Shdr *ret_header);

/* The bytes of a section that has them, uncompressed and at most @max_bytes; else NULL. */
const void *seep_section_bytes(Elf *elf, const GElf_Shdr *header, uint64_t max_bytes);

#endif
