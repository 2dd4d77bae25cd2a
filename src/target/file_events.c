// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file event has the kernel's device and inode; to read the file a path or a mapping is needed.
 * The mappings of the target come first, as long as they are there; then the path that BPF has
 * sent. Either way the file counts only if it is that inode. follow.c of trace calls this for each
 * file event.
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

/* The inode of the event is that in its layer, by which a file that is open is known for good. */
static const struct seep_file *find_open(const struct seep_files *files,
					 const struct seep_file_event *event)
{
	struct seep_inode inode = seep_inode_of_event(event);
	const struct seep_file *file = seep_files_find(files, &inode);

	return file && file->fd >= 0 ? file : NULL;
}

const struct seep_file *seep_file_of_event(struct seep_files *files,
					   const struct seep_target *target,
					   const struct seep_file_event *event)
{
	const struct seep_file *file = find_open(files, event);

	if (file)
		return file;
	/*
	 * A process comes with an event for each of its files: one look at its mappings, which
	 * takes as long as they are many, meets them all.
	 */
	seep_files_meet_mapped(files, target);
	file = find_open(files, event);
	return file ? file : file_by_path(files, target, event);
}
