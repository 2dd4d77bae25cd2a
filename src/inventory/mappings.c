// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of mappings: has the kernel count those of a process (kernel/mappings.h), and notes
 * of each known range what it is in /proc/PID/maps. Ranges and lines of that file need not be the
 * same: the kernel merges neighbours. The line at a range's start names it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "inventory/inventory_private.h"
#include "kernel/mappings.h"
#include "proc/maps.h"

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Names in brackets are the kernel's (proc(5)). */
static const char *group_of(const struct seep_mapping *mapping)
{
	const char *path = mapping->path;

	/* [anon:NAME] is a name that the program gave by PR_SET_VMA_ANON_NAME (5.17). */
	if (!*path || begins_with(path, "[anon:"))
		return "anonymous memory";
	if (strcmp(path, "[heap]") == 0)
		return "heap";
	if (strcmp(path, "[stack]") == 0)
		return "stack";
	/* ipc/shm.c names the file of a segment SYSV and its key. */
	if (begins_with(path, "/SYSV"))
		return "System V shared memory";
	if (seep_maps_is_shared_memory(path))
		return "shared memory";
	/* [vdso], [vvar] and the like: mapped by the kernel, not by the program. */
	if (*path == '[')
		return "kernel";
	return mapping->shared ? "file (shared)" : "file";
}

/* As "7f00a000-7f00c000 8 KiB rw- /tmp/file". */
static void append_example(struct seep_buffer *text, const struct seep_live_object *range,
			   const struct seep_mapping *mapping)
{
	uint64_t start = range->key.id, bytes = range->object.bytes;
	char size[SEEP_UNIT_MAX];

	seep_buffer_printf(text, "%" PRIx64 "-%" PRIx64 " %s %c%c%c", start, start + bytes,
			   seep_format_bytes(size, bytes), mapping->readable ? 'r' : '-',
			   mapping->writable ? 'w' : '-', mapping->executable ? 'x' : '-');
	if (*mapping->path)
		seep_buffer_printf(text, " %s", mapping->path);
}

/* A range that is not mapped any more was released after it was counted, and is left out. */
static void note_range(struct seep_inventory *inventory, const struct seep_maps *maps,
		       const struct seep_live_object *range)
{
	SEEP_AUTO_BUFFER struct seep_buffer example = SEEP_BUFFER_INIT;
	/* The id of a range is its first address. */
	const struct seep_mapping *mapping = seep_maps_find(maps, range->key.id);
	struct seep_site_key site = {
		.stack = range->object.stack,
		.process = range->key.process,
		.kind = SEEP_KIND_MAPPING,
	};

	if (!mapping)
		return; /* it is gone by now */
	if (seep_inventory_wants_example(inventory, &site))
		append_example(&example, range, mapping);
	seep_inventory_note(inventory, &site, group_of(mapping), range->object.bytes,
			    example.error ? NULL : example.data);
}

/* Notes all known ranges of one process. One reading of its mappings serves all of them. */
static int note_ranges(struct seep_inventory *inventory, pid_t pid, uint32_t process)
{
	const struct seep_object_list *ranges;
	const struct seep_live_object *range;
	struct seep_maps maps;
	int error = seep_inventory_objects(inventory, SEEP_KIND_MAPPING, seep_live_object_by_id,
					   &ranges);

	if (!error)
		error = seep_maps_read(pid, &maps);
	if (error)
		return error;
	for (size_t i = 0; (range = seep_object_list_get(ranges, process, i)); i++)
		note_range(inventory, &maps, range);
	seep_maps_done(&maps);
	return 0;
}

int seep_inventory_take_mappings(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				 bool first)
{
	int error = seep_kernel_count_mappings(inventory->kernel, pid, process);

	/* -EAGAIN: some ranges wait for the next report; the others are noted all the same. */
	if (!first && (!error || error == -EAGAIN))
		error = note_ranges(inventory, pid, process);
	return error == -EAGAIN ? 0 : error;
}
