/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Growing sites below one function, as people are told of them: "3 sites leak below parse_request
 * (server.c): 1.2 MiB/h together".
 */
#ifndef SEEP_REPORT_CALLERS_H
#define SEEP_REPORT_CALLERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/callers.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_caller_group {
	const struct seep_site **sites; /* as they were given; of one process and kind */
	size_t num_sites;
	const struct seep_site *site; /* one of them */
	bool leak;		      /* all of them; else some only grow */
	double per_s; /* all together: bytes, of threads and descriptors objects; NAN: not known */
	uint64_t frame; /* in the function that they have in common, of @site */
	bool in_common; /* that frame too: then its line is that of all */
};

struct seep_caller_groups {
	struct seep_caller_group *groups; /* the fastest first, by kind */
	size_t count;
	const struct seep_site **sites; /* those of the groups */
};

/* Of sites that grow. 0 or -ENOMEM. */
int seep_caller_groups_find(const struct seep_site *const *sites, size_t num_sites,
			    struct seep_symbolizer *symbolizer,
			    struct seep_caller_groups *ret_groups);
/* Of those of a snapshot that grow by their judgement. 0 or -ENOMEM. */
int seep_caller_groups_of_snapshot(const struct seep_snapshot *snapshot,
				   struct seep_symbolizer *symbolizer,
				   struct seep_caller_groups *ret_groups);
void seep_caller_groups_done(struct seep_caller_groups *groups);

/* The group that @site is in, or NULL. */
const struct seep_caller_group *seep_caller_group_of(const struct seep_caller_groups *groups,
						     const struct seep_site *site);

/* The function that they have in common: its line of symbols is the outermost at that frame. */
const struct seep_location *seep_caller_group_location(const struct seep_caller_group *group,
						       struct seep_symbolizer *symbolizer);

/* Appends "parse_request (server.c:42)"; the line only if it is that of all. */
void seep_caller_group_append_function(struct seep_buffer *buffer,
				       const struct seep_caller_group *group,
				       struct seep_symbolizer *symbolizer);
/* Appends "3 sites leak below parse_request (server.c): 1.2 MiB/h together". */
void seep_caller_group_append(struct seep_buffer *buffer, const struct seep_caller_group *group,
			      struct seep_symbolizer *symbolizer);

#endif
