// SPDX-License-Identifier: GPL-2.0-only
#include "base/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/units.h"

/* 0 if it is not known. */
static uint64_t columns_of(int fd)
{
	const char *text = getenv("COLUMNS");
	struct winsize size = {0};
	uint64_t columns;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return text && seep_parse_count(text, 1, UINT16_MAX, &columns) == 0 ? columns : 0;
}

size_t seep_terminal_columns(int fd)
{
	uint64_t columns = columns_of(fd);

	if (!columns)
		return SEEP_TERMINAL_COLUMNS_DEFAULT;
	if (columns < SEEP_TERMINAL_COLUMNS_MIN)
		return SEEP_TERMINAL_COLUMNS_MIN;
	return columns < SEEP_TERMINAL_COLUMNS_MAX ? columns : SEEP_TERMINAL_COLUMNS_MAX;
}

/* https://no-color.org, and terminals that understand nothing */
bool seep_terminal_has_color(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}
