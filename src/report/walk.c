/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/walk.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

void seep_walk_init(struct seep_walk *walk, struct seep_symbolizer *symbolizer,
		    const struct seep_site *site, enum seep_walk_order order)
{
	*walk = (struct seep_walk){
		.symbolizer = symbolizer,
		.stack = site->stack,
		.process = site->process->id,
		.order = order,
	};
}

bool seep_walk_next(struct seep_walk *walk)
{
	const struct seep_stack *stack = walk->stack;
	bool backward = walk->order == SEEP_WALK_OUTERMOST_FIRST;
	size_t index;

	if (!walk->location || walk->lines_done == walk->location->num_lines) {
		if (walk->frames_done == stack->num_frames)
			return false;
		index = walk->frames_done++;
		walk->frame = stack->frames[backward ? stack->num_frames - 1 - index : index];
		walk->location =
			seep_symbolizer_resolve(walk->symbolizer, walk->process, walk->frame);
		walk->lines_done = 0;
	}
	index = walk->lines_done++;
	walk->line =
		&walk->location->lines[backward ? walk->location->num_lines - 1 - index : index];
	return true;
}

uint64_t seep_report_frame_key(struct seep_symbolizer *symbolizer, const struct seep_site *site,
			       uint64_t frame)
{
	/* The symbolizer keeps what it returned, so its address is a name for it. */
	if (frame & SEEP_FRAME_RAW)
		return SEEP_FRAME_RAW |
		       (uintptr_t)seep_symbolizer_resolve(symbolizer, site->process->id, frame);
	return frame;
}

const char *seep_report_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void seep_report_append_function(struct seep_buffer *buffer, const struct seep_location *location,
				 const struct seep_line *line)
{
	if (line->function && line->function[0]) {
		seep_text_append_clean(buffer, line->function, SIZE_MAX);
		return;
	}
	if (location->module) {
		seep_text_append_clean(buffer, seep_report_basename(location->module), SIZE_MAX);
		seep_buffer_putc(buffer, '+');
	}
	seep_buffer_printf(buffer, "0x%" PRIx64, location->offset);
}

void seep_report_append_process(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				const struct seep_process *process)
{
	bool named = process->comm && process->comm[0];

	seep_text_append_clean(buffer, named ? process->comm : "unknown", SIZE_MAX);
	if (snapshot->num_processes > 1)
		seep_buffer_printf(buffer, "-%d", (int)process->pid);
}

const char *seep_report_metric_text(enum seep_metric metric)
{
	static const char *const texts[SEEP_METRIC_COUNT] = {
		[SEEP_METRIC_LIVE_BYTES] = "live bytes",
		[SEEP_METRIC_LIVE_OBJECTS] = "live objects",
		[SEEP_METRIC_ALLOC_BYTES] = "bytes allocated",
		[SEEP_METRIC_ALLOC_OBJECTS] = "objects allocated",
	};

	return texts[metric];
}

bool seep_report_loss_is_expected(const struct seep_snapshot *snapshot, enum seep_loss loss)
{
	if (loss != SEEP_LOSS_UNMATCHED_FREES)
		return false;
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (!snapshot->processes[i].attached_late)
			return false;
	}
	return snapshot->num_processes > 0;
}

const char *seep_report_loss_text(const struct seep_snapshot *snapshot, enum seep_loss loss)
{
	if (seep_report_loss_is_expected(snapshot, loss))
		return "releases of blocks from before the trace began (expected)";
	return seep_loss_text(loss);
}

bool seep_report_append_loss(struct seep_buffer *buffer, const char *before,
			     const struct seep_snapshot *snapshot, size_t *number)
{
	char count[SEEP_UNIT_MAX];

	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(snapshot, loss) || (*number)-- > 0)
			continue;
		seep_buffer_printf(buffer, "%s%s %s", before,
				   seep_format_count(count, snapshot->losses[loss]),
				   seep_report_loss_text(snapshot, loss));
		return true;
	}
	return false;
}

void seep_report_append_marker(struct seep_buffer *buffer, const struct seep_stack *stack)
{
	if (stack->num_frames == 0)
		seep_buffer_puts(buffer, "[no stack]");
	else if (stack->end != SEEP_END_COMPLETE)
		seep_buffer_printf(buffer, "[partial: %s]", seep_end_key(stack->end));
}

/* The functions of a folded stack, and the marker of what is missing outside of them. */
static int fold_frames(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		       seep_fold_fn fn, void *context)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_walk walk;
	int err = 0;

	seep_report_append_marker(&name, site->stack);
	if (name.length > 0 || name.error)
		err = name.error ? name.error : fn(context, name.data);
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_OUTERMOST_FIRST);
	while (!err && seep_walk_next(&walk)) {
		seep_buffer_reset(&name);
		seep_report_append_function(&name, walk.location, walk.line);
		err = name.error ? name.error : fn(context, name.data);
	}
	return err;
}

int seep_report_fold_below(const char *root, bool show_kind, struct seep_symbolizer *symbolizer,
			   const struct seep_site *site, seep_fold_fn fn, void *context)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	int err = fn(context, root);

	if (!err && show_kind) {
		seep_buffer_printf(&name, "[%s]", seep_kind_key(site->kind));
		err = name.error ? name.error : fn(context, name.data);
	}
	return err ? err : fold_frames(symbolizer, site, fn, context);
}

int seep_report_fold(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_site *site, seep_fold_fn fn, void *context)
{
	SEEP_AUTO_BUFFER struct seep_buffer process = SEEP_BUFFER_INIT;

	seep_report_append_process(&process, snapshot, site->process);
	if (process.error)
		return process.error;
	return seep_report_fold_below(process.data, seep_snapshot_num_kinds(snapshot) > 1,
				      symbolizer, site, fn, context);
}
