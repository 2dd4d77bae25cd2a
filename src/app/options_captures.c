// SPDX-License-Identifier: GPL-2.0-only
/* The options of the commands that read captures. */
#include <errno.h>
#include <string.h>

#include "app/options_values.h"
#include "base/log.h"
#include "base/units.h"
#include "formats/formats.h"
#include "report/diff.h"
#include "report/report.h"
#include "web/html.h"

/* --- setters ----------------------------------------------------------------------------------- */

static int set_format(struct seep_config *config, const char *value)
{
	config->format = seep_report_find(value);
	return config->format ? 0 : -EINVAL;
}

static int set_diff_format(struct seep_config *config, const char *value)
{
	config->diff_format = seep_diff_find(value);
	return config->diff_format ? 0 : -EINVAL;
}

static int set_at(struct seep_config *config, const char *value)
{
	return seep_parse_duration(value, &config->at_ns);
}

static int set_since(struct seep_config *config, const char *value)
{
	config->since_given = true;
	return seep_parse_duration(value, &config->since_ns);
}

static int set_from(struct seep_config *config, const char *value)
{
	config->from_given = true;
	return seep_parse_duration(value, &config->from_ns);
}

/* --- the tables -------------------------------------------------------------------------------- */

static const struct option_row report_rows[] = {
	{0, "format", "NAME", "text (default), json, folded, pprof, flamegraph, html", "Output",
	 set_format},
	{0, "metric", "NAME", "of folded stacks and flame graph: live-bytes (default), ...", NULL,
	 seep_set_metric},
	{0, "at", "TIME", "so long after the capture began (default: at its end)", NULL, set_at},
	{0, "since", "TIME", "only what was made, released and grew since then", NULL, set_since},
	{'n', "top", "N", "sites in the text report (default 10)", NULL, seep_set_top},
	{'v', "verbose", NULL, "build IDs, offsets, every counter", NULL, seep_set_verbose},
	{'h', "help", NULL, "this text", NULL, NULL},
};

static const struct option_row diff_rows[] = {
	{0, "from", "TIME", "of OLD, so long after it began (default: its end)", "Moments",
	 set_from},
	{0, "to", "TIME", "the same of NEW; of one CAPTURE: from its beginning to its end", NULL,
	 set_at},
	{'k', "kinds", "KIND[,KIND...]", "memory, mapping, thread, fd (default: all)", "What",
	 seep_set_kinds},
	{0, "metric", "NAME",
	 "what grew: live-bytes (default), live-objects, alloc-bytes,\n"
	 "alloc-objects; threads and descriptors count as objects",
	 NULL, seep_set_metric},
	{0, "format", "NAME", "text (default), json, folded (STACK OLD NEW), flamegraph", "Output",
	 set_diff_format},
	{'n', "top", "N", "new, grown, shrunk and gone sites, of each (default 10)", NULL,
	 seep_set_top},
	{'v', "verbose", NULL, "build IDs, offsets, ids of sites", NULL, seep_set_verbose},
	{'h', "help", NULL, "this text", NULL, NULL},
};

/* --- options together -------------------------------------------------------------------------- */

static int finish_report(struct seep_config *config, char **words)
{
	if (!*words || words[1]) {
		seep_error("which capture? give the file that seep trace -o has written");
		return -EINVAL;
	}
	if (config->since_given && config->format == &seep_report_html) {
		seep_error("--since is not for html, whose charts show the whole course; seep diff "
			   "has a flame graph of what grew");
		return -EINVAL;
	}
	config->capture = *words;
	return 0;
}

/* One capture is compared with itself, from its first report on unless that is said. */
static int finish_diff(struct seep_config *config, char **words)
{
	if (!words[0] || (words[1] && words[2])) {
		seep_error("which captures? give two, or one and its moments");
		return -EINVAL;
	}
	if (!config->kinds_given)
		config->filter.kinds = SEEP_ALL_KINDS;
	if (!words[1] && !config->from_given)
		config->from_ns = 0;
	config->old_capture = words[0];
	config->capture = words[1] ? words[1] : words[0];
	return 0;
}

const struct seep_options seep_options_report = {
	.usage = "Usage: seep report CAPTURE [options]\n\n"
		 "Shows what a capture (seep trace -o) has of one moment. Needs no root.\n",
	.rows = report_rows,
	.num_rows = NUM_ROWS(report_rows),
	.examples = "\nThe text goes to standard output, as do the other formats.\n"
		    "\nExamples:\n"
		    "  seep report server.seep\n"
		    "  seep report server.seep --format html > server.html\n"
		    "  seep report server.seep --at 10m --format flamegraph > after_10m.svg\n",
	.words_anywhere = true,
	.finish = finish_report,
};

const struct seep_options seep_options_diff = {
	.usage =
		"Usage: seep diff OLD NEW [options]\n"
		"  or:  seep diff CAPTURE [--from TIME] [--to TIME] [options]\n\n"
		"Shows what is new, what grew, shrank or is gone from one capture (seep trace -o) to\n"
		"another, or from one moment of a capture to a later one. Sites are found again by path\n"
		"and program, whatever the PIDs; those of other builds by the names of their functions.\n"
		"Needs no root.\n",
	.rows = diff_rows,
	.num_rows = NUM_ROWS(diff_rows),
	.examples = "\nExamples:\n"
		    "  seep diff v1.seep v2.seep\n"
		    "  seep diff server.seep --from 10m --to 1h\n"
		    "  seep diff v1.seep v2.seep --format flamegraph > grown.svg\n",
	.words_anywhere = true,
	.finish = finish_diff,
};
