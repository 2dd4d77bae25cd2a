// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files and their unwind tables. An event of BPF brings a file (seep_tables_add) or asks again for
 * a table that was given up (seep_tables_again); the table is built from the rows of the file
 * (rows.c), published in chunks (publish.c) and shown to BPF by the next flush. Files with the same
 * build ID share one content. Bounded by SEEP_MAX_FILES files and by the cap of kernel memory that
 * the user gave.
 */
#include "stack/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "kernel/events.h"
#include "kernel/tables.h"
#include "proc/vdso.h"
#include "stack/publish.h"
#include "stack/rows.h"
#include "stack/tables_private.h"

/* What BPF is to know of the file now. */
struct seep_unwind_file seep_table_entry_value(const struct seep_table_entry *entry)
{
	struct seep_unwind_file value = {
		.state = entry->fd < 0 ? SEEP_UNWIND_NO_FILE : SEEP_UNWIND_NONE,
	};

	if (entry->content)
		value = entry->content->value;
	/* Facts of the file, not of its table: they are the same whatever became of the table. */
	value.jit = (uint8_t)entry->jit;
	value.frame_pointers = entry->frame_pointers;
	value.code_first = entry->code.first;
	value.code_count = entry->code.count;
	value.ahead_of_before = entry->code.ahead_of_before;
	value.ahead_of_behind = entry->code.ahead_of_behind;
	return value;
}

/* The chunks in the kernel go with the maps of the trace; only their numbers are freed here. */
static void content_free(struct seep_content *content)
{
	free(content->chunks);
	free(content);
}

void seep_tables_free(struct seep_tables *tables)
{
	struct seep_content *content, *next_content;
	struct seep_table_entry *entry, *next;

	if (!tables)
		return;
	HASH_ITER(hh, tables->by_file, entry, next) {
		HASH_DEL(tables->by_file, entry);
		/* Content without a build ID is not in by_id and belongs to one entry alone. */
		if (entry->content && !entry->content->id_length)
			content_free(entry->content);
		free((void *)entry->info.path);
		free(entry);
	}
	/* A shared content is freed once, through its build ID. */
	HASH_ITER(hh, tables->by_id, content, next_content) {
		HASH_DEL(tables->by_id, content);
		content_free(content);
	}
	seep_chunks_free(tables->chunks);
	seep_rules_free(tables->rules);
	seep_cleanup_fd(&tables->vdso_fd);
	free(tables);
}

/* Builds the table of @image; the content's state says what came of it. 0 or -ENOMEM. */
static int build(struct seep_tables *tables, struct seep_content *content,
		 const struct seep_image *image, const char *path)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	struct seep_unwind_table table;
	struct seep_cfi cfi;
	int error = seep_rows_read(image, path, &cfi);

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
		error = seep_tables_publish(tables, content, &table);
		seep_unwind_table_done(&table);
	}
	/* Failures take time as well, and doctor shows it. */
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
		       struct seep_content **ret_content)
{
	size_t length;
	const uint8_t *id = seep_image_build_id(image, &length);
	struct seep_content *content = NULL;

	/* A build ID of any length is a valid note; one that does not fit is treated as none. */
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

/*
 * Entries are found by file id and listed in the order of arrival, which seep_tables_each promises.
 */
static int add_entry(struct seep_tables *tables, uint32_t file, const char *path,
		     struct seep_table_entry **ret_entry)
{
	struct seep_table_entry *entry = calloc(1, sizeof(*entry));

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
static int fill_entry(struct seep_tables *tables, struct seep_table_entry *entry)
{
	SEEP_AUTO_IMAGE struct seep_image *image = NULL;
	/* A file that cannot be read is no error here: its state tells BPF to end stacks in it. */
	int error = entry->fd < 0 ? -EBADF : seep_image_open(entry->fd, &image);

	if (error)
		return error == -ENOMEM ? error : 0;
	/*
	 * Read every time, even if the content is shared: they belong to the file, not to its build
	 * ID.
	 */
	entry->code = seep_code_segment(image);
	entry->frame_pointers = seep_code_keeps_frame_pointers(image, entry->jit);
	if (!entry->content) {
		error = get_content(tables, image, &entry->content);
		if (error)
			return error;
	}
	/* UNKNOWN is both new and given up; anything else, a failure as well, is final. */
	if (entry->content->value.state != SEEP_UNWIND_UNKNOWN)
		return 0;
	return build(tables, entry->content, image, entry->info.path);
}

/*
 * Chunks first, then the entries that name them: BPF must not find a table whose rows are missing.
 */
int seep_tables_flush(struct seep_tables *tables)
{
	int error = seep_chunks_waiting(tables->chunks) ? seep_chunks_flush(tables->chunks) : 0;

	for (struct seep_table_entry *entry = tables->first; entry && !error; entry = entry->next) {
		struct seep_unwind_file value = seep_table_entry_value(entry);

		if (!entry->dirty)
			continue;
		/*
		 * Cleared first: a failure is told by the caller, and not repeated by every flush.
		 */
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
	struct seep_table_entry *entry;
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

/*
 * Also if the table is still there: writing the entry again takes back BPF's mark that it has
 * asked.
 */
int seep_tables_again(struct seep_tables *tables, uint32_t file)
{
	struct seep_table_entry *entry;

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
	/* Without it stacks end at the vDSO; the trace goes on. */
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
	/* Rounded down: the cap of the user is never exceeded. */
	tables->max_chunks = max_bytes / CHUNK_BYTES;
	/* Where the next entry is linked in. */
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
	for (const struct seep_table_entry *entry = tables->first; entry; entry = entry->next) {
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
