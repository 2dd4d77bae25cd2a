// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file event has the kernel's device and inode; to read the file a path or a mapping is needed.
 * The mapping of the target comes first, as long as it is there; then the path that BPF has sent.
 * Either way the file counts only if it is that inode. follow.c of trace calls this for each file
 * event.
 */
#include "target/file_events.h"

#include <string.h>

#include "proc/maps.h"

/* The path of a file event: its components come from the last one to the first. "" if it has none.
 */
static void path_of_event(const struct seep_file_event *event, char path[SEEP_PATH_BYTES + 1])
{
	char text[SEEP_PATH_BYTES + SEEP_NAME_BYTES];
	size_t used = 0, size = event->path_bytes;

	path[0] = '\0';
	/*
	 * The event is read from kernel memory that may change meanwhile: its length and end are
	 * checked.
	 */
	if (!size || size > SEEP_PATH_BYTES || event->path[size - 1] != '\0')
		return;
	memcpy(text, event->path, size);
	/*
	 * From the last component in the event, which is the first of the path, to the first one.
	 */
	while (size) {
		size_t start = --size, length;

		while (start && text[start - 1] != '\0')
			start--;
		length = size - start;
		path[used++] = '/';
		memcpy(path + used, text + start, length);
		used += length;
		size = start;
	}
	path[used] = '\0';
}

/* A mapping at the same address may be of another file by now; only the inode decides. */
static bool is_file_of(const struct seep_file *file, const struct seep_file_event *event)
{
	struct seep_inode inode = seep_inode_of_event(event);

	return file->fd >= 0 && seep_inode_equal(&file->inode, &inode);
}

/* The file of a mapping that is gone already, or of a process: by the path that it had. */
static const struct seep_file *file_by_path(struct seep_files *files,
					    const struct seep_target *target,
					    const struct seep_file_event *event)
{
	char path[SEEP_PATH_BYTES + 1];
	const struct seep_file *file;
	struct seep_inode inode = seep_inode_of_event(event);
	struct seep_mapping mapping = {
		.start = event->start,
		.end = event->end,
		.offset = event->offset,
		.inode = inode.number,
		.dev_major = inode.dev_major,
		.dev_minor = inode.dev_minor,
		/* BPF announces executable mappings only. */
		.executable = true,
		.path = path,
	};

	/* On overlayfs that is the path in the layer, which is the same in the overlay. */
	path_of_event(event, path);
	if (seep_files_get_gone(files, target->pid, target->root, &mapping, &file))
		return NULL;
	return file;
}

const struct seep_file *seep_file_of_event(struct seep_files *files,
					   const struct seep_target *target,
					   const struct seep_file_event *event)
{
	const struct seep_file *file = NULL;
	const struct seep_mapping *mapping;
	struct seep_maps maps;

	if (seep_maps_read(target->pid, &maps) == 0) {
		mapping = seep_maps_find(&maps, event->start);
		/* Its inode there need not be that of the event: probe/inodes.h. */
		if (mapping && mapping->inode &&
		    seep_files_get(files, target->pid, target->root, mapping, &file))
			file = NULL;
		seep_maps_done(&maps);
	}
	return file && is_file_of(file, event) ? file : file_by_path(files, target, event);
}

void seep_files_meet_mapped(struct seep_files *files, const struct seep_target *target)
{
	const struct seep_file *file;
	struct seep_maps maps;
	int error = seep_maps_read(target->pid, &maps);

	if (error)
		return;
	for (size_t i = 0; i < maps.num_mappings && !error; i++) {
		if (maps.mappings[i].executable && maps.mappings[i].inode)
			error = seep_files_get(files, target->pid, target->root, &maps.mappings[i],
					       &file);
	}
	seep_maps_done(&maps);
}
