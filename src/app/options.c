// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "app/commands.h"
#include "app/options_private.h"
#include "base/log.h"

/* Values that getopt_long returns for rows without a letter. */
#define LONG_ONLY 256

static void print_row(FILE *stream, const struct option_row *row)
{
	char left[64];
	const char *help = row->help, *line_end;

	snprintf(left, sizeof(left), "%s%s--%s%s%s",
		 row->letter ? (const char[]){'-', row->letter, '\0'} : "  ",
		 row->letter ? ", " : "  ", row->name, row->value ? " " : "",
		 row->value ? row->value : "");
	fprintf(stream, "  %-28s", left);
	while ((line_end = strchr(help, '\n'))) {
		fprintf(stream, "%.*s\n  %-28s", (int)(line_end - help), help, "");
		help = line_end + 1;
	}
	fprintf(stream, "%s\n", help);
}

static void print_help(const struct seep_options *options, FILE *stream)
{
	fputs(options->usage, stream);
	if (options->more_help)
		options->more_help(stream);
	for (size_t i = 0; i < options->num_rows; i++) {
		const struct option_row *row = &options->rows[i];

		if (row->group)
			fprintf(stream, "\n%s:\n", row->group);
		if (row->help)
			print_row(stream, row);
	}
	fputs(options->examples, stream);
}

/* --- parsing ----------------------------------------------------------------------------------- */

static void fill_getopt(const struct seep_options *options,
			struct option longs[SEEP_MAX_OPTION_ROWS + 1],
			char shorts[3 * SEEP_MAX_OPTION_ROWS + 3])
{
	char *letter = shorts;

	if (!options->words_anywhere)
		*letter++ = '+'; /* stop at the first word that is no option */
	*letter++ = ':';	 /* tell a missing value from an unknown option */
	for (size_t i = 0; i < options->num_rows; i++) {
		const struct option_row *row = &options->rows[i];

		longs[i] = (struct option){
			.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = row->letter ? row->letter : LONG_ONLY + (int)i,
		};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->value)
			*letter++ = ':';
	}
	*letter = '\0';
	longs[options->num_rows] = (struct option){0};
}

static const struct option_row *find_row(const struct seep_options *options, int value)
{
	for (size_t i = 0; i < options->num_rows; i++) {
		if (value == options->rows[i].letter || value == LONG_ONLY + (int)i)
			return &options->rows[i];
	}
	return NULL;
}

static int apply(const struct option_row *row, struct seep_config *config, const char *value)
{
	int error = row->set(config, value);

	if (error == -ERANGE)
		seep_error("--%s %s: out of range", row->name, value);
	else if (error == -EEXIST)
		seep_error(
			"--%s: there is a scope already; give one of -p, -g, -c, -a or -- COMMAND",
			row->name);
	else if (error && error != -ECANCELED)
		seep_error("--%s %s: not a valid %s", row->name, value,
			   row->value ? row->value : "value");
	return error;
}

static int parse_options(const struct seep_options *options, int argc, char **argv,
			 struct seep_config *config, bool *ret_help)
{
	struct option longs[SEEP_MAX_OPTION_ROWS + 1];
	char shorts[3 * SEEP_MAX_OPTION_ROWS + 3];
	int value;

	fill_getopt(options, longs, shorts);
	optind = 0; /* glibc: start afresh */
	opterr = 0;
	*ret_help = false;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = find_row(options, value);

		if (value == ':') {
			seep_error("%s needs a value", argv[optind - 1]);
			return -EINVAL;
		}
		if (!row) {
			seep_error("unknown option %s", argv[optind - 1]);
			return -EINVAL;
		}
		if (!row->set) {
			*ret_help = true;
			return 0;
		}
		if (apply(row, config, optarg))
			return -EINVAL;
	}
	return 0;
}

static int run_parsed(const struct seep_options *options, int argc, char **argv,
		      struct seep_config *config, int (*run)(struct seep_config *config))
{
	bool help;
	int error = parse_options(options, argc, argv, config, &help);

	if (!error && help) {
		print_help(options, stdout);
		return SEEP_EXIT_OK;
	}
	if (error || options->finish(config, argv + optind)) {
		seep_info("see: seep %s --help", argv[0]);
		return SEEP_EXIT_USAGE;
	}
	if (config->quiet)
		seep_log_set_level(SEEP_LOG_WARN);
	if (config->verbose)
		seep_log_set_level(SEEP_LOG_DEBUG);
	return run(config);
}

int seep_options_run(const struct seep_options *options, int argc, char **argv,
		     int (*run)(struct seep_config *config))
{
	struct seep_config config;
	int status;

	if (seep_config_init(&config)) {
		seep_error("out of memory");
		return SEEP_EXIT_FAILED;
	}
	config.simulate.words = argv;
	status = run_parsed(options, argc, argv, &config, run);
	seep_config_done(&config);
	return status;
}
