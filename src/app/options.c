// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the words of a command line to a configuration, and on to the command: defaults first, then
 * the words in their order, then the command's own check of all of them together.
 */
#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "app/options_table.h"
#include "base/buffer.h"
#include "base/log.h"

/* Values that getopt_long returns for rows without a letter: above every letter. */
#define LONG_ONLY 256

/* What getopt_long wants to know. */
struct words {
	struct option longs[SEEP_MAX_OPTIONS + 1];
	/* Each letter may have a colon; before them stand '+' and ':', behind them NUL. */
	char letters[3 * SEEP_MAX_OPTIONS + 3];
};

static void describe_words(const struct seep_command *command, struct words *words)
{
	struct option *next = words->longs;
	char *letter = words->letters;

	/* The command that is to be traced has options of its own, which are not seep's. */
	if (!command->words_anywhere)
		*letter++ = '+'; /* stop at the first word that is no option */
	*letter++ = ':';	 /* tell a missing value from an unknown option */
	for (size_t i = 0; i < seep_num_options; i++) {
		const struct seep_option *option = &seep_option_table[i];

		if (!seep_option_is_of(option, command))
			continue;
		*next++ = (struct option){
			.name = option->name,
			.has_arg = option->unit ? required_argument : no_argument,
			.val = option->letter ? option->letter : LONG_ONLY + (int)i,
		};
		if (!option->letter)
			continue;
		*letter++ = option->letter;
		if (option->unit)
			*letter++ = ':';
	}
	*letter = '\0';
	*next = (struct option){0};
}

/* NULL for '?' and ':', by which getopt_long tells of an unknown option and of a missing value. */
static const struct seep_option *find_option(const struct seep_command *command, int value)
{
	for (size_t i = 0; i < seep_num_options; i++) {
		const struct seep_option *option = &seep_option_table[i];

		if (seep_option_is_of(option, command) &&
		    value == (option->letter ? option->letter : LONG_ONLY + (int)i))
			return option;
	}
	return NULL;
}

static void say_refusal(const struct seep_option *option, const char *value, int error)
{
	SEEP_AUTO_BUFFER struct seep_buffer reason = SEEP_BUFFER_INIT;

	if (error == -EINVAL && !*value) {
		seep_error("--%s: the value is empty", option->name);
		return;
	}
	seep_option_append_refusal(option, error, &reason);
	seep_error("--%s %s: %s", option->name, value, reason.data);
}

/* Sets the value and says what is wrong with it; after -ECANCELED that was said already. */
static int apply(const struct seep_option *option, const char *value, struct seep_config *config)
{
	int error = seep_option_set(option, value, config);

	if (error == -EEXIST)
		seep_error(
			"--%s: there is a scope already; give one of -p, -g, -c, -a or -- COMMAND",
			option->name);
	else if (error == -EINVAL || error == -ERANGE)
		say_refusal(option, value, error);
	else if (error && error != -ECANCELED)
		seep_error("--%s %s: %s", option->name, value, strerror(-error));
	return error;
}

/* Leaves optind at the first word that is no option. */
static int parse_words(const struct seep_command *command, int argc, char **argv,
		       struct seep_config *config, bool *ret_help)
{
	struct words words;
	int value;

	describe_words(command, &words);
	optind = 0; /* glibc: start afresh */
	/* getopt prints no messages: seep's own name the option in the same way everywhere. */
	opterr = 0;
	while ((value = getopt_long(argc, argv, words.letters, words.longs, NULL)) != -1) {
		const struct seep_option *option = find_option(command, value);

		if (value == ':') {
			/* getopt_long leaves in optopt whose value it is. */
			option = find_option(command, optopt);
			seep_error("%s needs a value: %s", argv[optind - 1],
				   option ? option->unit : "");
			return -EINVAL;
		}
		if (!option) {
			seep_error("unknown option %s", argv[optind - 1]);
			return -EINVAL;
		}
		/* What stands behind --help is not looked at. */
		if (option->type == SEEP_OPTION_HELP) {
			*ret_help = true;
			return 0;
		}
		if (apply(option, optarg, config))
			return -EINVAL;
	}
	return 0;
}

/* Help skips the check of the options together: they need not be complete then. */
int seep_options_parse(const struct seep_command *command, int argc, char **argv,
		       struct seep_config *config, bool *ret_help)
{
	bool help = false;
	int error = seep_options_set_defaults(command, config);

	if (error) {
		seep_error("out of memory");
		return error;
	}
	/* A pattern that restarts executes seep anew with the same words. */
	config->simulate.words = argv;
	error = parse_words(command, argc, argv, config, &help);
	if (!error && !help)
		error = command->finish(config, argv + optind);
	if (!error)
		*ret_help = help;
	return error;
}

static int run_parsed(const struct seep_command *command, int argc, char **argv,
		      struct seep_config *config)
{
	bool help;

	/* What is wrong has been said; where to read on is added. */
	if (seep_options_parse(command, argc, argv, config, &help)) {
		seep_info("see: seep %s --help", command->name);
		return SEEP_EXIT_USAGE;
	}
	if (help)
		return seep_options_print_help(command, stdout) ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
	/* Verbose wins over quiet: it is looked at last. */
	if (config->output.quiet)
		seep_log_set_level(SEEP_LOG_WARN);
	if (config->output.verbose)
		seep_log_set_level(SEEP_LOG_DEBUG);
	return command->run(config);
}

/* The configuration lives here; commands get it as constant. */
int seep_options_run(const struct seep_command *command, int argc, char **argv)
{
	struct seep_config config;
	int status;

	if (seep_config_init(&config)) {
		seep_error("out of memory");
		return SEEP_EXIT_FAILED;
	}
	status = run_parsed(command, argc, argv, &config);
	seep_config_done(&config);
	return status;
}
