// SPDX-License-Identifier: GPL-2.0-only
/*
 * Placing the probes of a file. Functions of one kind and one way to see their return are attached
 * together, as one link where the kernel can do that, because a link for many probes costs one
 * grace period at its end and links of their own cost one each. A failed attachment leaves
 * functions without probes, never with some of them.
 */
#include "probe/attachment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/programs.h"

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

int seep_links_reserve(struct seep_links *links, size_t more)
{
	int *fds = realloc(links->fds, (links->count + more) * sizeof(*fds));

	if (!fds)
		return -ENOMEM;
	links->fds = fds;
	return 0;
}

/* The functions of a file that one kind of program serves. */
struct probe_group {
	struct seep_links *links; /* where they go to */
	size_t count;
	uint64_t *offsets;
	uint64_t *cookies;
};

/* Attaches one program to all places of the group; an empty group is done. 0 or -errno. */
static int attach_group(const struct seep_attachment *attachment, const struct probe_group *group,
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
	if (seep_links_reserve(group->links, SEEP_ATTACH_FDS(group->count)))
		return -ENOMEM;
	count = seep_attach(&request, group->links->fds + group->links->count);
	if (count < 0)
		return count;
	group->links->count += (size_t)count;
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
static void fill_entries(const struct seep_attachment *attachment, enum seep_kind kind,
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
static void fill_exits(const struct seep_attachment *attachment, enum seep_kind kind,
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

int seep_attach_rendezvous(const struct seep_attachment *attachment)
{
	uint64_t offset = attachment->file->rendezvous;
	uint64_t cookie = SEEP_COOKIE(attachment->probes->slot, 0);
	struct probe_group group = {&attachment->probes->links, 1, &offset, &cookie};

	if (!attachment->file->has_rendezvous)
		return 0;
	return attach_group(attachment, &group, SEEP_PROGRAM_LIBRARY_CHANGE, false);
}

/* The functions that are seen with a return probe: C allocators. */
static int attach_returning(const struct seep_attachment *attachment, struct probe_group *group)
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
static int attach_kind(const struct seep_attachment *attachment, enum seep_kind kind,
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

/* The given kinds, one after the other, with one pair of arrays: offsets first, then cookies. */
int seep_attach_kinds(const struct seep_attachment *attachment, uint32_t kinds)
{
	size_t most = attachment->file->num_functions + attachment->file->num_exits;
	/* Plus one, because calloc(0) may return NULL. */
	SEEP_AUTO_FREE uint64_t *space = calloc(2 * most + 1, sizeof(*space));
	struct probe_group group = {NULL, 0, space, space + most};
	int error = space ? 0 : -ENOMEM;

	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		if (!(SEEP_KINDS_OF_FUNCTIONS & kinds & SEEP_KIND_BIT(kind)))
			continue;
		group.links = kind == SEEP_KIND_MEMORY ? &attachment->probes->memory_links :
							 &attachment->probes->links;
		error = attach_kind(attachment, (enum seep_kind)kind, &group);
	}
	return error;
}
