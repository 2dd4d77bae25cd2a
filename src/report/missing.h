/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions without a name in the stacks of a report, and what would give them one. */
#ifndef SEEP_REPORT_MISSING_H
#define SEEP_REPORT_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

#define SEEP_MISSING_MAX 3

/* Begins empty; what it refers to belongs to the snapshot and the symbolizer. */
struct seep_missing {
	size_t count;
	bool more; /* than there is room for */
	struct {
		const char *name; /* of the file, or of what runs the code */
		const char *remedy;
	} places[SEEP_MISSING_MAX];
};

/* Looks at the stack of a site, as long as there is room. */
void seep_missing_add(struct seep_missing *missing, struct seep_symbolizer *symbolizer,
		      const struct seep_site *site);

/* A process that no site is known of, if all of its own code is without names: that of Java. */
void seep_missing_add_process(struct seep_missing *missing, const struct seep_process *process);

/* The same of the @top sites with live objects that have most. */
void seep_missing_add_largest(struct seep_missing *missing, struct seep_symbolizer *symbolizer,
			      const struct seep_snapshot *snapshot, size_t top);

/*
 * Appends "Names are missing: libc.so.6 (install the package libc6-dbg)."; nothing if every
 * function has a name.
 */
void seep_missing_append(struct seep_buffer *buffer, const struct seep_missing *missing);

#endif
