/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of a command, by the rows of options_table.c. */
#ifndef SEEP_APP_OPTIONS_H
#define SEEP_APP_OPTIONS_H

#include "app/commands.h"

/*
 * Fills in @config, which seep_config_init has made empty, from the defaults of @command and the
 * words behind its name, which is @argv[0]. 0, with *ret_help if its help was asked for; or -errno
 * after saying what is wrong.
 */
int seep_options_parse(const struct seep_command *command, int argc, char **argv,
		       struct seep_config *config, bool *ret_help);

/* Parses and runs, or prints the help. Returns seep's exit status. */
int seep_options_run(const struct seep_command *command, int argc, char **argv);

#endif
