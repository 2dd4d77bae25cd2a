// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program itself is looked at first, then each mapped library, as a C program may have loaded
 * one that is written in Go. The first with a runtime is taken; more than one in a process are
 * rare, and they are separate worlds.
 */
#include "golang/runtime.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/image.h"
#include "golang/find_variables.h"
#include "golang/module.h"
#include "golang/wait_reasons.h"

/* What a string of Go is: a pointer and a length. */
struct go_string {
	uint64_t address;
	uint64_t length;
};

/* The table of functions, and what the symbol table does not tell. 0, or why it does not go on. */
static const char *read_module(struct seep_go *go)
{
	uint64_t *variables = go->program.variables;
	struct seep_go_module module;

	if (seep_go_module_find(go->image, &module))
		return "its table of functions is not understood";
	for (int i = 0; i < SEEP_GO_VARIABLE_COUNT; i++) {
		if (!variables[i])
			variables[i] = seep_go_find_variable(go->image, &module.table,
							     (enum seep_go_variable)i);
	}
	if (!variables[SEEP_GO_ALLGS])
		return "it is not known where its goroutines are";
	go->table = module.table;
	go->table.text += go->bias;
	go->funcdata = module.funcdata;
	go->funcdata_length = module.funcdata_length;
	if (seep_pclntab_find_name(&go->table, "runtime.skipPleaseUseCallersFrames", &go->skipper))
		go->skipper = (struct seep_go_function){.entry = 0};
	return NULL;
}

/* The names that this version of Go is known to have. */
static void know_reasons(struct seep_go *go)
{
	const char *words;

	while (go->num_reasons < SEEP_GO_WAIT_REASONS &&
	       (words = seep_go_wait_reason(go->program.minor, (unsigned int)go->num_reasons)))
		snprintf(go->reasons[go->num_reasons++], SEEP_GO_REASON_BYTES, "%s", words);
}

/*
 * The names of reasons to wait, as the program has them. They are for people: without them, or with
 * one of them damaged, goroutines have a state all the same.
 */
static void read_reasons(struct seep_go *go)
{
	struct go_string strings[SEEP_GO_WAIT_REASONS];
	uint64_t address = seep_go_variable(go, SEEP_GO_WAIT_REASONS_TABLE);
	size_t count = go->program.variable_bytes[SEEP_GO_WAIT_REASONS_TABLE] / sizeof(*strings);

	if (count > SEEP_GO_WAIT_REASONS)
		count = SEEP_GO_WAIT_REASONS;
	if (!address || !count ||
	    seep_remote_read(go->remote, address, strings, count * sizeof(*strings))) {
		know_reasons(go);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char *name = go->reasons[i];

		if (!strings[i].length || strings[i].length >= SEEP_GO_REASON_BYTES ||
		    seep_remote_read(go->remote, strings[i].address, name, strings[i].length))
			name[0] = '\0';
		/* It is for people, and comes from the process. */
		for (char *c = name; *c; c++) {
			if (!isprint((unsigned char)*c))
				*c = '?';
		}
	}
	go->num_reasons = count;
}

/* Opens what the mapping is of. 0; -ENOENT: no Go program. */
static int open_program(pid_t pid, const struct seep_mapping *mapping, struct seep_go *go)
{
	SEEP_AUTO_CLOSE int fd = seep_maps_open(pid, mapping);
	uint64_t address;
	int error;

	if (fd < 0)
		return fd == -ENOMEM ? fd : -ENOENT;
	error = seep_image_open(fd, &go->image);
	if (error)
		return error == -ENOMEM ? error : -ENOENT;
	error = seep_image_is_go(go->image) ? seep_go_program_read(go->image, &go->program) :
					      -ENOENT;
	if (!error)
		error = seep_image_offset_to_address(go->image, mapping->offset, &address);
	if (!error) {
		go->bias = mapping->start - address;
		return 0;
	}
	seep_image_close(SEEP_TAKE_PTR(go->image));
	return -ENOENT;
}

/*
 * The program itself is looked at in any case: an inode may be given to another file, and to a
 * program more likely than to a library.
 */
static int find_program(pid_t pid, const struct seep_maps *maps, struct seep_plain_files *plain,
			struct seep_go *go)
{
	uint64_t inode = 0;
	bool first = true;

	for (size_t i = 0; i < maps->num_mappings; i++) {
		const struct seep_mapping *mapping = &maps->mappings[i];
		int error;

		/* The code of a file is in one mapping, or in neighbours. */
		if (!mapping->executable || !mapping->inode || mapping->inode == inode)
			continue;
		inode = mapping->inode;
		if (!first && seep_plain_files_have(plain, mapping))
			continue;
		first = false;
		error = open_program(pid, mapping, go);
		if (error != -ENOENT)
			return error;
		seep_plain_files_add(plain, mapping);
	}
	return -ENOENT;
}

/* 0 or -EPROTO with the reason. */
static int understand(struct seep_go *go, const char **ret_why)
{
	*ret_why = seep_go_layout_of_version(go->program.minor, &go->layout) ?
			   read_module(go) :
			   "this version of Go is not known";
	return *ret_why ? -EPROTO : 0;
}

int seep_go_open(pid_t pid, const struct seep_maps *maps, struct seep_plain_files *plain,
		 struct seep_go **ret_go, const char **ret_why)
{
	struct seep_go *go = calloc(1, sizeof(*go));
	int error;

	if (!go)
		return -ENOMEM;
	error = find_program(pid, maps, plain, go);
	if (!error)
		error = seep_remote_open(pid, &go->remote);
	if (!error)
		error = understand(go, ret_why);
	if (error) {
		seep_go_close(go);
		return error;
	}
	read_reasons(go);
	*ret_go = go;
	return 0;
}

void seep_go_close(struct seep_go *go)
{
	if (!go)
		return;
	seep_remote_close(go->remote);
	seep_image_close(go->image);
	free(go);
}
