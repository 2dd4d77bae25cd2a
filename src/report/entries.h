/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One leak, one entry: findings that people would call the same are joined. They are of one process
 * and kind, and have the same function of the program in their stacks: several calls in it, a loop
 * that the compiler has unrolled, and the paths of a library below it are parts of one leak.
 */
#ifndef SEEP_REPORT_ENTRIES_H
#define SEEP_REPORT_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_entry {
	const struct seep_site *const *sites; /* the worst first; of one process and kind */
	size_t num_sites;
	double per_s; /* of all together; NAN: not known of one of them */
	uint64_t live_bytes;
	uint64_t live_objects;
	bool estimated; /* some of its numbers: see model/sampling.h */
};

struct seep_entries {
	size_t num;
	struct seep_entry *entries; /* in the order of their first sites */
	const struct seep_site **sites;
};

/*
 * Joins @count sites, which have judgements; their order decides which is first in an entry. 0 or
 * -ENOMEM; the caller ends it with seep_entries_done, also after a failure.
 */
int seep_entries_join(const struct seep_site *const *sites, size_t count,
		      struct seep_symbolizer *symbolizer, struct seep_entries *ret_entries);
void seep_entries_done(struct seep_entries *entries);

/*
 * Appends by what the entry of @site is known: "open_session", or "SSL_CTX_new below open_session"
 * where a library allocates for the program. Clean. @columns: at most for each of the names.
 */
void seep_entry_append_name(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
			    const struct seep_site *site, size_t columns);

#endif
