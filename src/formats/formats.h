/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats of reports and of comparisons, by name. These lists are the only place that a format
 * has to be put on: docs/developers/formats.md.
 */
#ifndef SEEP_FORMATS_FORMATS_H
#define SEEP_FORMATS_FORMATS_H

#include "report/diff.h"
#include "report/report.h"

/*
 * Formats of which a trace writes a file at every report; X(NAME, name, help). The option is
 * --name, the format seep_report_name, in whichever room it is; the help is that of the option.
 */
#define SEEP_FILE_FORMATS(X)                                                                       \
	X(JSON, json, "one JSON object per line and report")                                       \
	X(FOLDED, folded, "folded stacks, for flamegraph.pl or speedscope")                        \
	X(PPROF, pprof, "gzipped profile.proto, for go tool pprof")                                \
	X(FLAMEGRAPH, flamegraph, "flame graph, an SVG for a browser")                             \
	X(HTML, html, "all of it as one page for a browser")

/* All formats of seep report, text first. */
#define SEEP_REPORT_FORMATS(X)                                                                     \
	X(TEXT, text, NULL)                                                                        \
	SEEP_FILE_FORMATS(X)

/* X(name): the format is seep_diff_NAME. */
#define SEEP_DIFF_FORMATS(X)                                                                       \
	X(text)                                                                                    \
	X(json)                                                                                    \
	X(folded)                                                                                  \
	X(flamegraph)

#define SEEP_REPORT_FORMAT(NAME, name, help)                                                       \
	extern const struct seep_report_format seep_report_##name;
SEEP_REPORT_FORMATS(SEEP_REPORT_FORMAT)
#undef SEEP_REPORT_FORMAT

#define SEEP_DIFF_FORMAT(name) extern const struct seep_diff_format seep_diff_##name;
SEEP_DIFF_FORMATS(SEEP_DIFF_FORMAT)
#undef SEEP_DIFF_FORMAT

/* In the order of the list; NULL past the last one. */
const struct seep_report_format *seep_report_at(size_t index);
const struct seep_diff_format *seep_diff_at(size_t index);
/* NULL if there is no such format. */
const struct seep_report_format *seep_report_find(const char *name);

#endif
