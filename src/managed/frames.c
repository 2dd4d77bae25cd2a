// SPDX-License-Identifier: GPL-2.0-only
#include "managed/frames.h"

#include <errno.h>
#include <string.h>

/* The frame at an address: of the file that is mapped there, or else the address. 0 or -ENOMEM. */
static int frame_at(const struct seep_frames_of *of, uint64_t address, uint64_t *ret_frame)
{
	const struct seep_mapping *mapping = seep_maps_find(of->maps, address);
	const struct seep_file *file;
	uint32_t id;
	int error;

	*ret_frame = SEEP_FRAME_RAW | address;
	if (!mapping || !mapping->executable)
		return 0;
	if (strcmp(mapping->path, "[vdso]") == 0) {
		*ret_frame = SEEP_FRAME(SEEP_FILE_VDSO, address - mapping->start);
		return 0;
	}
	if (!mapping->inode)
		return 0;
	error = seep_files_get(of->files, of->pid, of->root, mapping, &file);
	if (!error)
		error = seep_files_frame_id(of->files, file, &id);
	if (!error)
		*ret_frame = SEEP_FRAME(id, address - mapping->start + mapping->offset);
	return error;
}

int seep_frames_make(const struct seep_frames_of *of, const struct seep_go_stack *stack,
		     struct seep_frames *ret_frames)
{
	uint64_t *frames = ret_frames->frames;
	size_t count = 0;
	int error = 0;

	while (count < stack->num_addresses && count < SEEP_MAX_FRAMES && !error) {
		error = frame_at(of, stack->addresses[count], &frames[count]);
		count++;
	}
	if (!error && stack->created_at) {
		/* Of the deepest stacks two frames are less than who made them. */
		if (count > SEEP_MAX_FRAMES - 2)
			count = SEEP_MAX_FRAMES - 2;
		frames[count++] = SEEP_ORIGIN_FRAME(SEEP_ORIGIN_CREATOR);
		error = frame_at(of, stack->created_at, &frames[count++]);
	}
	ret_frames->count = count;
	ret_frames->end = (enum seep_end)stack->end;
	ret_frames->hash = seep_stacks_hash(frames, count, ret_frames->end);
	return error;
}
