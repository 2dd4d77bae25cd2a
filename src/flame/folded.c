// SPDX-License-Identifier: GPL-2.0-only
#include "flame/flame.h"
#include "flame/folded_lines.h"
#include "report/fold.h"
#include "report/report.h"

/* A site without a value has no line. */
static int add_site(struct seep_folded *folded, const struct seep_snapshot *snapshot,
		    struct seep_symbolizer *symbolizer, const struct seep_site *site,
		    enum seep_metric metric)
{
	uint64_t value = seep_site_metric(site, metric);
	int error;

	if (value == 0)
		return 0;
	error = seep_folded_begin(folded, 0, value);
	if (!error)
		error = seep_report_fold(snapshot, symbolizer, site, seep_folded_name, folded);
	return error ? error : seep_folded_end(folded);
}

static int render_folded(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			 const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct seep_folded folded;
	int error = 0;

	seep_folded_init(&folded);
	for (size_t i = 0; i < snapshot->num_sites && !error; i++)
		error = add_site(&folded, snapshot, symbolizer, &snapshot->sites[i],
				 options->metric);
	if (!error)
		error = seep_folded_write(&folded, false, buffer);
	seep_folded_done(&folded);
	return error;
}

const struct seep_report_format seep_report_folded = {
	.name = "folded",
	.render = render_folded,
};
