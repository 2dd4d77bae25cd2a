// SPDX-License-Identifier: GPL-2.0-only
#include "flame/flame.h"
#include "flame/folded_lines.h"
#include "report/diff.h"

/*
 * A path that is gone has 0 as its second number, a new one 0 as its first: the readers of this
 * format draw both. Only what has no value on either side is left out.
 */
static int add_change(struct seep_folded *folded, const struct seep_diff *diff,
		      const struct seep_change *change)
{
	enum seep_metric metric = diff->comparison->metric;
	uint64_t before = seep_amount_metric(&change->before, metric);
	uint64_t after = seep_amount_metric(&change->after, metric);
	int error;

	if (before == 0 && after == 0)
		return 0;
	error = seep_folded_begin(folded, before, after);
	if (!error)
		error = seep_diff_fold(diff, change, seep_folded_name, folded);
	return error ? error : seep_folded_end(folded);
}

static int render_folded(const struct seep_diff *diff, const struct seep_report_options *options,
			 struct seep_buffer *buffer)
{
	struct seep_folded folded;
	int error = 0;

	(void)options;
	seep_folded_init(&folded);
	for (size_t i = 0; i < diff->comparison->num_changes && !error; i++)
		error = add_change(&folded, diff, &diff->comparison->changes[i]);
	if (!error)
		error = seep_folded_write(&folded, true, buffer);
	seep_folded_done(&folded);
	return error;
}

const struct seep_diff_format seep_diff_folded = {
	.name = "folded",
	.render = render_folded,
};
