// SPDX-License-Identifier: GPL-2.0-only
#include "stack/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/units.h"
#include "elf/cfi.h"
#include "elf/image.h"
#include "kernel/events.h"
#include "kernel/tables.h"
#include "proc/vdso.h"
#include "stack/chunks.h"
#include "stack/code_kind.h"
#include "unwind/rules.h"
#include "unwind/table.h"
#include "unwind/uncovered.h"

/* Maps of chunks cost a little more than their bytes: struct bpf_array and a page of slack. */
#define CHUNK_BYTES (sizeof(union seep_chunk) + 4096)

/* The content of one file, by build ID: what several files may share. */
struct content {
	size_t id_length;
	uint8_t id[SEEP_BUILD_ID_MAX];
	struct seep_unwind_file value; /* state UNKNOWN: given up */
	size_t num_chunks;
	uint32_t *chunks;
	size_t num_rows;
	uint64_t build_ns;
	UT_hash_handle hh;
};

struct entry {
	struct seep_table_info info;
	int fd; /* the caller's, -1 if the file cannot be read */
	enum seep_jit_kind jit;
	bool frame_pointers; /* its code without CFI keeps them */
	struct seep_code_segment code;
	struct content *content; /* NULL: no CFI, or not readable */
	bool dirty;		 /* BPF has not been shown its present state */
	struct entry *next;
	UT_hash_handle hh;
};

struct seep_tables {
	struct seep_kernel *kernel;
	struct seep_rules *rules;
	int vdso_fd;
	size_t published_rules;
	uint64_t max_chunks;
	struct seep_chunks *chunks;
	struct content *by_id;
	struct entry *by_file;
	struct entry *first;
	struct entry **last;
};

/* --- life -------------------------------------------------------------------------------------- */

static void content_free(struct content *content)
{
	free(content->chunks);
	free(content);
}

void seep_tables_free(struct seep_tables *tables)
{
	struct content *content, *next_content;
	struct entry *entry, *next;

	if (!tables)
		return;
	HASH_ITER(hh, tables->by_file, entry, next) {
		HASH_DEL(tables->by_file, entry);
		if (entry->content && !entry->content->id_length)
			content_free(entry->content);
		free((void *)entry->info.path);
		free(entry);
	}
	HASH_ITER(hh, tables->by_id, content, next_content) {
		HASH_DEL(tables->by_id, content);
		content_free(content);
	}
	seep_chunks_free(tables->chunks);
	seep_rules_free(tables->rules);
	seep_cleanup_fd(&tables->vdso_fd);
	free(tables);
}

/* --- giving up tables for others ---------------------------------------------------------------- */

/* What BPF is to know of the file now. */
static struct seep_unwind_file value_of(const struct entry *entry)
{
	struct seep_unwind_file value = {
		.state = entry->fd < 0 ? SEEP_UNWIND_NO_FILE : SEEP_UNWIND_NONE,
	};

	if (entry->content)
		value = entry->content->value;
	value.jit = (uint8_t)entry->jit;
	value.frame_pointers = entry->frame_pointers;
	value.code_first = entry->code.first;
	value.code_count = entry->code.count;
	value.ahead_of_before = entry->code.ahead_of_before;
	value.ahead_of_behind = entry->code.ahead_of_behind;
	return value;
}

/* Nothing of it may be pending: the chunks are given back at once. */
static void give_up(struct seep_tables *tables, struct content *content)
{
	content->value = (struct seep_unwind_file){.state = SEEP_UNWIND_UNKNOWN};
	for (const struct entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_unwind_file value = value_of(entry);

		if (entry->content == content)
			seep_kernel_set_table(tables->kernel, entry->info.file, &value);
	}
	seep_chunks_give(tables->chunks, content->chunks, content->num_chunks);
	content->num_chunks = 0;
}

/* When the content was last used by any of its files. */
static uint64_t last_use_ns(struct seep_tables *tables, const struct content *content)
{
	uint64_t latest = 0;

	for (const struct entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_unwind_file value;

		if (entry->content == content &&
		    seep_kernel_get_table(tables->kernel, entry->info.file, &value) == 0 &&
		    value.used_ns > latest)
			latest = value.used_ns;
	}
	return latest;
}

/* Gives up the content that was not used for longest. 0, or -ENOSPC when nothing is left to give. */
static int evict(struct seep_tables *tables)
{
	struct content *victim = NULL;
	uint64_t oldest = UINT64_MAX;

	for (struct entry *entry = tables->first; entry; entry = entry->next) {
		struct content *content = entry->content;
		uint64_t used_ns;

		if (!content || !content->num_chunks)
			continue;
		used_ns = last_use_ns(tables, content);
		if (used_ns < oldest) {
			oldest = used_ns;
			victim = content;
		}
	}
	if (!victim)
		return -ENOSPC;
	give_up(tables, victim);
	return 0;
}

/* --- building ---------------------------------------------------------------------------------- */

/* Rules must be there before the first row that names them. */
static int publish_rules(struct seep_tables *tables)
{
	size_t count = seep_rules_count(tables->rules);

	for (; tables->published_rules < count; tables->published_rules++) {
		uint32_t number = (uint32_t)tables->published_rules;
		int error = seep_kernel_set_rule(tables->kernel, number,
						 seep_rules_at(tables->rules, number));

		if (error)
			return error;
	}
	return 0;
}

static int make_room(struct seep_tables *tables, size_t count)
{
	int error = 0;

	if (count > tables->max_chunks)
		return -ENOSPC;
	if (seep_chunks_in_use(tables->chunks) + count > tables->max_chunks)
		error = seep_tables_flush(tables); /* what is pending cannot be given up */
	while (!error && seep_chunks_in_use(tables->chunks) + count > tables->max_chunks)
		error = evict(tables);
	return error;
}

/* Numbers for the chunks of a table, as many as it has. 0, -ENOMEM or -ENOSPC. */
static int take_chunks(struct seep_tables *tables, struct content *content, size_t count)
{
	uint32_t *numbers = realloc(content->chunks, count * sizeof(*numbers));
	int error;

	if (!numbers)
		return -ENOMEM;
	content->chunks = numbers;
	error = make_room(tables, count);
	if (!error)
		error = seep_chunks_take(tables->chunks, count, numbers);
	if (!error)
		content->num_chunks = count;
	return error;
}

static int publish_table(struct seep_tables *tables, struct content *content,
			 struct seep_unwind_table *table)
{
	const uint32_t *numbers;
	int error = take_chunks(tables, content, table->num_chunks);

	if (error)
		return error;
	numbers = content->chunks;
	seep_unwind_table_relocate(table, numbers);
	error = publish_rules(tables); /* rows of a spare chunk may be seen at once */
	for (size_t i = 0; i < table->num_chunks && !error; i++)
		error = seep_chunks_write(tables->chunks, numbers[i], table->chunks[i].words);
	if (error) {
		seep_chunks_flush(tables->chunks);
		give_up(tables, content);
		return error;
	}
	content->num_rows = table->num_rows;
	content->value = (struct seep_unwind_file){
		.first_page = table->first_page,
		.num_pages = table->num_pages,
		.state = SEEP_UNWIND_READY,
		.used_ns = seep_clock_monotonic_ns(),
	};
	for (size_t i = 0; i < SEEP_INDEX_CHUNKS && i < table->num_chunks; i++)
		content->value.index_chunks[i] = numbers[i];
	return 0;
}

/*
 * The rows of @image: what its CFI says, and for code that it does not cover what the code says. 0;
 * -ENOENT when neither says anything; else as seep_cfi_read.
 */
static int read_rows(const struct seep_image *image, const char *path, struct seep_cfi *ret_cfi)
{
	struct seep_uncovered uncovered;
	struct seep_cfi cfi;
	int no_cfi = seep_cfi_read(image, &cfi), error = 0;

	/* Free Pascal's .debug_frame is malformed. */
	if ((no_cfi == -ENOENT && !seep_image_is_go(image)) || no_cfi == -EINVAL)
		error = seep_cfi_without(image, &cfi);
	else if (no_cfi)
		return no_cfi;
	if (error)
		return error;
	error = seep_uncovered_add(image, &cfi, &uncovered);
	if (!error && no_cfi && !uncovered.functions)
		error = -ENOENT;
	if (error) {
		seep_cfi_done(&cfi);
		return error;
	}
	if (uncovered.functions + uncovered.refused + uncovered.capped)
		seep_debug("rules from the code of \"%s\": %zu functions, %zu contradict "
			   "themselves, %zu left out; %zu rows",
			   path, uncovered.functions, uncovered.refused, uncovered.capped,
			   uncovered.rows);
	*ret_cfi = cfi;
	return 0;
}

/* Builds the table of @image; the content's state says what came of it. 0 or -ENOMEM. */
static int build(struct seep_tables *tables, struct content *content,
		 const struct seep_image *image, const char *path)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	struct seep_unwind_table table;
	struct seep_cfi cfi;
	int error = read_rows(image, path, &cfi);

	if (error == -ENOENT) {
		/* Go's compiler may make no CFI but keeps frame pointers. */
		content->value.state = SEEP_UNWIND_FRAME_POINTERS;
		return 0;
	}
	if (!error) {
		error = seep_unwind_table_build(&cfi, tables->rules, &table);
		seep_cfi_done(&cfi);
	}
	if (!error) {
		error = publish_table(tables, content, &table);
		seep_unwind_table_done(&table);
	}
	content->build_ns = seep_clock_monotonic_ns() - start_ns;
	if (error && error != -ENOMEM) {
		seep_debug("no unwind table for \"%s\": %s", path, seep_error_text(-error));
		content->value.state = SEEP_UNWIND_NONE;
		error = 0;
	}
	return error;
}

/* The content of a file, shared with others of the same build ID. 0 or -ENOMEM. */
static int get_content(struct seep_tables *tables, const struct seep_image *image,
		       struct content **ret_content)
{
	size_t length;
	const uint8_t *id = seep_image_build_id(image, &length);
	struct content *content = NULL;

	if (length > SEEP_BUILD_ID_MAX)
		length = 0;
	if (length)
		HASH_FIND(hh, tables->by_id, id, length, content);
	if (!content) {
		content = calloc(1, sizeof(*content));
		if (!content)
			return -ENOMEM;
		content->id_length = length;
		if (length) {
			memcpy(content->id, id, length);
			HASH_ADD_KEYPTR(hh, tables->by_id, content->id, length, content);
		}
	}
	*ret_content = content;
	return 0;
}

/* --- files ------------------------------------------------------------------------------------- */

static int add_entry(struct seep_tables *tables, uint32_t file, const char *path,
		     struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->info.file = file;
	entry->info.path = strdup(path);
	if (!entry->info.path) {
		free(entry);
		return -ENOMEM;
	}
	HASH_ADD(hh, tables->by_file, info.file, sizeof(entry->info.file), entry);
	*tables->last = entry;
	tables->last = &entry->next;
	*ret_entry = entry;
	return 0;
}

/* Makes sure that the entry's content is known and built, if the file can be read. */
static int fill_entry(struct seep_tables *tables, struct entry *entry)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	int error = entry->fd < 0 ? -EBADF : seep_image_open(entry->fd, &image);

	if (error)
		return error == -ENOMEM ? error : 0;
	entry->code = seep_code_segment(image);
	entry->frame_pointers = seep_code_keeps_frame_pointers(image, entry->jit);
	if (!entry->content) {
		error = get_content(tables, image, &entry->content);
		if (error)
			return error;
	}
	if (entry->content->value.state != SEEP_UNWIND_UNKNOWN)
		return 0;
	return build(tables, entry->content, image, entry->info.path);
}

int seep_tables_flush(struct seep_tables *tables)
{
	int error = seep_chunks_waiting(tables->chunks) ? seep_chunks_flush(tables->chunks) : 0;

	for (struct entry *entry = tables->first; entry && !error; entry = entry->next) {
		struct seep_unwind_file value = value_of(entry);

		if (!entry->dirty)
			continue;
		entry->dirty = false;
		error = seep_kernel_set_table(tables->kernel, entry->info.file, &value);
	}
	/* Once more for the spares: now nobody waits for it. */
	return error ? error : seep_chunks_flush(tables->chunks);
}

void seep_tables_drain(struct seep_tables *tables)
{
	int error;

	seep_kernel_drain(tables->kernel);
	error = seep_tables_flush(tables);
	if (error)
		seep_warn("cannot give the kernel its unwind tables: %s", seep_error_text(-error));
}

int seep_tables_add(struct seep_tables *tables, uint32_t file, const char *path, int fd)
{
	struct entry *entry;
	int error = 0;

	if (file >= SEEP_MAX_FILES)
		return 0; /* BPF has counted it as one file too many */
	HASH_FIND(hh, tables->by_file, &file, sizeof(file), entry);
	if (!entry)
		error = add_entry(tables, file, path, &entry);
	if (error)
		return error;
	entry->fd = fd;
	entry->jit = seep_code_jit(path, fd);
	entry->dirty = true;
	return fill_entry(tables, entry);
}

int seep_tables_again(struct seep_tables *tables, uint32_t file)
{
	struct entry *entry;

	HASH_FIND(hh, tables->by_file, &file, sizeof(file), entry);
	if (!entry)
		return 0;
	entry->dirty = true;
	return fill_entry(tables, entry);
}

/* The vDSO is the same for all 64-bit processes, ours included; ELF from its first byte on. */
static int add_vdso(struct seep_tables *tables)
{
	tables->vdso_fd = seep_vdso_open();
	return tables->vdso_fd < 0 ?
		       0 :
		       seep_tables_add(tables, SEEP_FILE_VDSO, "[vdso]", tables->vdso_fd);
}

int seep_tables_new(struct seep_kernel *kernel, uint64_t max_bytes, struct seep_tables **ret_tables)
{
	struct seep_tables *tables = calloc(1, sizeof(*tables));
	int error;

	if (!tables)
		return -ENOMEM;
	tables->kernel = kernel;
	tables->vdso_fd = -1;
	tables->max_chunks = max_bytes / CHUNK_BYTES;
	tables->last = &tables->first;
	error = seep_chunks_new(kernel, &tables->chunks);
	if (!error)
		error = seep_rules_new(&tables->rules);
	if (!error)
		error = add_vdso(tables);
	if (error) {
		seep_tables_free(tables);
		return error;
	}
	*ret_tables = tables;
	return 0;
}

int seep_tables_each(const struct seep_tables *tables,
		     int (*fn)(const struct seep_table_info *info, void *context), void *context)
{
	for (const struct entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_table_info info = entry->info;
		int stop;

		info.state = SEEP_UNWIND_NONE;
		if (entry->content) {
			info.state = entry->content->value.state;
			info.num_rows = entry->content->num_rows;
			info.num_bytes = entry->content->num_chunks * CHUNK_BYTES;
			info.build_ns = entry->content->build_ns;
		}
		stop = fn(&info, context);
		if (stop)
			return stop;
	}
	return 0;
}
