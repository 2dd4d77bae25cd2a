/* SPDX-License-Identifier: GPL-2.0-only */
/* What the options of a command are made of: tables, from which options.c works. */
#ifndef SEEP_APP_OPTIONS_PRIVATE_H
#define SEEP_APP_OPTIONS_PRIVATE_H

#include <stddef.h>

#include "app/options.h"

#define SEEP_MAX_OPTION_ROWS 48

/*
 * A setter takes the value, and returns 0 or -errno; -ECANCELED if it has said why. A row without one
 * is --help.
 */
struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *value; /* what it is called in the help; NULL: takes none */
	const char *help;  /* NULL: not listed, for tests */
	const char *group; /* a heading that begins here, or NULL */
	int (*set)(struct seep_config *config, const char *value);
};

#define NUM_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

struct seep_options {
	const char *usage;
	void (*more_help)(FILE *stream); /* below the usage; NULL: nothing */
	const char *examples;
	const struct option_row *rows;
	size_t num_rows;
	bool words_anywhere; /* words that are no options may stand among these */
	/* What cannot be seen option by option; @stray is the first word behind the options. */
	int (*finish)(struct seep_config *config, char **stray);
};

#endif
