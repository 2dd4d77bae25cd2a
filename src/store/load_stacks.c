// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks of a loaded snapshot, and what its symbolizer is to know about their frames. Called
 * after the sites, whose stacks it fills. Sites share stacks, and stacks share frames: each row is
 * read once and found by hash afterwards. A stack has at most SEEP_MAX_FRAMES frames, a frame at
 * most SEEP_SOURCE_SCOPES_MAX functions; a row beyond that means that the file is damaged.
 */
#include <errno.h>
#include <stdlib.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "model/keys.h"
#include "store/reader_private.h"
#include "symbol/lines.h"

/* A frame that was read. */
struct frame {
	int64_t row;
	uint64_t word;
	UT_hash_handle hh;
};

/* A stack that was read. */
struct stack {
	int64_t row;
	struct seep_stack stack;
	UT_hash_handle hh;
};

/* One query for each kind of row, asked again and again. */
struct stacks {
	struct seep_load *load;
	struct frame *frames;
	struct stack *stacks;
	struct seep_query stack;
	struct seep_query stack_frames;
	struct seep_query frame;
	struct seep_query lines;
};

/*
 * The functions of a frame, from the row of lines with position 0 on. There is at least one, and
 * lines that are too many are damage.
 */
static int read_lines(struct stacks *stacks, int64_t row, struct seep_location *location)
{
	struct seep_line lines[SEEP_SOURCE_SCOPES_MAX];
	struct seep_query *query = &stacks->lines;
	struct seep_line *copy;
	size_t count = 0;
	int result = 0;

	seep_query_begin(query);
	seep_bind_int(query, row);
	while (!result && (result = seep_query_step(query)) > 0) {
		uint64_t number;

		if (count == SEEP_SOURCE_SCOPES_MAX)
			return -EBADMSG;
		result = seep_load_text(stacks->load, query, &lines[count].function);
		if (!result)
			result = seep_load_text(stacks->load, query, &lines[count].source);
		number = seep_column_uint(query);
		/* 0 is no line of a source; NULL reads as SEEP_UNKNOWN, which is larger, too. */
		lines[count].line = number > UINT32_MAX ? 0 : (unsigned int)number;
		lines[count++].inlined = seep_column_int(query);
	}
	if (result)
		return result;
	if (count == 0)
		return -EBADMSG;
	copy = seep_arena_alloc(&stacks->load->arena, count * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, lines, count * sizeof(*copy));
	location->num_lines = count;
	location->lines = copy;
	return 0;
}

/* Code of no file that a process has named is that of this process only. */
static int know(const struct stacks *stacks, uint64_t word, bool of_process, int64_t process,
		const struct seep_location *location)
{
	struct seep_symbolizer *symbolizer = stacks->load->loaded.symbolizer;

	if (!of_process)
		return seep_symbolizer_know(symbolizer, word, location);
	if (!(word & SEEP_FRAME_RAW) || process < 0 || process > UINT32_MAX)
		return -EBADMSG;
	return seep_symbolizer_know_jit(symbolizer, (uint32_t)process, word, location);
}

/*
 * Reads a frame with its module and lines, and tells the symbolizer, which is asked for names
 * later.
 */
static int read_frame(struct stacks *stacks, struct frame *frame)
{
	struct seep_location *location = seep_arena_alloc(&stacks->load->arena, sizeof(*location));
	struct seep_query *query = &stacks->frame;
	bool of_process;
	int64_t process;
	int result;

	if (!location)
		return -ENOMEM;
	seep_query_begin(query);
	seep_bind_int(query, frame->row);
	result = seep_query_step(query);
	if (result <= 0)
		return result ? result : -EBADMSG;
	of_process = !seep_column_is_null(query);
	process = seep_column_int(query);
	frame->word = (uint64_t)seep_column_int(query);
	location->offset = (uint64_t)seep_column_int(query);
	result = seep_load_text(stacks->load, query, &location->module);
	if (!result)
		result = seep_load_text(stacks->load, query, &location->build_id);
	if (!result)
		result = read_lines(stacks, frame->row, location);
	return result ? result : know(stacks, frame->word, of_process, process, location);
}

/* The word of a frame; reads its row if no stack before has had it. */
static int get_frame(struct stacks *stacks, int64_t row, uint64_t *ret_word)
{
	struct frame *frame;
	int error;

	HASH_FIND(hh, stacks->frames, &row, sizeof(row), frame);
	if (!frame) {
		frame = seep_arena_alloc(&stacks->load->arena, sizeof(*frame));
		if (!frame)
			return -ENOMEM;
		frame->row = row;
		error = read_frame(stacks, frame);
		if (error)
			return error;
		HASH_ADD(hh, stacks->frames, row, sizeof(frame->row), frame);
		if (!frame->hh.tbl)
			return -ENOMEM;
	}
	*ret_word = frame->word;
	return 0;
}

/* A stack without frames stays as it is: empty. */
static int read_stack_frames(struct stacks *stacks, int64_t row, struct seep_stack *stack)
{
	struct seep_query *query = &stacks->stack_frames;
	uint64_t words[SEEP_MAX_FRAMES];
	uint64_t *copy;
	size_t count = 0;
	int result = 0;

	seep_query_begin(query);
	seep_bind_int(query, row);
	while (!result && (result = seep_query_step(query)) > 0) {
		if (count == SEEP_MAX_FRAMES)
			return -EBADMSG;
		result = get_frame(stacks, seep_column_int(query), &words[count++]);
	}
	/* Words go to the arena once their number is known. */
	if (result || count == 0)
		return result;
	copy = seep_arena_alloc(&stacks->load->arena, count * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, words, count * sizeof(*copy));
	stack->num_frames = count;
	stack->frames = copy;
	return 0;
}

/* Hash and end of a stack, then its frames. */
static int read_stack(struct stacks *stacks, int64_t row, struct seep_stack *stack)
{
	struct seep_query *query = &stacks->stack;
	int result;

	seep_query_begin(query);
	seep_bind_int(query, row);
	result = seep_query_step(query);
	if (result <= 0)
		return result ? result : -EBADMSG;
	stack->hash = (uint64_t)seep_column_int(query);
	if (seep_end_of_key(seep_column_text(query), &stack->end))
		return -EBADMSG;
	return read_stack_frames(stacks, row, stack);
}

/* The stack of a row. Copies of it share their frames, which are in the arena. */
static int get_stack(struct stacks *stacks, int64_t row, struct seep_stack *ret_stack)
{
	struct stack *stack;
	int error;

	HASH_FIND(hh, stacks->stacks, &row, sizeof(row), stack);
	if (!stack) {
		stack = seep_arena_alloc(&stacks->load->arena, sizeof(*stack));
		if (!stack)
			return -ENOMEM;
		stack->row = row;
		error = read_stack(stacks, row, &stack->stack);
		if (error)
			return error;
		HASH_ADD(hh, stacks->stacks, row, sizeof(stack->row), stack);
		if (!stack->hh.tbl)
			return -ENOMEM;
	}
	*ret_stack = stack->stack;
	return 0;
}

/*
 * One statement for each kind of row; they are used for every stack, and finalized by the caller.
 */
static int prepare(struct stacks *stacks)
{
	sqlite3 *database = stacks->load->reader->database;
	int error = seep_query_prepare(database, "SELECT hash, \"end\" FROM stacks WHERE id = ?1",
				       &stacks->stack);

	if (!error)
		error = seep_query_prepare(
			database,
			"SELECT frame FROM stack_frames WHERE stack = ?1 ORDER BY position",
			&stacks->stack_frames);
	if (!error)
		error = seep_query_prepare(
			database,
			"SELECT image, word, offset, path, build_id FROM frames "
			"LEFT JOIN processes ON processes.id = process "
			"LEFT JOIN modules ON modules.id = module WHERE frames.id = ?1",
			&stacks->frame);
	if (!error)
		error = seep_query_prepare(database,
					   "SELECT name, path, line, inlined FROM lines "
					   "LEFT JOIN functions ON functions.id = function "
					   "LEFT JOIN sources ON sources.id = source "
					   "WHERE frame = ?1 ORDER BY position",
					   &stacks->lines);
	return error;
}

int seep_load_stacks(struct seep_load *load)
{
	struct stacks stacks = {.load = load};
	int error = prepare(&stacks);

	for (size_t i = 0; i < load->loaded.snapshot.num_sites && !error; i++) {
		struct seep_loaded_stack *stack = seep_loaded_stack_of(&load->sites[i]);

		error = get_stack(&stacks, stack->stack_row, &stack->stack);
	}
	/* The elements are in the arena; only the tables go. */
	HASH_CLEAR(hh, stacks.frames);
	HASH_CLEAR(hh, stacks.stacks);
	seep_query_done(&stacks.stack);
	seep_query_done(&stacks.stack_frames);
	seep_query_done(&stacks.frame);
	seep_query_done(&stacks.lines);
	return error;
}
