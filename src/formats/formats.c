// SPDX-License-Identifier: GPL-2.0-only
#include "formats/formats.h"

#include <string.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

const struct seep_report_format *seep_report_find(const char *name)
{
	static const struct seep_report_format *const formats[] = {
#define FORMAT(name) &seep_report_##name,
		SEEP_REPORT_FORMATS(FORMAT)
#undef FORMAT
	};

	for (size_t i = 0; i < NUM(formats); i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	return NULL;
}

const struct seep_diff_format *seep_diff_find(const char *name)
{
	static const struct seep_diff_format *const formats[] = {
#define FORMAT(name) &seep_diff_##name,
		SEEP_DIFF_FORMATS(FORMAT)
#undef FORMAT
	};

	for (size_t i = 0; i < NUM(formats); i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	return NULL;
}
