/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks as lists of names, from the outermost function to the allocator: folded stacks and flame
 * graphs.
 */
#ifndef SEEP_REPORT_FOLD_H
#define SEEP_REPORT_FOLD_H

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/*
 * Gets a name of a folded stack, valid during the call, and the file that the function is in, raw;
 * NULL: it is none. 0, or what the folding is to return.
 */
typedef int (*seep_fold_fn)(void *context, const char *name, const char *module);

/*
 * Calls @fn with each name of the site's folded stack: process, marker, functions from the
 * outermost to the allocator. Stops at the first result that is not 0 and returns it; else 0 or
 * -ENOMEM.
 */
int seep_report_fold(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_site *site, seep_fold_fn fn, void *context);
/* The same with another first name, which is clean, and the kind behind it if @show_kind. */
int seep_report_fold_below(const char *root, bool show_kind, struct seep_symbolizer *symbolizer,
			   const struct seep_site *site, seep_fold_fn fn, void *context);

#endif
