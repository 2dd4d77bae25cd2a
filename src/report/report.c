/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/report.h"

#include <string.h>

const struct seep_report_format *seep_report_find(const char *name)
{
	static const struct seep_report_format *const formats[] = {
		&seep_report_text,  &seep_report_json,	     &seep_report_folded,
		&seep_report_pprof, &seep_report_flamegraph, &seep_report_html,
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	return NULL;
}
