// SPDX-License-Identifier: GPL-2.0-only
/*
 * At most SITES_MAX stacks of SEEP_MAX_FRAMES frames are kept, and FILES_MAX files are named;
 * samples of further stacks are counted, frames in further files have no name. A file is opened
 * when the first of its frames comes, while the process lives.
 *
 * Memory is anonymous if its mapping has no file. What is not mapped any more, at most a second
 * later, was given back: no growth.
 */
#include "escalate/touch_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "proc/vdso.h"
#include "stack/libdw_walk.h"

#define SITES_MAX 256
#define FILES_MAX 1024

/* A mapped file; its id is its place in the table, behind those that have a meaning. */
#define FIRST_FILE (SEEP_FILE_VDSO + 1)

struct file {
	uint64_t inode; /* 0: the vDSO */
	uint32_t dev_major;
	uint32_t dev_minor;
};

struct kept_stack {
	struct seep_stack stack;
	uint64_t frames[];
};

struct seep_touch_table {
	pid_t pid;
	char *root; /* of its files, NULL: ours */
	struct seep_process process;
	struct seep_maps maps; /* as they are now */
	struct seep_maps code; /* as they were when libdw was made: the same code */
	struct seep_libdw *libdw;
	struct seep_libdw_walk walk;
	size_t num_files;
	struct file files[FILES_MAX];
	struct seep_touches touches;
	struct seep_touch_site sites[SITES_MAX];
};

int seep_touch_table_new(pid_t pid, struct seep_touch_table **ret_table)
{
	struct seep_touch_table *table = calloc(1, sizeof(*table));
	struct seep_proc_info info;
	int error;

	if (!table)
		return -ENOMEM;
	table->pid = table->process.pid = pid;
	table->process.id = 1;
	table->touches.sites = table->sites;
	error = seep_symbolizer_new(&table->touches.symbolizer);
	if (!error)
		error = seep_proc_info_read(pid, &info);
	if (error) {
		seep_touch_table_free(table);
		return error;
	}
	table->root = SEEP_TAKE_PTR(info.root);
	seep_proc_info_done(&info);
	*ret_table = table;
	return 0;
}

void seep_touch_table_finish(struct seep_touch_table *table)
{
	seep_libdw_free(table->libdw);
	table->libdw = NULL;
	seep_maps_done(&table->maps);
	seep_maps_done(&table->code);
	table->maps = table->code = (struct seep_maps){0};
}

void seep_touch_table_free(struct seep_touch_table *table)
{
	if (!table)
		return;
	seep_touch_table_finish(table);
	for (size_t i = 0; i < table->touches.num_sites; i++)
		free((void *)table->sites[i].site.stack);
	seep_symbolizer_free(table->touches.symbolizer);
	free(table->root);
	free(table);
}

/* libdw opens the files again only when other code is mapped: that takes long. */
static int renew_libdw(struct seep_touch_table *table)
{
	struct seep_maps code;
	int error = seep_maps_read(table->pid, &code);

	if (error)
		return error;
	seep_libdw_free(table->libdw);
	table->libdw = NULL;
	seep_maps_done(&table->code);
	table->code = code;
	return seep_libdw_new(table->pid, &table->code, &table->libdw);
}

int seep_touch_table_refresh(struct seep_touch_table *table)
{
	struct seep_maps maps;
	int error = seep_maps_read(table->pid, &maps);

	if (error)
		return error;
	seep_maps_done(&table->maps);
	table->maps = maps;
	return table->libdw && seep_libdw_is_current(table->libdw, &maps) ? 0 : renew_libdw(table);
}

/* Makes a file known under the next id. */
static void name_file(struct seep_touch_table *table, const struct seep_mapping *mapping)
{
	SEEP_AUTO_CLOSE int fd =
		mapping->inode ? seep_maps_open(table->pid, mapping) : seep_vdso_open();

	/* Without memory its frames have no name. */
	(void)seep_symbolizer_add_file(table->touches.symbolizer,
				       FIRST_FILE + (uint32_t)table->num_files, mapping->path, fd,
				       table->root);
}

/* SEEP_FRAME of an address in code; a raw one if its file is none, or one too many. */
static uint64_t frame_at(struct seep_touch_table *table, uint64_t address)
{
	const struct seep_mapping *mapping = seep_maps_find(&table->code, address);
	struct file file;
	size_t id = 0;

	if (!mapping || (!mapping->inode && strcmp(mapping->path, "[vdso]") != 0))
		return SEEP_FRAME_RAW | address;
	file = (struct file){mapping->inode, mapping->dev_major, mapping->dev_minor};
	while (id < table->num_files && memcmp(&table->files[id], &file, sizeof(file)) != 0)
		id++;
	if (id == FILES_MAX)
		return SEEP_FRAME_RAW | address;
	if (id == table->num_files) {
		name_file(table, mapping);
		table->files[table->num_files++] = file;
	}
	return SEEP_FRAME(FIRST_FILE + (uint32_t)id, address - mapping->start + mapping->offset);
}

/* Walks the copy; at least where the fault was is known. */
static void walk(struct seep_touch_table *table, const struct seep_touch_event *event,
		 uint64_t frames[SEEP_MAX_FRAMES], struct seep_stack *ret_stack)
{
	const struct seep_stack_copy copy = {
		.registers = &event->registers,
		.stack = event->stack,
		.stack_bytes = event->stack_bytes,
		.exact = event->exact,
	};
	struct seep_libdw_walk *walk = &table->walk;

	seep_libdw_walk(table->libdw, &copy, walk);
	*ret_stack = (struct seep_stack){
		.end = walk->walk.whole			   ? SEEP_END_COMPLETE :
		       walk->walk.count == SEEP_MAX_FRAMES ? SEEP_END_DEPTH :
		       walk->ran_out			   ? SEEP_END_READ :
							     SEEP_END_NO_CFI,
		.num_frames = walk->walk.count,
		.frames = frames,
	};
	for (size_t i = 0; i < walk->walk.count; i++)
		frames[i] = frame_at(table, walk->addresses[i]);
	if (!ret_stack->num_frames)
		frames[ret_stack->num_frames++] =
			frame_at(table, event->registers.ip - !event->exact);
}

/* NULL: there is no room, or no memory. */
static struct seep_touch_site *new_site(struct seep_touch_table *table,
					const struct seep_stack *stack)
{
	struct seep_touch_site *site = &table->sites[table->touches.num_sites];
	size_t bytes = stack->num_frames * sizeof(*stack->frames);
	struct kept_stack *kept;

	if (table->touches.num_sites == SITES_MAX)
		return NULL;
	kept = malloc(sizeof(*kept) + bytes);
	if (!kept)
		return NULL;
	memcpy(kept->frames, stack->frames, bytes);
	kept->stack = *stack;
	kept->stack.frames = kept->frames;
	*site = (struct seep_touch_site){
		.site = {.process = &table->process,
			 .kind = SEEP_KIND_MEMORY,
			 .stack = &kept->stack},
	};
	table->touches.num_sites++;
	return site;
}

static struct seep_touch_site *find_site(struct seep_touch_table *table,
					 const struct seep_stack *stack)
{
	for (size_t i = 0; i < table->touches.num_sites; i++) {
		const struct seep_stack *known = table->sites[i].site.stack;

		if (known->num_frames == stack->num_frames && known->end == stack->end &&
		    memcmp(known->frames, stack->frames,
			   stack->num_frames * sizeof(*stack->frames)) == 0)
			return &table->sites[i];
	}
	return new_site(table, stack);
}

void seep_touch_table_add(struct seep_touch_table *table, const struct seep_touch_event *event,
			  double share)
{
	const struct seep_mapping *mapping = seep_maps_find(&table->maps, event->address);
	struct seep_touches *touches = &table->touches;
	uint64_t frames[SEEP_MAX_FRAMES];
	struct seep_touch_site *site;
	struct seep_stack stack;
	double faults = (double)event->period / share;

	if (!mapping) {
		touches->returned++;
		return;
	}
	if (mapping->inode) {
		touches->of_files++;
		return;
	}
	walk(table, event, frames, &stack);
	touches->samples++;
	touches->faults += faults;
	touches->partial += stack.end != SEEP_END_COMPLETE;
	site = find_site(table, &stack);
	if (!site) {
		touches->crowded++;
		return;
	}
	site->samples++;
	site->faults += faults;
}

static int compare_sites(const void *left, const void *right)
{
	const struct seep_touch_site *a = left, *b = right;

	if (a->faults != b->faults)
		return a->faults > b->faults ? -1 : 1;
	return a->samples != b->samples ? (a->samples > b->samples ? -1 : 1) : 0;
}

struct seep_touches *seep_touch_table_touches(struct seep_touch_table *table)
{
	qsort(table->sites, table->touches.num_sites, sizeof(table->sites[0]), compare_sites);
	return &table->touches;
}
