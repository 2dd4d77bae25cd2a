/* SPDX-License-Identifier: GPL-2.0-only */
/* A command line as a string, parsed as seep would, and what seep says about it. */
#ifndef SEEP_TESTS_APP_COMMAND_LINE_H
#define SEEP_TESTS_APP_COMMAND_LINE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/options.h"
#include "app/options_table.h"

#define MAX_WORDS 32

static const struct seep_command *const commands[] = {
#define COMMAND(id, name) &seep_command_##name,
	SEEP_COMMANDS(COMMAND)
#undef COMMAND
};

struct command_line {
	char *text;
	char *words[MAX_WORDS + 1]; /* of text */
	struct seep_config config;
	bool help;
	int error;
	char said[1024]; /* on standard error */
};

/* Words stand between blanks; '' is an empty one. */
static inline int split(struct command_line *line, const char *text)
{
	char *position = line->text = strdup(text), *word;
	int count = 0;

	assert_non_null(line->text);
	while ((word = strsep(&position, " "))) {
		assert_true(count < MAX_WORDS);
		line->words[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	line->words[count] = NULL;
	return count;
}

/* @text begins with the name of the command. To be done with after use. */
static inline void parse(struct command_line *line, const struct seep_command *command,
			 const char *text)
{
	int saved = dup(STDERR_FILENO), ends[2], count = split(line, text);
	ssize_t length;

	assert_return_code(pipe(ends), errno);
	assert_return_code(dup2(ends[1], STDERR_FILENO), errno);
	close(ends[1]);
	line->help = false;
	line->error = seep_config_init(&line->config);
	if (!line->error)
		line->error =
			seep_options_parse(command, count, line->words, &line->config, &line->help);
	dup2(saved, STDERR_FILENO);
	close(saved);
	length = read(ends[0], line->said, sizeof(line->said) - 1);
	close(ends[0]);
	assert_return_code(length, errno);
	line->said[length] = '\0';
}

static inline void done(struct command_line *line)
{
	seep_config_done(&line->config);
	free(line->text);
}

/* Parses what must be right. */
static inline void accept(struct command_line *line, const struct seep_command *command,
			  const char *text)
{
	parse(line, command, text);
	if (line->error)
		fail_msg("%s: %s", text, line->said);
	assert_string_equal(line->said, "");
}

/* Parses what must be wrong; @sentence is all that is said about it. */
static inline void assert_refused(const struct seep_command *command, const char *text,
				  const char *sentence)
{
	struct command_line line;
	char expected[sizeof(line.said)];

	snprintf(expected, sizeof(expected), "seep: %s\n", sentence);
	parse(&line, command, text);
	if (!line.error)
		fail_msg("\"%s\" was accepted", text);
	assert_string_equal(line.said, expected);
	done(&line);
}

#endif
