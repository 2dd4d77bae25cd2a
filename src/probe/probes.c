// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching: seep_probes_add is called for each file of a target, which it probes once, and
 * seep_probes_rebind when the thread ends that the links are bound to. Functions of one kind and
 * one way to see their return are attached together, as one link where the kernel can do that,
 * because a link for many probes costs one grace period at its end and links of their own cost one
 * each. The number of links is bounded by RLIMIT_NOFILE; a failed attachment leaves the file
 * without probes, never with some of them.
 */
#include "probe/probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/close.h"
#include "kernel/attach.h"
#include "kernel/programs.h"

/* What is being attached where. */
struct attachment {
	struct seep_probes *probes;
	struct seep_kernel *kernel;
	enum seep_attach_variant variant;
	const struct seep_file *file;
};

/* What serves the functions of a kind. */
struct programs {
	enum seep_program once;	 /* functions of which the entry is enough */
	enum seep_program entry; /* those that are seen at their return instructions */
	enum seep_program exit;
};

static const struct programs programs[SEEP_KIND_COUNT] = {
	/* Kinds that are seen at system calls have no functions, and no row. */
	[SEEP_KIND_MEMORY] = {SEEP_PROGRAM_FREE_ENTRY, SEEP_PROGRAM_CALL_ENTRY,
			      SEEP_PROGRAM_CALL_EXIT},
	[SEEP_KIND_THREAD] = {SEEP_PROGRAM_THREAD_ONCE, SEEP_PROGRAM_THREAD_ENTRY,
			      SEEP_PROGRAM_THREAD_EXIT},
};

/* Room for @more descriptors behind those that there are. 0 or -ENOMEM. */
static int reserve_links(struct seep_probes *probes, size_t more)
{
	int *links = realloc(probes->links, (probes->num_links + more) * sizeof(*links));

	if (!links)
		return -ENOMEM;
	probes->links = links;
	return 0;
}

/* The functions of a file that one kind of program serves. */
struct probe_group {
	size_t count;
	uint64_t *offsets;
	uint64_t *cookies;
};

/* Attaches one program to all places of the group; an empty group is done. 0 or -errno. */
static int attach_group(const struct attachment *attachment, const struct probe_group *group,
			enum seep_program program, bool at_return)
{
	struct seep_probes *probes = attachment->probes;
	struct seep_attach_request request = {
		.program_fd = seep_kernel_program_fd(attachment->kernel, program),
		/*
		 * Only C allocators have sessions: all others need one end of a call, never the
		 * pair.
		 */
		.variant = program == SEEP_PROGRAM_ALLOC_SESSION ?
				   SEEP_ATTACH_SESSION :
				   seep_attach_entry_variant(attachment->variant),
		.at_return = at_return,
		.pid = probes->pid,
		.thread = probes->thread,
		.file_fd = attachment->file->fd,
		.count = group->count,
		.offsets = group->offsets,
		.cookies = group->cookies,
	};
	int count;

	if (!group->count)
		return 0;
	/*
	 * The room comes first: descriptors that could not be stored would have to be closed again.
	 */
	if (reserve_links(probes, SEEP_ATTACH_FDS(group->count)))
		return -ENOMEM;
	count = seep_attach(&request, probes->links + probes->num_links);
	if (count < 0)
		return count;
	probes->num_links += (size_t)count;
	return 0;
}

/* The caller has made room: attach_file does, for all functions and exits of the file. */
static void add_to_group(struct probe_group *group, uint64_t offset, uint64_t cookie)
{
	group->offsets[group->count] = offset;
	group->cookies[group->count] = cookie;
	group->count++;
}

/* The places where the functions of a kind are entered whose return is seen in the way @way. */
static void fill_entries(const struct attachment *attachment, enum seep_kind kind,
			 enum seep_return_way way, struct probe_group *group)
{
	const struct seep_file *file = attachment->file;

	group->count = 0;
	for (size_t i = 0; i < file->num_functions; i++) {
		const struct seep_file_function *function = &file->functions[i];

		if (function->allocator->kind == kind && function->way == way)
			add_to_group(group, function->offset,
				     SEEP_COOKIE(attachment->probes->slot, function->probe));
	}
}

/* The places where they return. One that functions share is probed once. */
static void fill_exits(const struct attachment *attachment, enum seep_kind kind,
		       struct probe_group *group)
{
	const struct seep_file *file = attachment->file;

	group->count = 0;
	for (size_t i = 0; i < file->num_exits; i++) {
		const struct seep_file_exit *exit = &file->exits[i];

		if (exit->kind == kind)
			add_to_group(group, exit->offset,
				     SEEP_COOKIE(attachment->probes->slot, exit->probe));
	}
}

/*
 * A loader's _dl_debug_state, which it calls for debuggers when its list of libraries changes: to
 * be told at once of a library, which may bring its own allocator.
 */
static int attach_rendezvous(const struct attachment *attachment)
{
	uint64_t offset = attachment->file->rendezvous;
	uint64_t cookie = SEEP_COOKIE(attachment->probes->slot, 0);
	struct probe_group group = {1, &offset, &cookie};

	if (!attachment->file->has_rendezvous)
		return 0;
	return attach_group(attachment, &group, SEEP_PROGRAM_LIBRARY_CHANGE, false);
}

/* The functions that are seen with a return probe: C allocators. */
static int attach_returning(const struct attachment *attachment, struct probe_group *group)
{
	int error;

	fill_entries(attachment, SEEP_KIND_MEMORY, SEEP_RETURN_PROBE, group);
	if (attachment->variant == SEEP_ATTACH_SESSION)
		return attach_group(attachment, group, SEEP_PROGRAM_ALLOC_SESSION, false);
	error = attach_group(attachment, group, SEEP_PROGRAM_ALLOC_RETURN, true);
	if (error)
		return error;
	return attach_group(attachment, group, SEEP_PROGRAM_ALLOC_ENTRY, false);
}

/*
 * The functions of a kind; @group has room for them. The order counts in a process at work: what
 * releases comes before what creates, so that no object is seen whose end is not; a return before
 * its entry, or the call would look like one that never ends.
 */
static int attach_kind(const struct attachment *attachment, enum seep_kind kind,
		       struct probe_group *group)
{
	const struct programs *of_kind = &programs[kind];
	int error;

	fill_entries(attachment, kind, SEEP_RETURN_UNUSED, group);
	error = attach_group(attachment, group, of_kind->once, false);
	if (error)
		return error;
	if (kind == SEEP_KIND_MEMORY) {
		error = attach_returning(attachment, group);
		if (error)
			return error;
	}
	fill_exits(attachment, kind, group);
	error = attach_group(attachment, group, of_kind->exit, false);
	if (error)
		return error;
	fill_entries(attachment, kind, SEEP_RETURN_EXITS, group);
	return attach_group(attachment, group, of_kind->entry, false);
}

/* All kinds, one after the other, with one pair of arrays: offsets first, cookies behind them. */
static int attach_file(const struct attachment *attachment)
{
	size_t most = attachment->file->num_functions + attachment->file->num_exits;
	/* Plus one, because calloc(0) may return NULL. */
	SEEP_AUTO_FREE uint64_t *space = calloc(2 * most + 1, sizeof(*space));
	struct probe_group group = {0, space, space + most};
	int error;

	if (!space)
		return -ENOMEM;
	error = attach_rendezvous(attachment);
	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		if (SEEP_KINDS_OF_FUNCTIONS & SEEP_KIND_BIT(kind))
			error = attach_kind(attachment, (enum seep_kind)kind, &group);
	}
	return error;
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
	struct attachment attachment = {probes, kernel, variant, file};
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

size_t seep_probes_places(const struct seep_file *file, uint64_t *ret_offsets)
{
	size_t count = 0;

	for (size_t i = 0; i < file->num_functions; i++)
		ret_offsets[count++] = file->functions[i].offset;
	for (size_t i = 0; i < file->num_exits; i++)
		ret_offsets[count++] = file->exits[i].offset;
	if (file->has_rendezvous)
		ret_offsets[count++] = file->rendezvous;
	return count;
}

/* Keeps the probes of @file, which links for the leader's memory placed, where they are. */
static int anchor_file(struct seep_probes *probes, const struct seep_file *file)
{
	SEEP_AUTO_FREE uint64_t *offsets = calloc(seep_probes_places_max(file), sizeof(*offsets));
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
	request.count = seep_probes_places(file, offsets);
	if (!request.count || file->fd < 0)
		return 0;
	if (reserve_links(probes, request.count))
		return -ENOMEM;
	count = seep_attach_anchors(&request, probes->links + probes->num_links);
	if (count < 0)
		return count;
	probes->num_links += (size_t)count;
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
		for (size_t i = 0; i < num_files && !error; i++)
			error = anchor_file(probes, files[i]);
		return error;
	}
	/* Events of a thread that has ended run nothing: nothing is counted twice. */
	*probes = (struct seep_probes){.pid = old.pid, .slot = old.slot, .thread = thread};
	for (size_t i = 0; i < num_files && error >= 0; i++)
		error = seep_probes_add(probes, kernel, variant, files[i]);
	seep_probes_done(&old);
	return error < 0 ? error : 0;
}

size_t seep_probes_take_links(struct seep_probes *probes, int **ret_links)
{
	size_t count = probes->num_links;

	*ret_links = probes->links;
	probes->links = NULL;
	probes->num_links = 0;
	/* What is missing from here on is not lost. */
	for (size_t i = 0; i < probes->states_size; i++) {
		if (probes->states[i] == STATE_PROBED)
			probes->states[i] = STATE_SEEN;
	}
	return count;
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
