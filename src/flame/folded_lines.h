/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folded stacks, the input of flamegraph.pl, inferno and speedscope: frames from the outermost to
 * the innermost, separated by semicolons, a space, a number. Sorted; the same stack is there once.
 */
#ifndef SEEP_FLAME_FOLDED_LINES_H
#define SEEP_FLAME_FOLDED_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/fold.h"

struct seep_folded {
	struct seep_buffer text; /* of the stacks, each with its NUL */
	struct seep_folded_line *lines;
	size_t count;
	size_t capacity;
};

void seep_folded_init(struct seep_folded *folded);
void seep_folded_done(struct seep_folded *folded);

/*
 * A stack: begin, its names, end. Each 0 or -errno. The second is a seep_fold_fn of a seep_folded.
 */
int seep_folded_begin(struct seep_folded *folded, uint64_t before, uint64_t value);
int seep_folded_name(void *context, const char *name, const char *module);
int seep_folded_end(struct seep_folded *folded);

/* Appends all of them, with one number or, as difffolded.pl does it, with the one before too. */
int seep_folded_write(struct seep_folded *folded, bool both, struct seep_buffer *buffer);

#endif
