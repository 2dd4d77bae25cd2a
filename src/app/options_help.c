// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said of options: the help of a command, which is its own words around the rows of its
 * options, and what a refused value should have been.
 */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "app/options_table.h"
#include "base/buffer.h"
#include "base/units.h"

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
void seep_option_append_help(const struct seep_option *option, struct seep_buffer *text)
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
	seep_option_append_help(option, &right);
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

/* As it is written on the command line: "64M", "10ms", "1". */
static void append_amount(const struct seep_option *option, uint64_t amount,
			  struct seep_buffer *buffer)
{
	static const struct unit {
		uint64_t size;
		const char *name;
	} sizes[] = {{1ULL << 30, "G"}, {1ULL << 20, "M"}, {1ULL << 10, "K"}, {1, ""}},
	  times[] = {{SEEP_NS_PER_S, "s"}, {SEEP_NS_PER_MS, "ms"}, {1000, "us"}, {1, "ns"}};
	bool is_count = option->type == SEEP_OPTION_COUNT || option->type == SEEP_OPTION_PIDS;
	const struct unit *unit = option->type == SEEP_OPTION_DURATION ? times : sizes;

	while (!is_count && (amount < unit->size || amount % unit->size))
		unit++;
	seep_buffer_printf(buffer, "%" PRIu64 "%s", is_count ? amount : amount / unit->size,
			   is_count ? "" : unit->name);
}

static void append_range(const struct seep_option *option, struct seep_buffer *buffer)
{
	if (option->max_number > 0) {
		/* The least number that there is stands for what is above 0. */
		if (option->min_number <= DBL_MIN)
			seep_buffer_printf(buffer, " (above 0, up to %.10g)", option->max_number);
		else
			seep_buffer_printf(buffer, " (%g to %.10g)", option->min_number,
					   option->max_number);
	} else if (option->max) {
		seep_buffer_puts(buffer, " (");
		append_amount(option, option->min, buffer);
		seep_buffer_puts(buffer, " to ");
		append_amount(option, option->max, buffer);
		seep_buffer_putc(buffer, ')');
	} else if (option->min == 1) {
		/* One byte or one nanosecond: whatever is more than nothing. */
		seep_buffer_puts(buffer, " (more than 0)");
	} else if (option->min) {
		seep_buffer_puts(buffer, " (at least ");
		append_amount(option, option->min, buffer);
		seep_buffer_putc(buffer, ')');
	} else {
		/* Nothing but what a number can hold is a bound here. */
		seep_buffer_puts(buffer, " (too large)");
	}
}

/* "not a kind; one of memory, mapping": what it is comes from the unit, "KIND[,KIND...]". */
static void append_choices(const struct seep_option *option, struct seep_buffer *buffer)
{
	struct seep_choice choice;

	seep_buffer_puts(buffer, "not a ");
	for (const char *c = option->unit; isalpha((unsigned char)*c); c++)
		seep_buffer_putc(buffer, (char)tolower((unsigned char)*c));
	for (size_t i = 0; option->choice_at(i, &choice); i++)
		seep_buffer_printf(buffer, "%s%s", i ? ", " : "; one of ", choice.name);
}

void seep_option_append_refusal(const struct seep_option *option, int error,
				struct seep_buffer *buffer)
{
	static const char *const forms[SEEP_OPTION_TYPE_COUNT] = {
		[SEEP_OPTION_COUNT] = "not a whole number",
		[SEEP_OPTION_SIZE] = "not a size, such as 512, 64K or 1.5G",
		[SEEP_OPTION_DURATION] = "not a time, such as 500ms, 10s or 1h30m",
		[SEEP_OPTION_NUMBER] = "not a number, such as 2 or 0.5",
		[SEEP_OPTION_SHARE] = "not a percentage, such as 3, 3% or 0.5%, nor none",
		[SEEP_OPTION_SIZE_RATE] = "not a rate, such as 64K/s or 1M/h",
		[SEEP_OPTION_RATE] = "not a rate, such as 100/s or 2.5/m",
		[SEEP_OPTION_PIDS] = "not a PID, nor several with commas between them",
	};

	if (error == -ERANGE) {
		seep_buffer_puts(buffer, "out of range");
		append_range(option, buffer);
	} else if (option->choice_at) {
		append_choices(option, buffer);
	} else if (forms[option->type]) {
		seep_buffer_puts(buffer, forms[option->type]);
	} else {
		seep_buffer_printf(buffer, "not a valid %s", option->unit);
	}
}
