// SPDX-License-Identifier: GPL-2.0-only
#include "json/stack.h"

#include <stdlib.h>

#include "symbol/walk.h"

/* Where the text of a frame stands in the text of all, its inlined functions included. */
struct seep_json_frame {
	size_t start;
	size_t length;
};

/* One function of a frame. A line of 0 is not known and becomes null. */
static void write_line(struct seep_json *json, const struct seep_location *location,
		       const struct seep_line *line)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_text(json, object, "function", line->function);
	seep_json_add_text(json, object, "module", location->module);
	seep_json_add_text(json, object, "build_id", location->build_id);
	seep_json_add_uint(json, object, "offset", location->offset);
	seep_json_add_text(json, object, "file", line->source);
	seep_json_add_uint(json, object, "line", line->line ? line->line : SEEP_UNKNOWN);
	seep_json_add_bool(json, object, "inlined", line->inlined);
	seep_json_write(json, object);
}

/* A frame has several functions if calls were inlined: the innermost comes first. */
static void write_location(struct seep_json *json, const struct seep_location *location)
{
	for (size_t i = 0; i < location->num_lines; i++) {
		if (i > 0)
			seep_buffer_putc(json->out, ',');
		write_line(json, location, &location->lines[i]);
	}
}

/*
 * Appends the text of a frame, which is formatted when it is met first. The key tells frames of
 * code without a file apart by process.
 */
static int write_frame(struct seep_json_stacks *stacks, struct seep_json *json,
		       const struct seep_site *site, uint64_t frame)
{
	uint64_t key = seep_walk_frame_key(stacks->symbolizer, site, frame);
	struct seep_buffer *out = json->out;
	struct seep_json_frame *written;
	uint32_t number;
	bool is_new;
	int error;

	/* Room first: a number that was given must have its entry. */
	error = seep_array_reserve(&stacks->written, &stacks->capacity, stacks->frames.count,
				   sizeof(*stacks->written));
	if (!error)
		error = seep_numbers_get(&stacks->frames, key, &number, &is_new);
	if (error)
		return error;
	written = &stacks->written[number];
	if (is_new) {
		/* The writer of objects is pointed at the shared text for a while. */
		json->out = &stacks->text;
		written->start = stacks->text.length;
		write_location(json, seep_symbolizer_resolve(stacks->symbolizer, site->process->id,
							     frame));
		written->length = stacks->text.length - written->start;
		json->out = out;
	}
	/* Copied from the shared text, which may have moved while it grew. */
	seep_buffer_append(out, stacks->text.data + written->start, written->length);
	return stacks->text.error ? stacks->text.error : out->error;
}

/*
 * The stack is written behind the other members, frame by frame: a tree of json-c for each frame
 * would take many times its text.
 */
int seep_json_write_site(struct seep_json_stacks *stacks, struct seep_json *json,
			 struct json_object *object, const struct seep_site *site)
{
	const struct seep_stack *stack = site->stack;
	int error = 0;

	/* Without frames nothing is known of the end either. */
	seep_json_add_text(json, object, "stack_end",
			   stack->num_frames ? seep_end_key(stack->end) : NULL);
	seep_json_write_open(json, object);
	seep_buffer_puts(json->out, ",\"stack\":[");
	for (size_t i = 0; !error && i < stack->num_frames; i++) {
		if (i > 0)
			seep_buffer_putc(json->out, ',');
		error = write_frame(stacks, json, site, stack->frames[i]);
	}
	seep_buffer_puts(json->out, "]}");
	return error;
}

void seep_json_stacks_init(struct seep_json_stacks *stacks, struct seep_symbolizer *symbolizer)
{
	*stacks = (struct seep_json_stacks){.symbolizer = symbolizer, .text = SEEP_BUFFER_INIT};
}

void seep_json_stacks_done(struct seep_json_stacks *stacks)
{
	free(stacks->written);
	seep_buffer_done(&stacks->text);
	seep_numbers_done(&stacks->frames);
}
