/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of a command, from a typed table: one row per option, from which parsing and help
 * come alike.
 */
#ifndef SEEP_APP_OPTIONS_H
#define SEEP_APP_OPTIONS_H

#include <stdio.h>

#include "app/config.h"

enum seep_parse_result {
	SEEP_PARSE_RUN,	 /* go on with the filled configuration */
	SEEP_PARSE_HELP, /* --help was asked for */
	SEEP_PARSE_USAGE /* wrong, and said why on standard error */
};

/* The options of one command. */
struct seep_options;
extern const struct seep_options seep_options_trace;
extern const struct seep_options seep_options_doctor;

/* Parses the words behind the command's name (@argv[0] is the name). */
enum seep_parse_result seep_options_parse(const struct seep_options *options, int argc, char **argv,
					  struct seep_config *config);

/* Prints the help of the command to @stream. */
void seep_options_help(const struct seep_options *options, FILE *stream);

#endif
