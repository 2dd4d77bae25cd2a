/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug information that lives outside the program: separate debug files, their shared parts, and
 * the compressed symbol table in .gnu_debugdata.
 *
 * debuginfod is never asked. Nothing here is mapped into memory: everything is read, so that a file
 * that its owner truncates meanwhile gives an error and not SIGBUS.
 */
#ifndef SEEP_SYMBOL_DEBUG_FILE_H
#define SEEP_SYMBOL_DEBUG_FILE_H

#include <libelf.h>
#include <stdint.h>

#include "elf/image.h"
#include "proc/trust.h"

/* What a debug file is to be believed about. */
enum seep_debug_use {
	SEEP_DEBUG_PLACES, /* where functions are, for probes: only if it is root's word */
	SEEP_DEBUG_NAMES,  /* what they are called: its author may be that of the program as well */
};

/* The separate debug files of an image. Both may be missing (NULL). */
struct seep_debug_files {
	struct seep_image *debug;
	struct seep_image *refused; /* would have been taken before, but is not to be believed */
	char *refused_path;
};

/*
 * The separate debug file of @image: by build ID below /usr/lib/debug/.build-id, or by the name in
 * .gnu_debuglink next to @path, in .debug there, and below /usr/lib/debug. @root: the root
 * directory that @path is meant in and that is searched first. A file that does not belong to the
 * image (another build ID, or without one another checksum) is not taken, nor is one that is not to
 * be believed (proc/trust.h). 0 or -ENOMEM.
 */
int seep_debug_files_find(const struct seep_image *image, const char *path,
			  const struct seep_root *root, enum seep_debug_use use,
			  struct seep_debug_files *ret_files);
void seep_debug_files_done(struct seep_debug_files *files);

/* An ELF descriptor with the memory or file behind it. */
struct seep_debug_elf {
	Elf *elf;
	int fd; /* -1 if there is none */
	void *memory;
};

void seep_debug_elf_done(struct seep_debug_elf *debug);

/*
 * The part that the debug information in @elf shares with other files (dwz, .gnu_debugaltlink).
 * 0; -ENOENT if @elf needs none; -ENODATA if it is not installed.
 */
int seep_debug_file_find_shared(Elf *elf, struct seep_debug_elf *ret_shared);

/* Unpacks .gnu_debugdata of @image (xz; an ELF file with symbols only). 0, -ENOENT or -ENOMEM. */
int seep_debug_file_unpack(const struct seep_image *image, struct seep_debug_elf *ret_unpacked);

#endif
