/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that the runtime of a language keeps, read from the memory of the process at every
 * report: goroutines, and the objects of Go's heap profile. They become sites like those of the
 * kernel's table, with a history: which objects came to a site since the trace began, and which
 * went. What came and went between two reports is not seen. And the figures of Go's runtime,
 * whatever kinds are traced.
 *
 * Nothing of the process is stopped or changed. One thread.
 */
#ifndef SEEP_MANAGED_MANAGED_H
#define SEEP_MANAGED_MANAGED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/go_figures.h"
#include "model/snapshot.h"
#include "probe/files.h"
#include "stack/stacks.h"

struct seep_managed;

struct seep_managed_config {
	struct seep_files *files;
	struct seep_stacks *stacks;
	uint32_t kinds; /* SEEP_KIND_BIT of each; those that no runtime keeps are passed over */
	uint64_t min_age_ns;
};

/* What @config points to must outlive it. 0 or -ENOMEM. */
int seep_managed_new(const struct seep_managed_config *config, struct seep_managed **ret_managed);
void seep_managed_free(struct seep_managed *managed);

/*
 * Reads what @pid, with the process id @process and the root directory @root (struct seep_target),
 * has; of one that is not read any more the last reading stays. A runtime that cannot be read is
 * warned of once; single objects that cannot be are counted in seep_managed_unread.
 */
void seep_managed_take(struct seep_managed *managed, pid_t pid, uint32_t process, const char *root);

/* Has a runtime that keeps this kind been found in any process? Then the kind is traced. */
bool seep_managed_has(const struct seep_managed *managed, enum seep_kind kind);

/* Goroutines of all processes that could not be read, so far. */
uint64_t seep_managed_unread(const struct seep_managed *managed);

/* Forgets processes with other ids than those for which @is_known says true. */
void seep_managed_forget(struct seep_managed *managed,
			 bool (*is_known)(const void *context, uint32_t process),
			 const void *context);

/* A site at the last reading. */
struct seep_managed_site {
	struct seep_site_key key;
	const struct seep_site_value *value; /* as the kernel's table has it; without a scan */
	uint64_t sample_bytes; /* its objects are a sample, one in so many bytes; 0: they are all */
	bool existed;	       /* there were objects at the first reading */
	bool renewed;	       /* the last reading had news of it */
};

/* Calls @fn for each site until it returns non-zero, which is returned, else 0. */
int seep_managed_each_site(const struct seep_managed *managed,
			   int (*fn)(const struct seep_managed_site *site, void *context),
			   void *context);

/*
 * What the runtime of Go says of its memory; valid until the process is read again. NULL: there is
 * none, or it could not be read.
 */
const struct seep_go_figures *seep_managed_go(const struct seep_managed *managed, uint32_t process);

/* What the objects of a site are; valid until the process is read again. NULL: nothing. */
const struct seep_details *seep_managed_details(const struct seep_managed *managed,
						const struct seep_site_key *site);

#endif
