/* SPDX-License-Identifier: GPL-2.0-only */
/* What the terminal can show that text is written to, if there is one. */
#ifndef SEEP_BASE_TERMINAL_H
#define SEEP_BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define SEEP_TERMINAL_COLUMNS_MIN     60
#define SEEP_TERMINAL_COLUMNS_MAX     200
#define SEEP_TERMINAL_COLUMNS_DEFAULT 100

/*
 * Of the terminal @fd, else what COLUMNS says, else the default; but no less and no more than the
 * bounds.
 */
size_t seep_terminal_columns(int fd);

/* False without a terminal, if the user wants none (NO_COLOR), and if it knows none. */
bool seep_terminal_has_color(int fd);

#endif
