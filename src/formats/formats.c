/* SPDX-License-Identifier: GPL-2.0-only */
#include "formats/formats.h"

#include <string.h>

#include "flame/flame.h"
#include "formats/pprof.h"
#include "report/fold.h"
#include "text/text.h"
#include "web/html.h"
#include "json/json.h"

const struct seep_report_format *seep_report_at(size_t index)
{
	static const struct seep_report_format *const formats[] = {
		&seep_report_text,  &seep_report_json,	     &seep_report_folded,
		&seep_report_pprof, &seep_report_flamegraph, &seep_report_html,
	};

	return index < sizeof(formats) / sizeof(formats[0]) ? formats[index] : NULL;
}

const struct seep_report_format *seep_report_find(const char *name)
{
	const struct seep_report_format *format;

	for (size_t i = 0; (format = seep_report_at(i)); i++) {
		if (strcmp(format->name, name) == 0)
			return format;
	}
	return NULL;
}

const struct seep_diff_format *seep_diff_at(size_t index)
{
	static const struct seep_diff_format *const formats[] = {
		&seep_diff_text,
		&seep_diff_json,
		&seep_diff_folded,
		&seep_diff_flamegraph,
	};

	return index < sizeof(formats) / sizeof(formats[0]) ? formats[index] : NULL;
}
