// SPDX-License-Identifier: GPL-2.0-only
/*
 * The version stands in the section .go.buildinfo, which strip leaves: 32 bytes, then the length of
 * the version as a varint and the version itself (debug/buildinfo; since Go 1.18). Variables come
 * from the symbol table.
 */
#include "golang/program.h"

#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "elf/sections.h"
#include "elf/symbols.h"

/* It holds the version and what the program was built from: a line for each module. */
#define BUILD_INFO_MAX (1u << 20)

#define BUILD_INFO_MAGIC  "\xff Go buildinf:"
#define BUILD_INFO_HEADER 32
#define BUILD_INFO_FLAGS  15
#define FLAG_INLINE	  2 /* the strings follow the header */

static const char *const symbols_of_variables[SEEP_GO_VARIABLE_COUNT] = {
#define SYMBOL(name, symbol) [SEEP_GO_##name] = symbol,
	SEEP_GO_VARIABLES(SYMBOL)
#undef SYMBOL
};

unsigned int seep_go_version_minor(const char *version)
{
	const char *found = strstr(version, "go1.");
	unsigned long minor;

	if (!found || !isdigit((unsigned char)found[4]))
		return 0;
	minor = strtoul(found + 4, NULL, 10);
	return minor < 1000 ? (unsigned int)minor : 0;
}

/* 0 or -ENOENT. */
static int read_version(const struct seep_image *image, struct seep_go_program *program)
{
	Elf *elf = seep_image_elf(image);
	GElf_Shdr header;
	const uint8_t *bytes;
	size_t length;

	if (!seep_section_find(elf, ".go.buildinfo", &header))
		return -ENOENT;
	bytes = seep_section_bytes(elf, &header, BUILD_INFO_MAX);
	if (!bytes || header.sh_size <= BUILD_INFO_HEADER ||
	    memcmp(bytes, BUILD_INFO_MAGIC, sizeof(BUILD_INFO_MAGIC) - 1) != 0)
		return -ENOENT;
	/* Before 1.18 it has pointers instead, and there is no table for such a version. */
	if (!(bytes[BUILD_INFO_FLAGS] & FLAG_INLINE))
		return 0;
	/* A version is short, so its varint is one byte. */
	length = bytes[BUILD_INFO_HEADER];
	if (length >= SEEP_GO_VERSION_BYTES || header.sh_size - BUILD_INFO_HEADER - 1 < length)
		return 0;
	memcpy(program->version, bytes + BUILD_INFO_HEADER + 1, length);
	program->minor = seep_go_version_minor(program->version);
	return 0;
}

/* For seep_symbols_each_table. */
static int find_variables(const struct seep_symbols *symbols, void *context)
{
	struct seep_go_program *program = context;

	for (size_t i = 0; i < symbols->count; i++) {
		const Elf64_Sym *entry = &symbols->entries[i];
		const char *name = seep_symbols_name(symbols, entry);

		if (!name || strncmp(name, "runtime.", 8) != 0 || entry->st_shndx == SHN_UNDEF)
			continue;
		for (int j = 0; j < SEEP_GO_VARIABLE_COUNT; j++) {
			if (strcmp(name, symbols_of_variables[j]) != 0)
				continue;
			program->variables[j] = entry->st_value;
			program->variable_bytes[j] = entry->st_size;
		}
	}
	return 0;
}

int seep_go_program_read(const struct seep_image *image, struct seep_go_program *ret_program)
{
	*ret_program = (struct seep_go_program){.minor = 0};
	if (read_version(image, ret_program))
		return -ENOENT;
	return seep_symbols_each_table(seep_image_elf(image), find_variables, ret_program);
}
