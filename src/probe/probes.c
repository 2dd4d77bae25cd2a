// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which files of a process are probed: seep_probes_add is called for each of them, and probes it
 * once; seep_probes_rebind when the thread ends that the links are bound to; and the probes of
 * allocators go and come with the windows of the governor. The number of links is bounded by
 * RLIMIT_NOFILE.
 */
#include "probe/probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/close.h"
#include "kernel/attach.h"
#include "probe/attachment.h"

/* All of a file that is probed at present. */
static int attach_file(const struct seep_attachment *attachment)
{
	uint32_t kinds = SEEP_ALL_KINDS;
	int error = seep_attach_rendezvous(attachment);

	if (attachment->probes->memory_closed)
		kinds &= ~SEEP_KIND_BIT(SEEP_KIND_MEMORY);
	return error ? error : seep_attach_kinds(attachment, kinds);
}

/* What became of a file. */
enum {
	/* Never met. */
	STATE_UNKNOWN,
	/*
	 * Looked at: it has nothing to probe, or its probes could not be placed, or were taken
	 * away.
	 */
	STATE_SEEN,
	/* All of its probes are placed. */
	STATE_PROBED,
};

/* Notes that the file was looked at. 1; 0 if it was before; -ENOMEM. */
static int see(struct seep_probes *probes, const struct seep_file *file)
{
	if (file->index >= probes->states_size) {
		/*
		 * Indexes grow by one with each file of the trace: doubling keeps reallocations
		 * few.
		 */
		size_t size = 2 * (size_t)file->index + 16;
		unsigned char *states = realloc(probes->states, size);

		if (!states)
			return -ENOMEM;
		memset(states + probes->states_size, STATE_UNKNOWN, size - probes->states_size);
		probes->states = states;
		probes->states_size = size;
	}
	if (probes->states[file->index] != STATE_UNKNOWN)
		return 0;
	probes->states[file->index] = STATE_SEEN;
	return 1;
}

bool seep_probes_has(const struct seep_probes *probes, const struct seep_file *file)
{
	return file->index < probes->states_size && probes->states[file->index] == STATE_PROBED;
}

int seep_probes_add(struct seep_probes *probes, struct seep_kernel *kernel,
		    enum seep_attach_variant variant, const struct seep_file *file)
{
	struct seep_attachment attachment = {probes, kernel, variant, file};
	/* Seen first: a file whose attachment fails is not tried again at every rescan. */
	int result = see(probes, file);

	if (result <= 0 || (!file->num_functions && !file->has_rendezvous))
		return result < 0 ? result : 0;
	result = attach_file(&attachment);
	if (result)
		return result;
	probes->states[file->index] = STATE_PROBED;
	probes->num_functions += file->num_functions;
	/* A loader has a rendezvous and mostly no traced function. */
	probes->num_files += file->num_functions > 0;
	return (int)file->num_functions;
}

size_t seep_probes_places_max(const struct seep_file *file)
{
	return file->num_functions + file->num_exits + 1;
}

/* Adds the places of memory, or those of everything else, to the @count that there are. */
static size_t add_places(const struct seep_file *file, bool memory, uint64_t *offsets, size_t count)
{
	for (size_t i = 0; i < file->num_functions; i++) {
		if ((file->functions[i].allocator->kind == SEEP_KIND_MEMORY) == memory)
			offsets[count++] = file->functions[i].offset;
	}
	for (size_t i = 0; i < file->num_exits; i++) {
		if ((file->exits[i].kind == SEEP_KIND_MEMORY) == memory)
			offsets[count++] = file->exits[i].offset;
	}
	if (file->has_rendezvous && !memory)
		offsets[count++] = file->rendezvous;
	return count;
}

size_t seep_probes_places(const struct seep_probes *probes, const struct seep_file *file,
			  uint64_t *ret_offsets)
{
	size_t count = add_places(file, false, ret_offsets, 0);

	return probes->memory_closed ? count : add_places(file, true, ret_offsets, count);
}

/* Keeps probes of @file, which links for the leader's memory placed, where they are. */
static int anchor_file(struct seep_probes *probes, const struct seep_file *file, bool memory)
{
	SEEP_AUTO_FREE uint64_t *offsets = calloc(seep_probes_places_max(file), sizeof(*offsets));
	struct seep_links *links = memory ? &probes->memory_links : &probes->links;
	struct seep_attach_request request = {
		.pid = probes->pid,
		.thread = probes->thread,
		.file_fd = file->fd,
		.offsets = offsets,
	};
	int count;

	if (!offsets)
		return -ENOMEM;
	/* Entries, exits and rendezvous alike: an anchor needs no program and no cookie. */
	request.count = add_places(file, memory, offsets, 0);
	if (!request.count || file->fd < 0)
		return 0;
	if (seep_links_reserve(links, request.count))
		return -ENOMEM;
	count = seep_attach_anchors(&request, links->fds + links->count);
	if (count < 0)
		return count;
	links->count += (size_t)count;
	return 0;
}

int seep_probes_rebind(struct seep_probes *probes, struct seep_kernel *kernel,
		       enum seep_attach_variant variant, const struct seep_file *const *files,
		       size_t num_files, pid_t thread)
{
	struct seep_probes old = *probes;
	int error = 0;

	probes->thread = thread;
	/*
	 * Links still run their program after the leader has ended, but place no more breakpoints.
	 */
	if (variant != SEEP_ATTACH_PERF) {
		for (size_t i = 0; i < num_files && !error; i++) {
			error = anchor_file(probes, files[i], false);
			if (!error && !probes->memory_closed)
				error = anchor_file(probes, files[i], true);
		}
		return error;
	}
	/* Events of a thread that has ended run nothing: nothing is counted twice. */
	*probes = (struct seep_probes){
		.pid = old.pid,
		.slot = old.slot,
		.thread = thread,
		.memory_closed = old.memory_closed,
	};
	for (size_t i = 0; i < num_files && error >= 0; i++)
		error = seep_probes_add(probes, kernel, variant, files[i]);
	seep_probes_done(&old);
	return error < 0 ? error : 0;
}

static size_t take(struct seep_links *links, int **ret_fds)
{
	size_t count = links->count;

	*ret_fds = links->fds;
	*links = (struct seep_links){0};
	return count;
}

size_t seep_probes_close_memory(struct seep_probes *probes, int **ret_links)
{
	probes->memory_closed = true;
	return take(&probes->memory_links, ret_links);
}

int seep_probes_open_memory(struct seep_probes *probes, struct seep_kernel *kernel,
			    enum seep_attach_variant variant, const struct seep_file *const *files,
			    size_t num_files)
{
	int error = 0;

	probes->memory_closed = false;
	for (size_t i = 0; i < num_files && error != -ESRCH && error != -ENOMEM; i++) {
		const struct seep_attachment attachment = {probes, kernel, variant, files[i]};
		int result;

		if (!seep_probes_has(probes, files[i]))
			continue;
		result = seep_attach_kinds(&attachment, SEEP_KIND_BIT(SEEP_KIND_MEMORY));
		error = result ? result : error;
	}
	return error;
}

size_t seep_probes_num_links(const struct seep_probes *probes)
{
	return probes->links.count + probes->memory_links.count;
}

size_t seep_probes_take_links(struct seep_probes *probes, int **ret_links)
{
	struct seep_links *links = &probes->links, *memory = &probes->memory_links;

	/* What is missing from here on is not lost. */
	for (size_t i = 0; i < probes->states_size; i++) {
		if (probes->states[i] == STATE_PROBED)
			probes->states[i] = STATE_SEEN;
	}
	/* Without memory for one list those of memory are closed here. */
	if (memory->count && seep_links_reserve(links, memory->count)) {
		seep_close_all(memory->fds, memory->count);
		memory->count = 0;
	}
	for (size_t i = 0; i < memory->count; i++)
		links->fds[links->count++] = memory->fds[i];
	free(memory->fds);
	*memory = (struct seep_links){0};
	return take(links, ret_links);
}

void seep_probes_done(struct seep_probes *probes)
{
	int *links;
	size_t count = seep_probes_take_links(probes, &links);

	seep_close_later(links, count);
	free(probes->states);
	/* PID and slot are gone as well: who uses the struct again sets them. */
	*probes = (struct seep_probes){0};
}
