// SPDX-License-Identifier: GPL-2.0-only
#include "proc/lines.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *seep_proc_line_find(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, name, length) == 0 && text[length] == ':') {
			/* Tabs or spaces stand between the colon and the value. */
			text += length + 1;
			return text + strspn(text, " \t");
		}
	}
	return NULL;
}

int seep_proc_take_number(const char **at, uint64_t *ret_value)
{
	char *end;

	/* strtoull would also take white space and a plus sign. */
	if (!(**at >= '0' && **at <= '9') && **at != '-')
		return -EINVAL;
	errno = 0;
	*ret_value = strtoull(*at, &end, 10);
	if (errno || end == *at)
		return -EINVAL;
	*at = end;
	return 0;
}

int seep_proc_take_text(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length) != 0)
		return -EINVAL;
	*at += length;
	return 0;
}
