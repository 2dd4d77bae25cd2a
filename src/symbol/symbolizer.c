// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the parts of the room come together. A frame goes from the table of frames that are
 * resolved (frame_table.c) to the file that its id stands for, to the module with the same content
 * (module_cache.c, module.c), and to the functions and lines there; what they are called is in
 * names.c. Raw frames go to the file in which the process names its code (jit_names.c).
 *
 * Files and names are added while a process lives, from events; modules are opened and loaded when
 * a report first asks. Nothing is given back before seep_symbolizer_free, so what was resolved
 * stays valid. Memory grows with the number of different frames, files and names; who adds files
 * bounds these (probe/files.h).
 */
#include "symbol/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <string.h>
#include <xxhash.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/cleanup.h"
#include "proc/roots.h"
#include "seep/abi.h"
#include "symbol/arena.h"
#include "symbol/frame_table.h"
#include "symbol/jit_names.h"
#include "symbol/module_cache.h"
#include "symbol/names.h"

/* As BPF or user space numbers it. Several with the same content have the same module. */
struct file {
	uint32_t id;
	int fd;	  /* until the module is known, -1 without */
	int root; /* index of the root directory, -1: ours */
	const char *path;
	struct seep_cached_module *cached; /* NULL if there is none (yet) */
	bool identified;
	uint64_t fingerprint; /* of the build ID or the path */
	UT_hash_handle hh;
};

struct seep_symbolizer {
	struct file *files;
	struct seep_module_cache modules;
	struct seep_names names;
	struct seep_roots roots;
	struct seep_frame_table frames;
	struct seep_jit_names jit;
	struct seep_arena arena;
};

static const struct seep_line unknown_line;
/* A line for each origin (SEEP_ORIGINS in seep/abi.h), which is a frame without a file. */
static const struct seep_line origin_lines[SEEP_ORIGIN_COUNT] = {
#define ORIGIN_LINE(name, text) [SEEP_ORIGIN_##name] = {.function = text},
	SEEP_ORIGINS(ORIGIN_LINE)
#undef ORIGIN_LINE
};
/* A location that needs no memory, so that resolving never fails. */
static const struct seep_location out_of_memory = {.num_lines = 1, .lines = &unknown_line};

int seep_symbolizer_new(struct seep_symbolizer **ret_symbolizer)
{
	struct seep_symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (!symbolizer)
		return -ENOMEM;
	*ret_symbolizer = symbolizer;
	return 0;
}

void seep_symbolizer_free(struct seep_symbolizer *symbolizer)
{
	struct file *file, *next_file;

	if (!symbolizer)
		return;
	/* The files themselves are in the arena. */
	HASH_ITER(hh, symbolizer->files, file, next_file) {
		HASH_DEL(symbolizer->files, file);
		if (file->fd >= 0)
			close(file->fd);
	}
	seep_module_cache_done(&symbolizer->modules);
	seep_names_done(&symbolizer->names);
	seep_roots_done(&symbolizer->roots);
	seep_frame_table_done(&symbolizer->frames);
	seep_jit_names_done(&symbolizer->jit);
	seep_arena_done(&symbolizer->arena);
	free(symbolizer);
}

static struct file *find_file(struct seep_symbolizer *symbolizer, uint32_t id)
{
	struct file *file;

	HASH_FIND(hh, symbolizer->files, &id, sizeof(id), file);
	return file;
}

/* What was resolved before the file could be opened is resolved again. */
static int renew_frames(struct seep_symbolizer *symbolizer, uint32_t id)
{
	/* A copy without these frames: the table cannot delete. On failure it stays as it is. */
	struct seep_frame_table kept = {0};
	int error = 0;

	for (size_t i = 0; i < symbolizer->frames.capacity && !error; i++) {
		const struct seep_frame_slot *slot = &symbolizer->frames.slots[i];

		if (slot->location &&
		    (slot->frame & SEEP_FRAME_RAW || SEEP_FRAME_FILE(slot->frame) != id))
			error = seep_frame_table_set(&kept, slot->frame, slot->location);
	}
	if (error) {
		seep_frame_table_done(&kept);
		return error;
	}
	seep_frame_table_done(&symbolizer->frames);
	symbolizer->frames = kept;
	return 0;
}

static int new_file(struct seep_symbolizer *symbolizer, uint32_t id, struct file **ret_file)
{
	struct file *file = seep_arena_alloc(&symbolizer->arena, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->id = id;
	file->fd = -1;
	file->root = -1;
	HASH_ADD(hh, symbolizer->files, id, sizeof(file->id), file);
	if (!file->hh.tbl)
		return -ENOMEM;
	*ret_file = file;
	return 0;
}

int seep_symbolizer_add_file(struct seep_symbolizer *symbolizer, uint32_t id, const char *path,
			     int fd, const char *root)
{
	struct file *file = find_file(symbolizer, id);
	SEEP_AUTO_CLOSE int copy = -1;
	const char *path_copy;
	int error = 0;

	/* Known, and this call has nothing better. */
	if (file && (file->fd >= 0 || file->cached || fd < 0))
		return 0;
	if (fd >= 0) {
		/* For when a frame is asked for: the caller may have closed his own by then. */
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0)
			return -errno;
	}
	path_copy = seep_arena_strdup(&symbolizer->arena, path);
	if (!path_copy)
		return -ENOMEM;
	error = file ? renew_frames(symbolizer, id) : new_file(symbolizer, id, &file);
	if (error)
		return error;
	file->path = path_copy;
	/* Debug files are looked for below the root of the process first. */
	file->root = seep_roots_add(&symbolizer->roots, root);
	file->fd = SEEP_TAKE_FD(copy);
	file->identified = false;
	return 0;
}

/* Reads the build ID of @file, the first time. */
static void identify(struct seep_symbolizer *symbolizer, struct file *file)
{
	SEEP_AUTO_CLOSE int fd = -1;
	const char *identity = file->path, *build_id;
	struct seep_module *module;

	if (file->identified)
		return;
	/* Once: a file that cannot be opened would be tried for each of its frames. */
	file->identified = true;
	fd = SEEP_TAKE_FD(file->fd);
	if (fd >= 0 && !seep_module_open(fd, &module))
		file->cached =
			seep_module_cache_add(&symbolizer->modules, &symbolizer->arena, module, fd);
	build_id = file->cached ? seep_module_build_id(file->cached->module) : NULL;
	if (build_id)
		identity = build_id;
	/* The same in each run: ids of files are not, so the ids of sites are made of this. */
	file->fingerprint = XXH3_64bits(identity, strlen(identity));
	/* The first file with this content stands for all of them (seep_symbolizer_same_file). */
	if (file->cached && build_id && !file->cached->first_file && file->id < SEEP_FILE_USER_BASE)
		file->cached->first_file = file->id;
}

uint32_t seep_symbolizer_same_file(struct seep_symbolizer *symbolizer, uint32_t id)
{
	struct file *file = find_file(symbolizer, id);

	if (!file || id >= SEEP_FILE_USER_BASE)
		return id;
	identify(symbolizer, file);
	return file->cached && file->cached->first_file ? file->cached->first_file : id;
}

int seep_symbolizer_know(struct seep_symbolizer *symbolizer, uint64_t frame,
			 const struct seep_location *location)
{
	return seep_frame_table_set(&symbolizer->frames, frame, location);
}

int seep_symbolizer_know_jit(struct seep_symbolizer *symbolizer, uint32_t process, uint64_t frame,
			     const struct seep_location *location)
{
	return seep_jit_names_know(&symbolizer->jit, process, frame, location);
}

int seep_symbolizer_name_function(struct seep_symbolizer *symbolizer, uint64_t frame,
				  const char *name)
{
	return seep_names_give(&symbolizer->names, &symbolizer->arena, frame, name);
}

/* Without a name, or without memory for it, the unknown line. */
static const struct seep_line *find_name(struct seep_symbolizer *symbolizer, const char *raw)
{
	const struct seep_line *line =
		raw ? seep_names_demangle(&symbolizer->names, &symbolizer->arena, raw) : NULL;

	return line ? line : &unknown_line;
}

/* One line for each scope; without DWARF the one that all frames in a function share. */
static const struct seep_line *make_lines(struct seep_symbolizer *symbolizer,
					  const struct seep_source_scope *scopes, size_t count)
{
	struct seep_line *lines;

	if (count == 1 && !scopes[0].source)
		return find_name(symbolizer, scopes[0].name);
	lines = seep_arena_alloc(&symbolizer->arena, count * sizeof(*lines));
	if (!lines)
		return NULL;
	for (size_t i = 0; i < count; i++)
		lines[i] = (struct seep_line){
			.function = find_name(symbolizer, scopes[i].name)->function,
			.source = scopes[i].source,
			.line = scopes[i].line,
			.inlined = i + 1 < count,
		};
	return lines;
}

/* Fills in as much as is known: the path, then the build ID, then names and lines. */
static void locate(struct seep_symbolizer *symbolizer, struct file *file,
		   struct seep_location *location)
{
	struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX];
	const struct seep_line *lines;
	struct seep_module *module;
	size_t count;

	location->module = file->path;
	identify(symbolizer, file);
	if (!file->cached)
		return;
	module = file->cached->module;
	location->build_id = seep_module_build_id(module);
	seep_module_load(module, file->path, seep_roots_at(&symbolizer->roots, file->root));
	count = seep_module_find(module, location->offset, scopes);
	lines = make_lines(symbolizer, scopes, count);
	if (!lines)
		return;
	location->num_lines = count;
	location->lines = lines;
}

/* The function was found by this name: that it has others does not matter. */
static void use_given_name(const struct seep_symbolizer *symbolizer, uint64_t frame,
			   struct seep_location *location)
{
	struct seep_line *given = seep_names_given(&symbolizer->names, frame);
	const char *name;

	if (!given)
		return;
	name = given->function;
	/* Source and line stay as they are; only the name is another one. */
	*given = *seep_location_function(location);
	given->function = name;
	location->lines = given;
	location->num_lines = 1;
}

int seep_symbolizer_set_jit(struct seep_symbolizer *symbolizer, uint32_t process,
			    struct seep_jit_source *source)
{
	return seep_jit_names_set(&symbolizer->jit, process, source);
}

void seep_symbolizer_drop_jit(struct seep_symbolizer *symbolizer, uint32_t process)
{
	seep_jit_names_drop(&symbolizer->jit, process);
}

bool seep_symbolizer_lacks_jit(const struct seep_symbolizer *symbolizer, uint32_t process)
{
	const struct seep_jit_source *source = seep_jit_names_source(&symbolizer->jit, process);

	return !source || seep_jit_source_is_deleted(source);
}

bool seep_symbolizer_jit_is_full(const struct seep_symbolizer *symbolizer, uint32_t process)
{
	return seep_jit_names_is_full(&symbolizer->jit, process);
}

void seep_symbolizer_begin_report(struct seep_symbolizer *symbolizer)
{
	symbolizer->jit.round++;
}

const struct seep_location *seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
						    uint32_t process, uint64_t frame)
{
	const struct seep_location *known = NULL;
	struct seep_location *location;
	struct file *file = NULL;

	/* Code of no file is named by its own process, perhaps later than the first report. */
	if (frame & SEEP_FRAME_RAW)
		known = seep_jit_names_find(&symbolizer->jit, &symbolizer->arena, process, frame);
	if (!known)
		known = seep_frame_table_find(&symbolizer->frames, frame);
	if (known)
		return known;
	location = seep_arena_alloc(&symbolizer->arena, sizeof(*location));
	if (!location)
		return &out_of_memory;
	*location = (struct seep_location){.num_lines = 1, .lines = &unknown_line};
	if (frame & SEEP_FRAME_RAW) {
		location->offset = frame & ~SEEP_FRAME_RAW;
	} else {
		location->offset = SEEP_FRAME_OFFSET(frame);
		file = find_file(symbolizer, SEEP_FRAME_FILE(frame));
	}
	if (file)
		locate(symbolizer, file, location);
	else if (!(frame & SEEP_FRAME_RAW) && SEEP_FRAME_FILE(frame) == SEEP_FILE_ORIGIN)
		location->lines = &origin_lines[location->offset % SEEP_ORIGIN_COUNT];
	use_given_name(symbolizer, frame, location);
	if (seep_frame_table_set(&symbolizer->frames, frame, location))
		return &out_of_memory;
	return location;
}

/* The file of a frame; NULL for code of no file, and for one that is not known. */
static struct file *file_of(struct seep_symbolizer *symbolizer, uint64_t frame)
{
	return frame & SEEP_FRAME_RAW ? NULL : find_file(symbolizer, SEEP_FRAME_FILE(frame));
}

const char *seep_symbolizer_path(struct seep_symbolizer *symbolizer, uint64_t frame)
{
	struct file *file = file_of(symbolizer, frame);

	return file ? file->path : NULL;
}

bool seep_symbolizer_has(struct seep_symbolizer *symbolizer, uint64_t frame, const char *name)
{
	struct file *file = file_of(symbolizer, frame);

	return file && file->cached && seep_module_has(file->cached->module, name);
}

uint64_t seep_symbolizer_stack_id(struct seep_symbolizer *symbolizer, const uint64_t *frames,
				  size_t num_frames)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < num_frames; i++) {
		uint64_t words[2] = {0, 0}; /* file and offset; both 0 for "anonymous" */
		struct file *file = file_of(symbolizer, frames[i]);

		if (!(frames[i] & SEEP_FRAME_RAW))
			words[1] = SEEP_FRAME_OFFSET(frames[i]);
		if (file) {
			identify(symbolizer, file);
			words[0] = file->fingerprint;
		}
		/* Each frame is hashed with all before it, so their order counts. */
		hash = XXH3_64bits_withSeed(words, sizeof(words), hash);
	}
	return hash;
}
