// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep_module_open only reads the build ID, which tells whether the module is known already.
 * seep_module_load does the rest when the first address is asked for: symbols and lines of the file
 * itself, of its separate debug file, or of .gnu_debugdata. What a Go program then lacks is taken
 * from the table that its runtime needs. The files are closed again unless lines are read from
 * them.
 */
#include "symbol/module.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "elf/image.h"
#include "elf/sections.h"
#include "elf/signal_return.h"
#include "golang/module.h"
#include "symbol/debug_file.h"
#include "symbol/functions.h"

struct seep_module {
	struct seep_image *image; /* NULL once loaded, unless there are lines */
	struct seep_image *debug; /* the separate debug file, as long as the lines need it */
	struct seep_functions *functions;
	struct seep_lines *lines;
	struct seep_go_module go; /* without one its table has no bytes */
	bool loaded;
	struct seep_signal_returns signal_returns;
	char build_id[2 * SEEP_BUILD_ID_MAX + 1];
};

int seep_module_open(int fd, struct seep_module **ret_module)
{
	struct seep_module *module = calloc(1, sizeof(*module));
	const uint8_t *id;
	size_t length;
	int error;

	if (!module)
		return -ENOMEM;
	error = seep_image_open(fd, &module->image);
	if (error) {
		free(module);
		return error;
	}
	id = seep_image_build_id(module->image, &length);
	for (size_t i = 0; i < length; i++)
		snprintf(module->build_id + 2 * i, 3, "%02x", id[i]);
	*ret_module = module;
	return 0;
}

static void close_images(struct seep_module *module)
{
	seep_image_close(module->image);
	seep_image_close(module->debug);
	module->image = NULL;
	module->debug = NULL;
}

void seep_module_close(struct seep_module *module)
{
	if (!module)
		return;
	seep_lines_free(module->lines);
	seep_functions_free(module->functions);
	close_images(module);
	free(module);
}

const char *seep_module_build_id(const struct seep_module *module)
{
	return module->build_id[0] ? module->build_id : NULL;
}

void seep_module_load(struct seep_module *module, const char *path, const struct seep_root *root)
{
	SEEP_CLEANUP(seep_debug_files_done) struct seep_debug_files files = {0};
	SEEP_CLEANUP(seep_debug_elf_done) struct seep_debug_elf unpacked = {.fd = -1};
	/* Of the file itself. */
	bool has_symbols, has_lines, has_go = false;
	Elf *elf, *others[2];
	size_t num_others = 0;
	GElf_Shdr header;

	if (module->loaded)
		return;
	/* Once, whatever comes of it: what fails leaves addresses without names. */
	module->loaded = true;
	elf = seep_image_elf(module->image);
	has_symbols = seep_section_find(elf, ".symtab", &header);
	has_lines = seep_section_find(elf, ".debug_info", &header);
	/* A file that has both needs nothing from elsewhere. */
	if (!has_symbols || !has_lines)
		seep_debug_files_find(module->image, path, root, SEEP_DEBUG_NAMES, &files);
	module->debug = SEEP_TAKE_PTR(files.debug);
	if (module->debug)
		others[num_others++] = seep_image_elf(module->debug);
	/* .gnu_debugdata has the functions that .dynsym lacks, but a debug file has all of them. */
	else if (!has_symbols && !seep_debug_file_unpack(module->image, &unpacked))
		others[num_others++] = unpacked.elf;

	/* Failures are ignored: each part is of use without the others. */
	seep_signal_returns_find(module->image, &module->signal_returns);
	if (has_lines)
		seep_lines_new(elf, &module->lines);
	else if (module->debug)
		seep_lines_new(seep_image_elf(module->debug), &module->lines);
	has_symbols = has_symbols || module->debug;
	if (!has_symbols || !module->lines)
		has_go = seep_go_module_find(module->image, &module->go) == 0;
	seep_functions_new(module->image, others, num_others,
			   has_go && !has_symbols ? &module->go.table : NULL, &module->functions);
	/*
	 * libdw reads from the ELF descriptors as lines are asked for, and the table of a Go
	 * program belongs to its image; functions have copies.
	 */
	if (!module->lines && !has_go)
		close_images(module);
}

/* As seep_lines_find, by the table of a Go program. */
static size_t find_go_lines(const struct seep_go_module *go, uint64_t address,
			    struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX])
{
	struct seep_go_call calls[SEEP_SOURCE_SCOPES_MAX];
	struct seep_go_function function;
	size_t count;

	if (seep_pclntab_find(&go->table, address, &function))
		return 0;
	count = seep_pclntab_calls(&go->table, &function, address, go->funcdata,
				   go->funcdata_length, calls, SEEP_SOURCE_SCOPES_MAX);
	for (size_t i = 0; i < count; i++)
		scopes[i] = (struct seep_source_scope){
			.name = calls[i].function,
			.source = calls[i].file,
			.line = calls[i].line,
		};
	return count;
}

size_t seep_module_find(struct seep_module *module, uint64_t offset,
			struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX])
{
	size_t count = 0, index;
	uint64_t address;
	bool has_address;

	/* No symbol table names a signal trampoline in a way that people know. */
	if (seep_signal_returns_has(&module->signal_returns, offset)) {
		scopes[0] = (struct seep_source_scope){.name = SEEP_SIGNAL_HANDLER_NAME};
		return 1;
	}
	has_address =
		module->image && !seep_image_offset_to_address(module->image, offset, &address);
	if (has_address && module->lines)
		count = seep_lines_find(module->lines, address, scopes);
	if (has_address && !count && module->go.table.bytes)
		count = find_go_lines(&module->go, address, scopes);
	/* Without lines there is one scope, the function. */
	if (!count)
		scopes[count++] = (struct seep_source_scope){0};
	/*
	 * The outermost scope is the function itself; its name in the symbol table goes
	 * before that in DWARF.
	 */
	if (module->functions && !seep_functions_find(module->functions, offset, &index))
		scopes[count - 1].name = seep_functions_name(module->functions, index);
	return count;
}

bool seep_module_has(const struct seep_module *module, const char *name)
{
	return module->functions && seep_functions_has(module->functions, name);
}
