// SPDX-License-Identifier: GPL-2.0-only
/* The help of a command: its own words around the rows of its options. */
#include <string.h>

#include "app/options_table.h"
#include "base/buffer.h"

#define LEFT_COLUMNS 28 /* of what stands before the sentence, which wraps beside it */
/* With the indent and LEFT_COLUMNS a line has 92 columns at most. */
#define TEXT_COLUMNS 62

/* The names of the choices, with the default marked. */
static void append_values(const struct seep_option *option, struct seep_buffer *text)
{
	struct seep_choice choice;

	for (size_t i = 0; option->choice_at(i, &choice); i++) {
		seep_buffer_printf(text, "%s%s", i ? ", " : "", choice.name);
		if (option->initial && strcmp(choice.name, option->initial) == 0)
			seep_buffer_puts(text, " (default)");
	}
}

/* The sentence of the row with its default. */
static void append_help(const struct seep_option *option, struct seep_buffer *text)
{
	const char *help = option->help, *brace = strchr(help, '{');

	/* "{values}" or "{default}": what is inserted depends on the option, not on the word. */
	if (brace) {
		seep_buffer_append(text, help, (size_t)(brace - help));
		if (option->choice_at)
			append_values(option, text);
		else
			seep_buffer_puts(text, option->initial);
		help = strchr(brace, '}') + 1;
	}
	seep_buffer_puts(text, help);
	/* Words for a default that no value on the command line stands for. */
	if (option->otherwise)
		seep_buffer_printf(text, " (default: %s)", option->otherwise);
	else if (option->initial && !option->choice_at && !brace)
		seep_buffer_printf(text, " (default %s)", option->initial);
}

/*
 * How much of @text goes into one line; what stands behind it is a blank, a line break or the end.
 */
static size_t line_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	if (length <= TEXT_COLUMNS)
		return length;
	/* A word that is longer than a line is not broken. */
	for (length = TEXT_COLUMNS; length && text[length] != ' ';)
		length--;
	return length ? length : strcspn(text, " \n");
}

static int print_option(const struct seep_option *option, FILE *stream)
{
	SEEP_AUTO_BUFFER struct seep_buffer left = SEEP_BUFFER_INIT, right = SEEP_BUFFER_INIT;
	const char *text;
	size_t length;

	/* Options without a letter are indented, so that the long names stand in one column. */
	if (option->letter)
		seep_buffer_printf(&left, "-%c, ", option->letter);
	else
		seep_buffer_puts(&left, "    ");
	seep_buffer_printf(&left, "--%s", option->name);
	if (option->unit)
		seep_buffer_printf(&left, " %s", option->unit);
	append_help(option, &right);
	if (left.error || right.error)
		return left.error ? left.error : right.error;
	fprintf(stream, "  %-*s", LEFT_COLUMNS, left.data);
	/*
	 * The first line stands beside the option, the others below it; the separator is skipped.
	 */
	for (text = right.data; length = line_length(text), text[length]; text += length + 1)
		fprintf(stream, "%.*s\n  %-*s", (int)length, text, LEFT_COLUMNS, "");
	fprintf(stream, "%s\n", text);
	return 0;
}

/* Rows are in the order of the help, so a heading stands wherever the group changes. */
int seep_options_print_help(const struct seep_command *command, FILE *stream)
{
	const char *group = NULL;
	int error = 0;

	fputs(command->usage, stream);
	if (command->more_help)
		command->more_help(stream);
	for (size_t i = 0; i < seep_num_options && !error; i++) {
		const struct seep_option *option = &seep_option_table[i];

		/* Options for tests have no group, and are not shown. */
		if (!option->group || !seep_option_is_of(option, command))
			continue;
		if (!group || strcmp(group, option->group) != 0)
			fprintf(stream, "\n%s:\n", option->group);
		group = option->group;
		error = print_option(option, stream);
	}
	fputs(command->examples, stream);
	return error;
}
