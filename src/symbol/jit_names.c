// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of the processes that name their code, by id. seep_jit_names_find first looks for a frame
 * that was found before; else it reads the file on, once in each report, and asks it. What was
 * found outlives the file: its name is copied into the arena, so a process that has ended keeps its
 * names.
 *
 * Bounded by SEEP_JIT_MEMORY_MAX for the maps of all processes together.
 */
#include "symbol/jit_names.h"

#include <errno.h>
#include <stdlib.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "seep/abi.h"
#include "symbol/frame_table.h"

/* A process that names its code. It stays after its end, for the frames that were found. */
struct seep_jit_process {
	uint32_t id;
	struct seep_jit_source *source; /* NULL when it has ended */
	bool was_read;
	uint64_t round; /* in which it was read */
	struct seep_frame_table found;
	UT_hash_handle hh;
};

static struct seep_jit_process *find_process(const struct seep_jit_names *names, uint32_t id)
{
	struct seep_jit_process *process;

	HASH_FIND(hh, names->by_id, &id, sizeof(id), process);
	return process;
}

/* What was found in the source stays. */
static void drop_source(struct seep_jit_names *names, struct seep_jit_process *process)
{
	/* Before it is freed, as it is asked for its size. */
	if (process->source)
		names->bytes -= seep_jit_source_bytes(process->source);
	seep_jit_source_free(process->source);
	process->source = NULL;
}

void seep_jit_names_done(struct seep_jit_names *names)
{
	struct seep_jit_process *process, *next;

	HASH_ITER(hh, names->by_id, process, next) {
		HASH_DEL(names->by_id, process);
		drop_source(names, process);
		seep_frame_table_done(&process->found);
		free(process);
	}
}

/* NULL when memory is out. */
static struct seep_jit_process *get_process(struct seep_jit_names *names, uint32_t id)
{
	struct seep_jit_process *process = find_process(names, id);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->id = id;
	HASH_ADD(hh, names->by_id, id, sizeof(process->id), process);
	if (process->hh.tbl)
		return process;
	free(process);
	return NULL;
}

int seep_jit_names_set(struct seep_jit_names *names, uint32_t id, struct seep_jit_source *source)
{
	struct seep_jit_process *process = get_process(names, id);

	if (!process) {
		seep_jit_source_free(source);
		return -ENOMEM;
	}
	drop_source(names, process);
	process->source = source;
	/* The file may be another one, so it is read in this report even if the last one was. */
	process->was_read = false;
	names->bytes += seep_jit_source_bytes(source);
	return 0;
}

int seep_jit_names_know(struct seep_jit_names *names, uint32_t id, uint64_t frame,
			const struct seep_location *location)
{
	struct seep_jit_process *process = get_process(names, id);

	return process ? seep_frame_table_set(&process->found, frame, location) : -ENOMEM;
}

void seep_jit_names_drop(struct seep_jit_names *names, uint32_t id)
{
	struct seep_jit_process *process = find_process(names, id);

	if (process)
		drop_source(names, process);
}

struct seep_jit_source *seep_jit_names_source(const struct seep_jit_names *names, uint32_t id)
{
	struct seep_jit_process *process = find_process(names, id);

	return process ? process->source : NULL;
}

bool seep_jit_names_is_full(const struct seep_jit_names *names, uint32_t id)
{
	struct seep_jit_source *source = seep_jit_names_source(names, id);

	return source && (names->bytes >= SEEP_JIT_MEMORY_MAX || seep_jit_source_is_full(source));
}

/* names->bytes is kept true across the read, which is when a source grows. */
static void read_on(struct seep_jit_names *names, struct seep_jit_process *process)
{
	/* A report asks for many frames, but reading once is enough. */
	if (process->was_read && process->round == names->round)
		return;
	process->was_read = true;
	process->round = names->round;
	if (names->bytes >= SEEP_JIT_MEMORY_MAX)
		return;
	names->bytes -= seep_jit_source_bytes(process->source);
	/* After a failure there are the names of before, and the next report tries again. */
	(void)seep_jit_source_read(process->source);
	names->bytes += seep_jit_source_bytes(process->source);
}

static const struct seep_location *new_location(struct seep_arena *arena, uint64_t frame,
						const char *name)
{
	struct seep_location *location = seep_arena_alloc(arena, sizeof(*location));
	struct seep_line *line = seep_arena_alloc(arena, sizeof(*line));
	const char *copy = seep_arena_strdup(arena, name);

	if (!location || !line || !copy)
		return NULL;
	line->function = copy;
	*location = (struct seep_location){
		.module = SEEP_JIT_MODULE,
		.offset = frame & ~SEEP_FRAME_RAW,
		.num_lines = 1,
		.lines = line,
	};
	return location;
}

const struct seep_location *seep_jit_names_find(struct seep_jit_names *names,
						struct seep_arena *arena, uint32_t id,
						uint64_t frame)
{
	struct seep_jit_process *process = find_process(names, id);
	const struct seep_location *location;
	const char *name;

	if (!process)
		return NULL;
	/*
	 * What was found is not asked for again: the code at this address may be another function's
	 * by now.
	 */
	location = seep_frame_table_find(&process->found, frame);
	if (location || !process->source)
		return location;
	read_on(names, process);
	name = seep_jit_source_find(process->source, frame & ~SEEP_FRAME_RAW);
	location = name ? new_location(arena, frame, name) : NULL;
	if (location && seep_frame_table_set(&process->found, frame, location))
		return NULL;
	return location;
}
