/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands: what each takes, and what it does with that. */
#ifndef SEEP_APP_COMMANDS_H
#define SEEP_APP_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/config.h"

enum seep_exit {
	SEEP_EXIT_OK = 0,
	SEEP_EXIT_FAILED = 1,
	SEEP_EXIT_USAGE = 2,
	SEEP_EXIT_LEAK = 3,
	SEEP_EXIT_UNDECIDED = 4, /* too short, ended too soon, nothing to judge by */
};

/* In the order of seep --help. X(enum suffix, name) */
#define SEEP_COMMANDS(X)                                                                           \
	X(TRACE, trace)                                                                            \
	X(DETECT, detect)                                                                          \
	X(WATCH, watch)                                                                            \
	X(REPORT, report)                                                                          \
	X(DIFF, diff)                                                                              \
	X(DOCTOR, doctor)                                                                          \
	X(SIMULATE, simulate)                                                                      \
	X(COMPLETION, completion)

enum seep_command_id {
#define SEEP_COMMAND_ENUM(id, name) SEEP_COMMAND_##id,
	SEEP_COMMANDS(SEEP_COMMAND_ENUM)
#undef SEEP_COMMAND_ENUM
	SEEP_COMMAND_COUNT
};

struct seep_command {
	enum seep_command_id id;
	const char *name;
	const char *summary; /* for seep --help; the others are for its own */
	const char *usage;
	void (*more_help)(FILE *stream); /* below the usage; NULL: nothing */
	const char *examples;
	bool words_anywhere; /* words that are no options may stand among these */
	/*
	 * Checks options together, and takes @words, which are no options (NULL-terminated). 0, or
	 * -errno after saying what is wrong.
	 */
	int (*finish)(struct seep_config *config, char **words);
	/* Returns seep's exit status. */
	int (*run)(const struct seep_config *config);
};

#define SEEP_COMMAND_EXTERN(id, name) extern const struct seep_command seep_command_##name;
SEEP_COMMANDS(SEEP_COMMAND_EXTERN)
#undef SEEP_COMMAND_EXTERN

#endif
