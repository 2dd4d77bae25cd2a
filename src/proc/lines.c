// SPDX-License-Identifier: GPL-2.0-only
#include "proc/lines.h"

#include <stddef.h>
#include <string.h>

const char *seep_proc_line_find(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, name, length) == 0 && text[length] == ':') {
			text += length + 1;
			return text + strspn(text, " \t");
		}
	}
	return NULL;
}
