/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of a command, from a typed table: one row per option, from which parsing and help
 * come alike.
 */
#ifndef SEEP_APP_OPTIONS_H
#define SEEP_APP_OPTIONS_H

#include <stdio.h>

#include "app/config.h"

/* The options of one command. */
struct seep_options;
extern const struct seep_options seep_options_trace;
extern const struct seep_options seep_options_detect;
extern const struct seep_options seep_options_report;
extern const struct seep_options seep_options_diff;
extern const struct seep_options seep_options_doctor;
extern const struct seep_options seep_options_simulate;

/*
 * Parses the words behind the command's name, which is @argv[0], and calls @run with what they ask for;
 * or prints the help, or says what is wrong with them. seep's exit status: @run's, or that of these.
 */
int seep_options_run(const struct seep_options *options, int argc, char **argv,
		     int (*run)(struct seep_config *config));

#endif
