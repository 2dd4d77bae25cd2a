/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the formats share: walking over the functions of a stack, inlined ones included, and the names
 * under which functions and processes are shown. Everything appended here is clean (base/text.h).
 */
#ifndef SEEP_REPORT_WALK_H
#define SEEP_REPORT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

enum seep_walk_order {
	SEEP_WALK_INNERMOST_FIRST,
	SEEP_WALK_OUTERMOST_FIRST,
};

struct seep_walk {
	/* Where the walk stands: valid after seep_walk_next returned true. */
	uint64_t frame;
	const struct seep_location *location;
	const struct seep_line *line;
	/* Its own. */
	struct seep_symbolizer *symbolizer;
	const struct seep_stack *stack;
	uint32_t process;
	enum seep_walk_order order;
	size_t frames_done;
	size_t lines_done; /* of location */
};

void seep_walk_init(struct seep_walk *walk, struct seep_symbolizer *symbolizer,
		    const struct seep_site *site, enum seep_walk_order order);
/* Goes to the next function; false at the end of the stack. */
bool seep_walk_next(struct seep_walk *walk);

/*
 * A key for what a frame of @site resolves to, for tables of what was written already. Code of no
 * file is another one in each process. All keys of such code have SEEP_FRAME_RAW.
 */
uint64_t seep_report_frame_key(struct seep_symbolizer *symbolizer, const struct seep_site *site,
			       uint64_t frame);

/* "malloc", "server+0x1267" for a function without a name, "0x7f..." for code of no file. */
void seep_report_append_function(struct seep_buffer *buffer, const struct seep_location *location,
				 const struct seep_line *line);

/* "server", or "server-1234" if the snapshot has several processes. */
void seep_report_append_process(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				const struct seep_process *process);

/* "live bytes", for people. */
const char *seep_report_metric_text(enum seep_metric metric);

/*
 * Processes that ran before the trace release blocks that it never saw: such releases are no surprise
 * if all processes are of that sort.
 */
bool seep_report_loss_is_expected(const struct seep_snapshot *snapshot, enum seep_loss loss);

/* A loss as a sentence, for this snapshot. */
const char *seep_report_loss_text(const struct seep_snapshot *snapshot, enum seep_loss loss);

/* The part behind the last slash. */
const char *seep_report_basename(const char *path);

/*
 * A stack in one line has no room to say that it is partial. So a marker stands in place of the
 * missing callers: "[partial: no_table]", or "[no stack]" if the frames never arrived. Appends
 * nothing for a complete stack.
 */
void seep_report_append_marker(struct seep_buffer *buffer, const struct seep_stack *stack);

/*
 * A loss that happened as a line, "12 ..." behind @before, by its *number from 0 among those that did. False, and
 * nothing is appended, if there are not so many: then *number is less by how many there are.
 */
bool seep_report_append_loss(struct seep_buffer *buffer, const char *before,
			     const struct seep_snapshot *snapshot, size_t *number);

/* Gets a name of a folded stack, valid during the call. 0, or what the folding is to return. */
typedef int (*seep_fold_fn)(void *context, const char *name);

/*
 * Calls @fn with each name of the site's folded stack: process, marker, functions from the outermost
 * to the allocator. Stops at the first result that is not 0 and returns it; else 0 or -ENOMEM.
 */
int seep_report_fold(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_site *site, seep_fold_fn fn, void *context);
/* The same with another first name, which is clean, and the kind behind it if @show_kind. */
int seep_report_fold_below(const char *root, bool show_kind, struct seep_symbolizer *symbolizer,
			   const struct seep_site *site, seep_fold_fn fn, void *context);

#endif
