// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks, and all that they consist of: each name, each file and each frame once. Called for a site
 * that is new, or whose stack still had frames without a name: those are resolved again, because
 * code that is compiled at run time gets its name later. At most SEEP_MAX_FRAMES rows for each
 * stack.
 */
#include <errno.h>

#include "store/writer_private.h"

/* The row of a function or a source file, by its text; it is added the first time. 0 or -errno. */
static int write_text(struct seep_write *write, struct seep_known_text **table,
		      enum seep_writer_query add, const char *text, int64_t *ret_id)
{
	struct seep_known_text *entry;
	struct seep_query *query;
	int error = seep_known_text(&write->writer->known, table, text, &entry);

	if (!error && !entry->id) {
		query = seep_writer_query(write, add);
		seep_bind_text(query, text);
		error = seep_write_row(write, query, &entry->id);
	}
	if (!error)
		*ret_id = entry->id;
	return error;
}

/* The same for a module. Two builds of one path are two modules. */
static int write_module(struct seep_write *write, const char *path, const char *build_id,
			int64_t *ret_id)
{
	struct seep_known *known = &write->writer->known;
	const char *key = seep_known_module_key(&write->text, path, build_id);
	struct seep_known_text *entry;
	struct seep_query *query;
	int error = write->text.error;

	if (!error)
		error = seep_known_text(known, &known->modules, key, &entry);
	if (!error && !entry->id) {
		query = seep_writer_query(write, SEEP_QUERY_ADD_MODULE);
		seep_bind_text(query, path);
		seep_bind_text(query, build_id);
		error = seep_write_row(write, query, &entry->id);
	}
	if (!error)
		*ret_id = entry->id;
	return error;
}

/* Rows have ids from 1 on. */
static void bind_id(struct seep_query *query, int64_t id)
{
	if (id)
		seep_bind_int(query, id);
	else
		seep_bind_null(query);
}

/* One line of a frame: position 0 and up, as the location lists them. 0 or -errno. */
static int write_line(struct seep_write *write, int64_t frame, size_t position,
		      const struct seep_line *line)
{
	struct seep_known *known = &write->writer->known;
	int64_t function = 0, source = 0;
	struct seep_query *query;
	int error = 0;

	if (line->function)
		error = write_text(write, &known->functions, SEEP_QUERY_ADD_FUNCTION,
				   line->function, &function);
	if (!error && line->source)
		error = write_text(write, &known->sources, SEEP_QUERY_ADD_SOURCE, line->source,
				   &source);
	if (error)
		return error;
	query = seep_writer_query(write, SEEP_QUERY_ADD_LINE);
	seep_bind_int(query, frame);
	seep_bind_int(query, (int64_t)position);
	bind_id(query, function);
	bind_id(query, source);
	seep_bind_uint(query, line->line ? line->line : SEEP_UNKNOWN);
	seep_bind_int(query, line->inlined);
	return seep_query_run(query);
}

/* Only a frame of named code that belongs to no file has a process. 0 or -errno. */
static int add_frame(struct seep_write *write, const struct seep_known_process *process,
		     const struct seep_location *location, int64_t module,
		     struct seep_known_frame *frame)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_FRAME);

	seep_bind_int(query, write->last.run);
	bind_id(query, frame->key.process == SEEP_ANY_PROCESS ? 0 : process->id);
	seep_bind_int(query, (int64_t)frame->key.word);
	bind_id(query, module);
	seep_bind_int(query, (int64_t)location->offset);
	return seep_write_row(write, query, &frame->id);
}

/* What was not known when the frame was written. */
static int renew_frame(struct seep_write *write, int64_t module,
		       const struct seep_known_frame *frame)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_SET_FRAME_MODULE);
	int error;

	seep_bind_int(query, frame->id);
	bind_id(query, module);
	error = seep_query_run(query);
	if (error)
		return error;
	query = seep_writer_query(write, SEEP_QUERY_DROP_LINES);
	seep_bind_int(query, frame->id);
	return seep_query_run(query);
}

/* The row of a frame, as good as the symbolizer knows it by now; its lines are written with it. */
static int write_frame(struct seep_write *write, const struct seep_known_process *process,
		       uint64_t word, const struct seep_known_frame **ret_frame)
{
	const struct seep_location *location =
		seep_symbolizer_resolve(write->symbolizer, process->image, word);
	bool named = seep_location_function(location)->function;
	/*
	 * An address of code without a file means something else in another process, but an address
	 * without a name means nothing anywhere, and has one row for all.
	 */
	struct seep_frame_id key = {
		.word = word,
		.process = word & SEEP_FRAME_RAW && named ? process->image : SEEP_ANY_PROCESS,
	};
	struct seep_known_frame *frame;
	int64_t module = 0;
	int error = seep_known_frame(&write->writer->known, &key, &frame);

	if (error)
		return error;
	*ret_frame = frame;
	/*
	 * Written already, and there is nothing to add: it has its name, or the symbolizer still
	 * has the very location that was written.
	 */
	if (frame->id && (frame->named || frame->location == location))
		return 0;
	/* Code of no file has no module, and its row NULL. */
	if (location->module)
		error = write_module(write, location->module, location->build_id, &module);
	if (!error)
		error = frame->id ? renew_frame(write, module, frame) :
				    add_frame(write, process, location, module, frame);
	for (size_t i = 0; i < location->num_lines && !error; i++)
		error = write_line(write, frame->id, i, &location->lines[i]);
	frame->named = named;
	frame->location = location;
	return error;
}

/* The row only; its frames come with write_stack_frames. 0 or -errno. */
static int add_stack(struct seep_write *write, const struct seep_known_process *process,
		     struct seep_known_stack *stack)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_ADD_STACK);

	seep_bind_int(query, write->last.run);
	bind_id(query, stack->key.process == SEEP_ANY_PROCESS ? 0 : process->id);
	seep_bind_int(query, (int64_t)stack->key.hash);
	seep_bind_text(query, seep_end_key(stack->key.end));
	return seep_write_row(write, query, &stack->id);
}

/* Replaces the frames of a stack: the row may have had other frames before they got names. */
static int write_stack_frames(struct seep_write *write, int64_t stack, const int64_t *frames,
			      size_t count)
{
	struct seep_query *query = seep_writer_query(write, SEEP_QUERY_DROP_STACK_FRAMES);
	int error;

	seep_bind_int(query, stack);
	error = seep_query_run(query);
	for (size_t i = 0; i < count && !error; i++) {
		query = seep_writer_query(write, SEEP_QUERY_ADD_STACK_FRAME);
		seep_bind_int(query, stack);
		seep_bind_int(query, (int64_t)i);
		seep_bind_int(query, frames[i]);
		error = seep_query_run(query);
	}
	return error;
}

/* Code of no file is another one in each process. */
static bool has_raw(const struct seep_stack *stack)
{
	for (size_t i = 0; i < stack->num_frames; i++) {
		if (stack->frames[i] & SEEP_FRAME_RAW)
			return true;
	}
	return false;
}

/* Writes what the frames are; is each of them known by name? */
static int write_frames(struct seep_write *write, const struct seep_known_process *process,
			const struct seep_stack *stack, int64_t ids[SEEP_MAX_FRAMES],
			bool *ret_named)
{
	bool named = true;

	for (size_t i = 0; i < stack->num_frames; i++) {
		const struct seep_known_frame *frame;
		int error = write_frame(write, process, stack->frames[i], &frame);

		if (error)
			return error;
		ids[i] = frame->id;
		/*
		 * One frame without a name is enough to resolve the stack anew with the next
		 * snapshot.
		 */
		named &= frame->named;
	}
	*ret_named = named;
	return 0;
}

int seep_write_stack(struct seep_write *write, const struct seep_known_process *process,
		     const struct seep_stack *stack, const struct seep_known_stack **ret_stack)
{
	struct seep_stack_id key = {
		.hash = stack->hash,
		.process = has_raw(stack) ? process->image : SEEP_ANY_PROCESS,
		.end = (uint16_t)stack->end,
		.num_frames = (uint16_t)stack->num_frames,
	};
	int64_t frames[SEEP_MAX_FRAMES];
	struct seep_known_stack *known;
	int error;

	if (stack->num_frames > SEEP_MAX_FRAMES)
		return -E2BIG;
	error = seep_known_stack(&write->writer->known, &key, &known);
	if (error)
		return error;
	*ret_stack = known;
	/* All names are there, and they do not change any more. */
	if (known->id && known->named)
		return 0;
	error = write_frames(write, process, stack, frames, &known->named);
	if (!error && !known->id)
		error = add_stack(write, process, known);
	/* The rows of frames that are still the same stay. */
	if (!error && seep_known_changes(&known->frames,
					 XXH3_128bits(frames, stack->num_frames * sizeof(*frames))))
		error = write_stack_frames(write, known->id, frames, stack->num_frames);
	return error;
}
