/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where pieces of code begin and end, by the unwind information of the file itself (.eh_frame): one
 * piece for each FDE. A function is one piece, or several where the compiler has moved cold code
 * away. Unlike symbols, stripping does not remove them.
 */
#ifndef SEEP_ELF_EXTENTS_H
#define SEEP_ELF_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

/* In virtual addresses of the image, ascending. Pieces of a crafted file may overlap. */
struct seep_extents {
	size_t count;
	struct seep_range *list;
};

/*
 * 0; -ENOENT if the file has no unwind information; -EINVAL if it makes no sense; -E2BIG; -ENOMEM.
 */
int seep_extents_read(const struct seep_image *image, struct seep_extents *ret_extents);
void seep_extents_done(struct seep_extents *extents);

/* The piece that covers @address (the last one that begins at or before it), or NULL. */
const struct seep_range *seep_extents_find(const struct seep_extents *extents, uint64_t address);

/* What the file says of an address at which a function is said to begin. */
enum seep_entry_kind {
	SEEP_ENTRY_UNKNOWN, /* code without unwind information: assembly, musl's libc */
	SEEP_ENTRY_INSIDE,  /* a piece covers it that begins before it */
	/* a piece begins there: no symbol in the middle of an instruction has that */
	SEEP_ENTRY_BEGINS,
};

enum seep_entry_kind seep_extents_entry(const struct seep_extents *extents, uint64_t address);

#endif
