// SPDX-License-Identifier: GPL-2.0-only
#include "report/fold.h"

#include "report/names.h"
#include "symbol/walk.h"

/* The functions of a folded stack, and the marker of what is missing outside of them. */
static int fold_frames(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		       seep_fold_fn fn, void *context)
{
	/* One buffer for all names: each is valid only during its call of @fn. */
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_walk walk;
	int error = 0;

	/*
	 * The marker stands where the missing callers would be: outside of the outermost known
	 * function.
	 */
	seep_report_append_marker(&name, site->stack);
	if (name.length > 0 || name.error)
		error = name.error ? name.error : fn(context, name.data, NULL);
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_OUTERMOST_FIRST);
	while (!error && seep_walk_next(&walk)) {
		seep_buffer_reset(&name);
		seep_report_append_function(&name, walk.location, walk.line);
		error = name.error ? name.error : fn(context, name.data, walk.location->module);
	}
	return error;
}

int seep_report_fold_below(const char *root, bool show_kind, struct seep_symbolizer *symbolizer,
			   const struct seep_site *site, seep_fold_fn fn, void *context)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	int error = fn(context, root, NULL);

	/* In brackets, as no function is called so. */
	if (!error && show_kind) {
		seep_buffer_printf(&name, "[%s]", seep_kind_key(site->kind));
		error = name.error ? name.error : fn(context, name.data, NULL);
	}
	return error ? error : fold_frames(symbolizer, site, fn, context);
}

/* The process is the outermost name, so that processes stand side by side in a flame graph. */
int seep_report_fold(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_site *site, seep_fold_fn fn, void *context)
{
	SEEP_AUTO_BUFFER struct seep_buffer process = SEEP_BUFFER_INIT;

	seep_report_append_process(&process, snapshot, site->process);
	if (process.error)
		return process.error;
	return seep_report_fold_below(process.data, seep_snapshot_num_kinds(snapshot) > 1,
				      symbolizer, site, fn, context);
}
