// SPDX-License-Identifier: GPL-2.0-only
/* The inventory of mappings, and what the ranges of a site are: memory of which sort, files. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "inventory/inventory_private.h"
#include "proc/maps.h"

/* A range, and whose it is. */
struct range {
	struct seep_site_key site;
	uint64_t start;
	uint64_t bytes;
};

/* All ranges, in the order of processes and addresses. */
struct seep_ranges {
	size_t count;
	size_t capacity;
	struct range *ranges;
};

void seep_inventory_forget_ranges(struct seep_inventory *inventory)
{
	if (inventory->ranges)
		free(inventory->ranges->ranges);
	free(inventory->ranges);
	inventory->ranges = NULL;
}

static int add_range(void *context, const struct seep_object_key *key,
		     const struct seep_mapping_object *range)
{
	struct seep_ranges *ranges = context;

	if (ranges->count == ranges->capacity) {
		size_t capacity = ranges->capacity ? 2 * ranges->capacity : 1024;
		struct range *grown = realloc(ranges->ranges, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ranges->ranges = grown;
		ranges->capacity = capacity;
	}
	ranges->ranges[ranges->count++] = (struct range){
		.site = {range->object.stack, key->process, SEEP_KIND_MAPPING},
		.start = key->id,
		.bytes = range->object.bytes,
	};
	return 0;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->site.process != b->site.process)
		return a->site.process < b->site.process ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

/* In one go for all processes: the table has no order. */
static int read_ranges(struct seep_inventory *inventory)
{
	int error;

	if (inventory->ranges)
		return 0;
	inventory->ranges = calloc(1, sizeof(*inventory->ranges));
	if (!inventory->ranges)
		return -ENOMEM;
	error = seep_kernel_each_mapping(inventory->kernel, add_range, inventory->ranges);
	if (inventory->ranges->count)
		qsort(inventory->ranges->ranges, inventory->ranges->count,
		      sizeof(*inventory->ranges->ranges), compare_ranges);
	return error;
}

/* The first range of @process, or what would stand behind it. */
static size_t first_range(const struct seep_ranges *ranges, uint32_t process)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->ranges[middle].site.process < process)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Names in brackets are the kernel's (proc(5)). */
static const char *group_of(const struct seep_mapping *mapping)
{
	const char *path = mapping->path;

	if (!*path || begins_with(path, "[anon:"))
		return "anonymous memory";
	if (strcmp(path, "[heap]") == 0)
		return "heap";
	if (strcmp(path, "[stack]") == 0)
		return "stack";
	if (begins_with(path, "/SYSV"))
		return "System V shared memory";
	if (begins_with(path, "/memfd:") || begins_with(path, "/dev/shm/") ||
	    begins_with(path, "/dev/zero") || begins_with(path, "[anon_shmem:"))
		return "shared memory";
	if (*path == '[')
		return "kernel";
	return mapping->shared ? "file (shared)" : "file";
}

static void append_example(struct seep_buffer *text, const struct range *range,
			   const struct seep_mapping *mapping)
{
	char size[SEEP_UNIT_MAX];

	seep_buffer_printf(text, "%" PRIx64 "-%" PRIx64 " %s %c%c%c", range->start,
			   range->start + range->bytes, seep_format_bytes(size, range->bytes),
			   mapping->readable ? 'r' : '-', mapping->writable ? 'w' : '-',
			   mapping->executable ? 'x' : '-');
	if (*mapping->path)
		seep_buffer_printf(text, " %s", mapping->path);
}

static void note_range(struct seep_inventory *inventory, const struct seep_maps *maps,
		       const struct range *range)
{
	SEEP_AUTO_BUFFER struct seep_buffer example = SEEP_BUFFER_INIT;
	const struct seep_mapping *mapping = seep_maps_find(maps, range->start);

	if (!mapping)
		return; /* it is gone by now */
	if (seep_inventory_wants_example(inventory, &range->site))
		append_example(&example, range, mapping);
	seep_inventory_note(inventory, &range->site, group_of(mapping), range->bytes,
			    example.error ? NULL : example.data);
}

static int note_ranges(struct seep_inventory *inventory, pid_t pid, uint32_t process)
{
	const struct seep_ranges *ranges;
	struct seep_maps maps;
	int error = read_ranges(inventory);

	if (!error)
		error = seep_maps_read(pid, &maps);
	if (error)
		return error;
	ranges = inventory->ranges;
	for (size_t i = first_range(ranges, process);
	     i < ranges->count && ranges->ranges[i].site.process == process; i++)
		note_range(inventory, &maps, &ranges->ranges[i]);
	seep_maps_done(&maps);
	return 0;
}

int seep_inventory_take_mappings(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				 bool first)
{
	int error = seep_kernel_count_mappings(inventory->kernel, pid, process);

	/* What could not be settled now is next time; it is no reason to say nothing of the others. */
	if (!first && (!error || error == -EAGAIN))
		error = note_ranges(inventory, pid, process);
	return error == -EAGAIN ? 0 : error;
}
