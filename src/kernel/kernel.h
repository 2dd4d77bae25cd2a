/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of a trace: seep's BPF programs and maps, from load to unload. What can be done
 * with them is in the other headers of this room, by noun. Only this room talks to libbpf. Nothing
 * is pinned: everything goes away when the last descriptor is closed, also when seep is killed.
 *
 * Order: seep_kernel_open, seep_kernel_listen (events.h), the rest in any order, seep_kernel_free.
 * One thread.
 */
#ifndef SEEP_KERNEL_KERNEL_H
#define SEEP_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/features.h"
#include "model/filter.h"
#include "model/limits.h"
#include "seep/abi.h"

struct seep_kernel;

/* What it points to is needed by seep_kernel_open only. */
struct seep_kernel_config {
	enum seep_attach_variant variant;
	const struct seep_filter *filter;
	const struct seep_limits *limits;
	bool user_heap; /* functions were named by the user */
	enum seep_scope_type scope;
	const char *comm; /* of SEEP_SCOPE_COMM */
	int cgroup_fd;	  /* of SEEP_SCOPE_CGROUP; else -1 */
	bool children;	  /* the children of traced processes are traced too */
	bool windows;	  /* processes may be traced in windows: kernel/budgets.h */
	uint32_t hazards; /* what returns cannot be probed with: see struct seep_features */
};

/*
 * Loads programs and maps. 0, or -errno after saying on standard error what is missing and what to
 * do: -EPERM (capabilities), -ENOENT (no BTF), -ENOMEM, -EINVAL (refused by the verifier).
 */
int seep_kernel_open(const struct seep_kernel_config *config, struct seep_kernel **ret_kernel);
void seep_kernel_free(struct seep_kernel *kernel);

#endif
