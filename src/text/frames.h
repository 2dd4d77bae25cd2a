/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which lines of a long stack are shown: those of the allocator and the first ones of the program;
 * what is of a standard library in between is told in one line.
 */
#ifndef SEEP_TEXT_FRAMES_H
#define SEEP_TEXT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "symbol/walk.h"

#define SEEP_TEXT_FRAMES_MAX 24 /* lines of a stack */

/* By the number of the line, innermost first, without frames that repeat. */
struct seep_text_frames {
	unsigned char *lines;
	size_t count;
};

/* In a stack of deep recursion the same frame follows itself: it has lines only once. */
bool seep_text_frame_repeats(const struct seep_walk *walk);

/* 0 or -ENOMEM. */
int seep_text_frames_choose(struct seep_text_frames *frames, struct seep_symbolizer *symbolizer,
			    const struct seep_site *site);
void seep_text_frames_done(struct seep_text_frames *frames);

/* Of a stack for which nothing was chosen every line is shown. */
bool seep_text_frames_hide(const struct seep_text_frames *frames, size_t number);

/* Lines that are left out, and what they are of. */
#define SEEP_TEXT_FOLD_NAMES	3
#define SEEP_TEXT_FOLD_NAME_MAX 32
struct seep_text_fold {
	size_t count;
	size_t num_names; /* one more than there is room for: there are others */
	char names[SEEP_TEXT_FOLD_NAMES][SEEP_TEXT_FOLD_NAME_MAX];
};

/* Adds the line at which the walk stands. */
void seep_text_fold_add(struct seep_text_fold *fold, const struct seep_walk *walk);
/* Appends "12 frames of std, core, alloc". */
void seep_text_fold_append(struct seep_buffer *buffer, const struct seep_text_fold *fold);

#endif
