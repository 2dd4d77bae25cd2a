// SPDX-License-Identifier: GPL-2.0-only
#include "trace/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "elf/cfi.h"
#include "elf/image.h"
#include "proc/vdso.h"
#include "unwind/rules.h"
#include "unwind/table.h"

/*
 * A chunk that was given up may still be read by a program that looked its number up a moment ago.
 * Numbers are used again only after that.
 */
#define QUARANTINE_NS (2 * SEEP_NS_PER_S)

/* Maps of chunks cost a little more than their bytes: struct bpf_array and a page of slack. */
#define CHUNK_BYTES (sizeof(union seep_chunk) + 4096)

#define NUM_SPARES 16

/* More than this wait for no flush: each is an open descriptor. */
#define MAX_PENDING 256

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
	int fd;			 /* the caller's, -1 if the file cannot be read */
	struct content *content; /* NULL: no CFI, or not readable */
	bool dirty;		 /* BPF has not been shown its present state */
	struct entry *next;
	UT_hash_handle hh;
};

/* Chunks that were made and wait for the next flush. */
struct pending {
	size_t count;
	uint32_t numbers[MAX_PENDING];
	int chunks[MAX_PENDING];
};

/*
 * Chunks that BPF can see already, still empty: a table that fits into them needs no grace period, so
 * that the stacks through a library just loaded are whole sooner.
 */
struct spare {
	uint32_t number;
	int chunk;
};

struct free_chunk {
	uint32_t number;
	uint64_t since_ns;
};

struct seep_tables {
	struct seep_kernel *kernel;
	struct seep_rules *rules;
	int vdso_fd;
	size_t published_rules;
	uint64_t max_chunks;
	uint64_t num_chunks; /* in use */
	uint32_t next_chunk; /* never used so far */
	struct pending pending;
	size_t num_spares;
	struct spare spares[NUM_SPARES];
	size_t num_free;
	struct free_chunk free_chunks[SEEP_MAX_CHUNKS];
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
	for (size_t i = 0; i < tables->pending.count; i++)
		close(tables->pending.chunks[i]);
	for (size_t i = 0; i < tables->num_spares; i++)
		close(tables->spares[i].chunk);
	seep_rules_free(tables->rules);
	seep_cleanup_fd(&tables->vdso_fd);
	free(tables);
}

/* --- chunks ------------------------------------------------------------------------------------ */

static int take_chunk(struct seep_tables *tables, uint32_t *ret_number)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	for (size_t i = 0; i < tables->num_free; i++) {
		if (now_ns - tables->free_chunks[i].since_ns < QUARANTINE_NS)
			continue;
		*ret_number = tables->free_chunks[i].number;
		tables->free_chunks[i] = tables->free_chunks[--tables->num_free];
		return 0;
	}
	if (tables->next_chunk == SEEP_MAX_CHUNKS)
		return -ENOSPC;
	*ret_number = tables->next_chunk++;
	return 0;
}

static void give_chunks(struct seep_tables *tables, const uint32_t *numbers, size_t count)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	seep_kernel_remove_chunks(tables->kernel, numbers, count);
	for (size_t i = 0; i < count; i++) {
		tables->free_chunks[tables->num_free].number = numbers[i];
		tables->free_chunks[tables->num_free].since_ns = now_ns;
		tables->num_free++;
	}
}

/* Nothing of it may be pending: the chunks are given back at once. */
static void give_up(struct seep_tables *tables, struct content *content)
{
	content->value = (struct seep_unwind_file){.state = SEEP_UNWIND_UNKNOWN};
	for (const struct entry *entry = tables->first; entry; entry = entry->next) {
		if (entry->content == content)
			seep_kernel_set_table(tables->kernel, entry->info.file, &content->value);
	}
	give_chunks(tables, content->chunks, content->num_chunks);
	tables->num_chunks -= content->num_chunks;
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

static int queue_chunk(struct pending *pending, uint32_t number, int chunk)
{
	pending->numbers[pending->count] = number;
	pending->chunks[pending->count] = chunk;
	pending->count++;
	return 0;
}

/* Puts empty chunks into the batch that is about to be shown, as far as it has room. */
static int queue_spares(struct seep_tables *tables)
{
	static const union seep_chunk empty;
	struct pending *pending = &tables->pending;

	while (tables->num_spares < NUM_SPARES && pending->count < MAX_PENDING) {
		struct spare *spare = &tables->spares[tables->num_spares];
		SEEP_AUTO_CLOSE int chunk = seep_kernel_new_chunk(empty.words);
		int error = chunk < 0 ? chunk : take_chunk(tables, &spare->number);

		if (error)
			return error;
		spare->chunk = fcntl(chunk, F_DUPFD_CLOEXEC, 0);
		if (spare->chunk < 0)
			return -errno;
		queue_chunk(pending, spare->number, SEEP_TAKE_FD(chunk));
		tables->num_spares++;
	}
	return 0;
}

/* Shows BPF the chunks that wait, and spare ones with them. */
static int flush_chunks(struct seep_tables *tables)
{
	struct pending *pending = &tables->pending;
	int error = publish_rules(tables);

	if (!error && (pending->count || tables->num_spares < NUM_SPARES / 2))
		error = queue_spares(tables);
	if (!error && pending->count)
		error = seep_kernel_put_chunks(tables->kernel, pending->numbers, pending->chunks,
					       pending->count);
	for (size_t i = 0; i < pending->count; i++)
		close(pending->chunks[i]);
	pending->count = 0;
	return error;
}

static int make_room(struct seep_tables *tables, size_t count)
{
	int error = 0;

	if (count > tables->max_chunks)
		return -ENOSPC;
	if (tables->num_chunks + count > tables->max_chunks)
		error = seep_tables_flush(tables); /* what is pending cannot be given up */
	while (!error && tables->num_chunks + count > tables->max_chunks)
		error = evict(tables);
	return error;
}

/* Fills a spare chunk, or makes a new one that waits for the flush. */
static int add_chunk(struct seep_tables *tables, struct content *content,
		     const union seep_chunk *words, const struct spare *place)
{
	SEEP_AUTO_CLOSE int chunk = place->chunk;
	int error = 0;

	if (chunk >= 0) {
		error = seep_kernel_fill_chunk(chunk, words->words);
	} else {
		if (tables->pending.count == MAX_PENDING)
			error = flush_chunks(tables);
		chunk = error ? error : seep_kernel_new_chunk(words->words);
		error = chunk < 0 ?
				chunk :
				queue_chunk(&tables->pending, place->number, SEEP_TAKE_FD(chunk));
	}
	if (error)
		return error;
	content->num_chunks++;
	tables->num_chunks++;
	return 0;
}

/*
 * Places for the chunks of a table: spares if there are enough for all of them, else new numbers. 0,
 * -ENOMEM or -ENOSPC.
 */
static int find_places(struct seep_tables *tables, struct spare *places, size_t count)
{
	bool spares = count <= tables->num_spares;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		places[i].chunk = -1;
		if (spares)
			places[i] = tables->spares[--tables->num_spares];
		else
			error = take_chunk(tables, &places[i].number);
	}
	return error;
}

static int publish_table(struct seep_tables *tables, struct content *content,
			 struct seep_unwind_table *table)
{
	SEEP_AUTO_FREE struct spare *places = calloc(table->num_chunks, sizeof(*places));
	uint32_t *numbers = realloc(content->chunks, table->num_chunks * sizeof(*numbers));
	int error;

	if (numbers)
		content->chunks = numbers;
	if (!places || !numbers)
		return -ENOMEM;
	error = make_room(tables, table->num_chunks);
	if (!error)
		error = find_places(tables, places, table->num_chunks);
	if (error)
		return error;
	for (size_t i = 0; i < table->num_chunks; i++)
		numbers[i] = places[i].number;
	seep_unwind_table_relocate(table, numbers);
	for (size_t i = 0; i < table->num_chunks && !error; i++)
		error = add_chunk(tables, content, &table->chunks[i], &places[i]);
	if (error) {
		flush_chunks(tables);
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

/* Builds the table of @image; the content's state says what came of it. 0 or -ENOMEM. */
static int build(struct seep_tables *tables, struct content *content,
		 const struct seep_image *image, const char *path)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	struct seep_unwind_table table;
	struct seep_cfi cfi;
	int error = seep_cfi_read(image, &cfi);

	if (error == -ENOENT) {
		/* Go's compiler makes no CFI but keeps frame pointers. */
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
		seep_debug("no unwind table for \"%s\": %s", path, strerror(-error));
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
	struct seep_unwind_file none = {.state = SEEP_UNWIND_NONE};
	int error = tables->pending.count ? flush_chunks(tables) : publish_rules(tables);

	for (struct entry *entry = tables->first; entry && !error; entry = entry->next) {
		if (!entry->dirty)
			continue;
		entry->dirty = false;
		error = seep_kernel_set_table(tables->kernel, entry->info.file,
					      entry->content ? &entry->content->value : &none);
	}
	return error ? error : flush_chunks(tables);
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

uint64_t seep_tables_bytes(const struct seep_tables *tables)
{
	return tables->num_chunks * CHUNK_BYTES;
}
