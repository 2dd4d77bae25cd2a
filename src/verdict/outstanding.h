/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process has left when it ended: blocks that it allocated and never released. Not counted
 * is what the C library and the loader keep for themselves as long as a process lives, such as the
 * buffer of standard output.
 */
#ifndef SEEP_VERDICT_OUTSTANDING_H
#define SEEP_VERDICT_OUTSTANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_outstanding {
	uint64_t blocks;
	uint64_t bytes;
	size_t num_sites;
	const struct seep_site *largest; /* by bytes; NULL: there is none */
};

/* Has this site blocks that its program should have released before its end? */
bool seep_site_is_outstanding(const struct seep_site *site, struct seep_symbolizer *symbolizer);

/* Adds those of a site. Names are resolved for it. */
void seep_outstanding_add(struct seep_outstanding *sum, const struct seep_site *site,
			  struct seep_symbolizer *symbolizer);

#endif
