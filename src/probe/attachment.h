/* SPDX-License-Identifier: GPL-2.0-only */
/* Placing the probes of a file in a process; for probes.c. */
#ifndef SEEP_PROBE_ATTACHMENT_H
#define SEEP_PROBE_ATTACHMENT_H

#include "probe/probes.h"

/* What is being attached where. */
struct seep_attachment {
	struct seep_probes *probes;
	struct seep_kernel *kernel;
	enum seep_attach_variant variant;
	const struct seep_file *file;
};

/* Room for @more descriptors behind those that there are. 0 or -ENOMEM. */
int seep_links_reserve(struct seep_links *links, size_t more);

/*
 * A loader's _dl_debug_state, which it calls for debuggers when its list of libraries changes: to
 * be told at once of a library, which may bring its own allocator. 0 or -errno.
 */
int seep_attach_rendezvous(const struct seep_attachment *attachment);

/* The functions of these kinds (SEEP_KIND_BIT of each). 0 or -errno. */
int seep_attach_kinds(const struct seep_attachment *attachment, uint32_t kinds);

#endif
