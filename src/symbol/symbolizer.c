// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/cleanup.h"
#include "elf/demangle.h"
#include "proc/trust.h"
#include "seep/abi.h"
#include "symbol/arena.h"
#include "symbol/frame_table.h"
#include "symbol/jit_names.h"
#include "symbol/module.h"

#define ROOTS_MAX 1024 /* containers; of further ones only our own debug files are found */

struct file {
	uint32_t id;
	int fd;	  /* until the module is known, -1 without */
	int root; /* index of the root directory, -1: ours */
	const char *path;
	struct cached_module *cached; /* NULL if there is none (yet) */
	bool identified;
	uint64_t fingerprint; /* of the build ID or the path */
	UT_hash_handle hh;
};

/*
 * Modules by build ID and who may write the file, "id:..."; or by device and inode, "file:...". A
 * build ID is what a file says of itself: it must not name the functions of other people's files.
 */
struct cached_module {
	char *key;
	struct seep_module *module;
	uint32_t first_file; /* the first file of a mapping (see same_file) with it, 0: none yet */
	UT_hash_handle hh;
};

/* A name that was given to a function, by its first instruction. */
struct given_name {
	uint64_t frame;
	struct seep_line line;
	UT_hash_handle hh;
};

/* What a name in a symbol table or in DWARF, at this address, is called in reports. */
struct name {
	const char *raw;
	struct seep_line line; /* function only: all that there is to say without DWARF */
	UT_hash_handle hh;
};

struct root {
	dev_t device;
	ino_t inode;
	struct seep_root directory;
};

struct seep_symbolizer {
	struct file *files;
	struct cached_module *modules;
	struct name *names;
	struct given_name *given;
	size_t num_roots;
	struct root roots[ROOTS_MAX];
	struct seep_frame_table frames;
	struct seep_jit_names jit;
	struct seep_arena arena;
};

static const struct seep_root our_root = SEEP_ROOT_OURS;
static const struct seep_line unknown_line;
static const struct seep_line origin_lines[SEEP_ORIGIN_COUNT] = {
#define ORIGIN_LINE(name, text) [SEEP_ORIGIN_##name] = {.function = text},
	SEEP_ORIGINS(ORIGIN_LINE)
#undef ORIGIN_LINE
};
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
	struct cached_module *cached, *next_module;
	struct file *file, *next_file;

	if (!symbolizer)
		return;
	HASH_ITER(hh, symbolizer->files, file, next_file) {
		HASH_DEL(symbolizer->files, file);
		if (file->fd >= 0)
			close(file->fd);
	}
	HASH_ITER(hh, symbolizer->modules, cached, next_module) {
		HASH_DEL(symbolizer->modules, cached);
		seep_module_close(cached->module);
	}
	HASH_CLEAR(hh, symbolizer->names);
	HASH_CLEAR(hh, symbolizer->given);
	for (size_t i = 0; i < symbolizer->num_roots; i++)
		seep_root_done(&symbolizer->roots[i].directory);
	seep_frame_table_done(&symbolizer->frames);
	seep_jit_names_done(&symbolizer->jit);
	seep_arena_done(&symbolizer->arena);
	free(symbolizer);
}

/*
 * The index of a root directory. It is held open, as the process may be gone when its files are
 * looked into.
 */
static int find_root(struct seep_symbolizer *symbolizer, const char *path)
{
	SEEP_CLEANUP(seep_root_done) struct seep_root directory = SEEP_ROOT_OURS;
	struct stat status;

	if (!path || seep_root_open(path, &directory) || fstat(directory.fd, &status))
		return -1;
	for (size_t i = 0; i < symbolizer->num_roots; i++) {
		const struct root *root = &symbolizer->roots[i];

		if (root->device == status.st_dev && root->inode == status.st_ino &&
		    root->directory.by_root == directory.by_root)
			return (int)i;
	}
	if (symbolizer->num_roots == ROOTS_MAX)
		return -1;
	symbolizer->roots[symbolizer->num_roots] =
		(struct root){status.st_dev, status.st_ino, directory};
	directory = (struct seep_root)SEEP_ROOT_OURS;
	return (int)symbolizer->num_roots++;
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

	if (file && (file->fd >= 0 || file->cached || fd < 0))
		return 0;
	if (fd >= 0) {
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
	file->root = find_root(symbolizer, root);
	file->fd = SEEP_TAKE_FD(copy);
	file->identified = false;
	return 0;
}

/* Finds @module in the cache, or puts it there; closes it if it is there already. */
static struct cached_module *cache_module(struct seep_symbolizer *symbolizer,
					  struct seep_module *module, int fd)
{
	const char *build_id = seep_module_build_id(module);
	struct cached_module *cached = NULL;
	char writers[SEEP_TRUST_KEY_MAX];
	struct stat status;
	char key[256];

	seep_trust_key(fd, writers);
	if (build_id)
		snprintf(key, sizeof(key), "id:%s:%s", build_id, writers);
	else if (fstat(fd, &status) == 0)
		snprintf(key, sizeof(key), "file:%jx:%jx", (uintmax_t)status.st_dev,
			 (uintmax_t)status.st_ino);
	else
		goto fail;
	HASH_FIND_STR(symbolizer->modules, key, cached);
	if (cached) {
		seep_module_close(module);
		return cached;
	}
	cached = seep_arena_alloc(&symbolizer->arena, sizeof(*cached));
	if (!cached)
		goto fail;
	cached->key = seep_arena_strdup(&symbolizer->arena, key);
	if (!cached->key)
		goto fail;
	cached->module = module;
	HASH_ADD_KEYPTR(hh, symbolizer->modules, cached->key, strlen(cached->key), cached);
	if (cached->hh.tbl)
		return cached;
fail:
	seep_module_close(module);
	return NULL;
}

/* Reads the build ID of @file, the first time. */
static void identify(struct seep_symbolizer *symbolizer, struct file *file)
{
	SEEP_AUTO_CLOSE int fd = -1;
	const char *identity = file->path, *build_id;
	struct seep_module *module;

	if (file->identified)
		return;
	file->identified = true;
	fd = SEEP_TAKE_FD(file->fd);
	if (fd >= 0 && !seep_module_open(fd, &module))
		file->cached = cache_module(symbolizer, module, fd);
	build_id = file->cached ? seep_module_build_id(file->cached->module) : NULL;
	if (build_id)
		identity = build_id;
	file->fingerprint = XXH3_64bits(identity, strlen(identity));
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

int seep_symbolizer_name_function(struct seep_symbolizer *symbolizer, uint64_t frame,
				  const char *name)
{
	struct given_name *given;

	HASH_FIND(hh, symbolizer->given, &frame, sizeof(frame), given);
	if (given)
		return 0;
	given = seep_arena_alloc(&symbolizer->arena, sizeof(*given));
	if (!given)
		return -ENOMEM;
	given->frame = frame;
	given->line.function = seep_arena_strdup(&symbolizer->arena, name);
	if (!given->line.function)
		return -ENOMEM;
	HASH_ADD(hh, symbolizer->given, frame, sizeof(given->frame), given);
	return given->hh.tbl ? 0 : -ENOMEM;
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

/* The entry of @raw, a name that stays where it is; NULL when memory is out. */
static const struct name *find_name(struct seep_symbolizer *symbolizer, const char *raw)
{
	SEEP_AUTO_FREE char *demangled = NULL;
	struct name *name;

	HASH_FIND_PTR(symbolizer->names, &raw, name);
	if (name)
		return name;
	name = seep_arena_alloc(&symbolizer->arena, sizeof(*name));
	if (!name)
		return NULL;
	demangled = seep_demangle(raw);
	name->raw = raw;
	name->line.function = demangled ? seep_arena_strdup(&symbolizer->arena, demangled) : raw;
	HASH_ADD_PTR(symbolizer->names, raw, name);
	return name->hh.tbl ? name : NULL;
}

static const struct seep_line *make_lines(struct seep_symbolizer *symbolizer,
					  const struct seep_source_scope *scopes, size_t count)
{
	struct seep_line *lines;

	if (count == 1 && !scopes[0].source) {
		const struct name *name =
			scopes[0].name ? find_name(symbolizer, scopes[0].name) : NULL;

		return name ? &name->line : &unknown_line;
	}
	lines = seep_arena_alloc(&symbolizer->arena, count * sizeof(*lines));
	if (!lines)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct name *name =
			scopes[i].name ? find_name(symbolizer, scopes[i].name) : NULL;

		lines[i] = (struct seep_line){
			.function = name ? name->line.function : NULL,
			.source = scopes[i].source,
			.line = scopes[i].line,
			.inlined = i + 1 < count,
		};
	}
	return lines;
}

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
	seep_module_load(module, file->path,
			 file->root < 0 ? &our_root : &symbolizer->roots[file->root].directory);
	count = seep_module_find(module, location->offset, scopes);
	lines = make_lines(symbolizer, scopes, count);
	if (!lines)
		return;
	location->num_lines = count;
	location->lines = lines;
}

/* The function was found by this name: that it has others does not matter. */
static void use_given_name(struct seep_symbolizer *symbolizer, uint64_t frame,
			   struct seep_location *location)
{
	struct given_name *given;
	const char *name;

	HASH_FIND(hh, symbolizer->given, &frame, sizeof(frame), given);
	if (!given)
		return;
	name = given->line.function;
	given->line = *seep_location_function(location);
	given->line.function = name;
	location->lines = &given->line;
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

uint64_t seep_symbolizer_stack_id(struct seep_symbolizer *symbolizer, const uint64_t *frames,
				  size_t num_frames)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < num_frames; i++) {
		uint64_t words[2] = {0, 0}; /* file and offset; both 0 for "anonymous" */
		struct file *file;

		if (!(frames[i] & SEEP_FRAME_RAW)) {
			words[1] = SEEP_FRAME_OFFSET(frames[i]);
			file = find_file(symbolizer, SEEP_FRAME_FILE(frames[i]));
			if (file) {
				identify(symbolizer, file);
				words[0] = file->fingerprint;
			}
		}
		hash = XXH3_64bits_withSeed(words, sizeof(words), hash);
	}
	return hash;
}
