// SPDX-License-Identifier: GPL-2.0-only
#include "formats/formats.h"

#include <string.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

const struct seep_report_format *seep_report_at(size_t index)
{
	static const struct seep_report_format *const formats[] = {
#define FORMAT(NAME, name, help) &seep_report_##name,
		SEEP_REPORT_FORMATS(FORMAT)
#undef FORMAT
	};

	return index < NUM(formats) ? formats[index] : NULL;
}

/* By name, as outputs and tests ask for it; the options know formats by index. */
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
#define FORMAT(name) &seep_diff_##name,
		SEEP_DIFF_FORMATS(FORMAT)
#undef FORMAT
	};

	return index < NUM(formats) ? formats[index] : NULL;
}
