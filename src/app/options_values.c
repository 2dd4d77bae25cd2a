// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values on their way from text into the configuration: one function for each type of option. What
 * an option is called, and between which limits its value lies, comes from its row.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/options_table.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"

/* The longest number that is copied to cut its unit off, NUL included. */
#define MAX_NUMBER_TEXT 64

/* The table guarantees the type of the field at compile time: see AT in options_table.c. */
static void *field_of(const struct seep_option *option, struct seep_config *config)
{
	return (char *)config + option->field;
}

static int set_flag(const struct seep_option *option, const char *value, struct seep_config *config)
{
	(void)value;
	*(bool *)field_of(option, config) = true;
	return 0;
}

/* A maximum of 0 is none. */
static int check_limits(const struct seep_option *option, uint64_t amount)
{
	return amount < option->min || (option->max && amount > option->max) ? -ERANGE : 0;
}

/* Sizes and durations have units (base/units.h), counts and PIDs have none. */
static int parse_amount(const struct seep_option *option, const char *text, uint64_t *ret_amount)
{
	uint64_t amount;
	int error;

	if (option->type == SEEP_OPTION_DURATION)
		error = seep_parse_duration(text, &amount);
	else if (option->type == SEEP_OPTION_COUNT)
		error = seep_parse_number(text, &amount);
	else if (option->type == SEEP_OPTION_PIDS)
		error = seep_parse_count(text, 0, UINT64_MAX, &amount);
	else
		error = seep_parse_size(text, &amount);
	if (!error)
		error = check_limits(option, amount);
	if (!error)
		*ret_amount = amount;
	return error;
}

/* Parameters of a simulation are doubles: durations in seconds, everything else as it is. */
static int set_amount(const struct seep_option *option, const char *value,
		      struct seep_config *config)
{
	uint64_t amount;
	int error = parse_amount(option, value, &amount);

	if (error)
		return error;
	if (!option->real)
		*(uint64_t *)field_of(option, config) = amount;
	else if (option->type == SEEP_OPTION_DURATION)
		*(double *)field_of(option, config) = (double)amount / (double)SEEP_NS_PER_S;
	else
		*(double *)field_of(option, config) = (double)amount;
	return 0;
}

static int parse_number(const struct seep_option *option, const char *text, double *ret_number)
{
	double number;
	char *end;

	/* strtod takes signs, exponents, hexadecimal digits and "inf" too. */
	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	number = strtod(text, &end);
	if (*end)
		return -EINVAL;
	if (number < option->min_number || number > option->max_number)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

static int set_number(const struct seep_option *option, const char *value,
		      struct seep_config *config)
{
	return parse_number(option, value, field_of(option, config));
}

/* "3", "3%" or "none", which is more than any share. The limits hold for the percentage. */
static int set_share(const struct seep_option *option, const char *value,
		     struct seep_config *config)
{
	double *share = field_of(option, config), percent;
	size_t length = strlen(value);
	char text[MAX_NUMBER_TEXT];
	int error;

	if (strcmp(value, "none") == 0) {
		*share = INFINITY;
		return 0;
	}
	if (length >= sizeof(text))
		return -EINVAL;
	memcpy(text, value, length + 1);
	if (length && text[length - 1] == '%')
		text[length - 1] = '\0';
	error = parse_number(option, text, &percent);
	if (!error)
		*share = percent / 100;
	return error;
}

/* Cuts "/s", "/m" or "/h" off a copy of @value; without one it is per second. */
static int split_rate(const char *value, char amount[MAX_NUMBER_TEXT], double *ret_per_s)
{
	size_t length = strcspn(value, "/");
	uint64_t unit_ns = SEEP_NS_PER_S;

	if (!length || length >= MAX_NUMBER_TEXT)
		return -EINVAL;
	memcpy(amount, value, length);
	amount[length] = '\0';
	if (value[length]) {
		/* "s" becomes "1s", which is a duration. */
		char unit[] = {'1', value[length + 1], '\0'};

		/*
		 * strchr also finds the NUL, which is the unit of "5/": it is refused on its own.
		 */
		if (!strchr("smh", unit[1]) || !unit[1] || value[length + 2])
			return -EINVAL;
		if (seep_parse_duration(unit, &unit_ns))
			return -EINVAL;
	}
	*ret_per_s = (double)SEEP_NS_PER_S / (double)unit_ns;
	return 0;
}

/* The limits hold for the amount as it is written, whatever the time that it is divided by. */
static int set_rate(const struct seep_option *option, const char *value, struct seep_config *config)
{
	char text[MAX_NUMBER_TEXT];
	double number, per_s;
	uint64_t bytes;
	int error = split_rate(value, text, &per_s);

	if (error)
		return error;
	/* The part before the slash is a decimal number or a size. */
	if (option->type == SEEP_OPTION_RATE) {
		error = parse_number(option, text, &number);
	} else {
		error = parse_amount(option, text, &bytes);
		number = error ? 0 : (double)bytes;
	}
	if (!error)
		*(double *)field_of(option, config) = number * per_s;
	return error;
}

/* The text stays where it is, in the words of the command line. */
static int set_text(const struct seep_option *option, const char *value, struct seep_config *config)
{
	*(const char **)field_of(option, config) = value;
	return *value ? 0 : -EINVAL;
}

static int find_choice(const struct seep_option *option, const char *name, unsigned int *ret_value)
{
	struct seep_choice choice;

	for (size_t i = 0; option->choice_at(i, &choice); i++) {
		if (strcmp(choice.name, name) == 0) {
			*ret_value = choice.value;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_choice(const struct seep_option *option, const char *value,
		      struct seep_config *config)
{
	return find_choice(option, value, field_of(option, config));
}

/* A repeated option replaces what was given before. */
static int set_choices(const struct seep_option *option, const char *value,
		       struct seep_config *config)
{
	SEEP_AUTO_FREE char *copy = strdup(value);
	char *position = copy, *word;
	uint32_t bits = 0;
	int error = copy ? 0 : -ENOMEM;

	/* strsep, not strtok: an empty word between two commas is an error, not skipped. */
	while (!error && (word = strsep(&position, ","))) {
		unsigned int choice;

		error = find_choice(option, word, &choice);
		if (!error)
			bits |= 1u << choice;
	}
	if (!error)
		*(uint32_t *)field_of(option, config) = bits;
	return error;
}

static int add_pid(struct seep_named *named, pid_t pid)
{
	/* One by one: a command line has few. */
	pid_t *pids = realloc(named->pids, (named->num_pids + 1) * sizeof(*pids));

	if (!pids)
		return -ENOMEM;
	named->pids = pids;
	named->pids[named->num_pids++] = pid;
	return 0;
}

/* A repeated option adds to what was given before. */
static int set_pids(const struct seep_option *option, const char *value, struct seep_config *config)
{
	SEEP_AUTO_FREE char *copy = strdup(value);
	char *position = copy, *word;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (word = strsep(&position, ","))) {
		uint64_t pid;

		error = parse_amount(option, word, &pid);
		if (!error)
			error = add_pid(field_of(option, config), (pid_t)pid);
	}
	return error;
}

static int set_scope(const struct seep_option *option, const char *value,
		     struct seep_config *config)
{
	struct seep_scope *scope = field_of(option, config);

	/* The type that a configuration begins with: no scope was given so far. */
	if (scope->type != SEEP_SCOPE_NAMED)
		return -EEXIST;
	scope->type = option->tag;
	scope->value = value;
	/* Cut as the kernel cuts the name of a task, so that a longer name is found. */
	if (scope->type == SEEP_SCOPE_COMM)
		snprintf(scope->comm, sizeof(scope->comm), "%s", value);
	/* -a has no value; those that have one must not be empty. */
	return value && !*value ? -EINVAL : 0;
}

/* seep_allocators_add explains what is wrong, so the callers must not say it again. */
static int set_function(const struct seep_option *option, const char *value,
			struct seep_config *config)
{
	struct seep_allocators **allocators = field_of(option, config);
	const char *reason = "out of memory";

	if (seep_allocators_add(*allocators, value, option->tag, &reason) == 0)
		return 0;
	seep_error("--%s %s: %s", option->name, value, reason);
	return -ECANCELED;
}

/* By type; HELP has none, because parse_words handles it. */
static int (*const setters[SEEP_OPTION_TYPE_COUNT])(const struct seep_option *option,
						    const char *value,
						    struct seep_config *config) = {
	[SEEP_OPTION_FLAG] = set_flag,	       [SEEP_OPTION_COUNT] = set_amount,
	[SEEP_OPTION_SIZE] = set_amount,       [SEEP_OPTION_DURATION] = set_amount,
	[SEEP_OPTION_NUMBER] = set_number,     [SEEP_OPTION_SIZE_RATE] = set_rate,
	[SEEP_OPTION_RATE] = set_rate,	       [SEEP_OPTION_TEXT] = set_text,
	[SEEP_OPTION_CHOICE] = set_choice,     [SEEP_OPTION_CHOICES] = set_choices,
	[SEEP_OPTION_PIDS] = set_pids,	       [SEEP_OPTION_SCOPE] = set_scope,
	[SEEP_OPTION_FUNCTION] = set_function, [SEEP_OPTION_SHARE] = set_share,
};

int seep_option_set(const struct seep_option *option, const char *value, struct seep_config *config)
{
	int error = setters[option->type](option, value, config);

	/* For commands that treat a default unlike the same value that was given. */
	if (!error && option->given)
		*(bool *)((char *)config + option->given) = true;
	return error;
}

/* First the value of a field without a default, then the default as if it were given. */
static int set_default(const struct seep_option *option, struct seep_config *config)
{
	switch (option->type) {
	case SEEP_OPTION_COUNT:
	case SEEP_OPTION_SIZE:
	case SEEP_OPTION_DURATION:
		if (!option->real)
			*(uint64_t *)field_of(option, config) = option->unset;
		break;
	case SEEP_OPTION_SHARE:
		*(double *)field_of(option, config) = INFINITY;
		break;
	/* Both fields have 32 bits: an enum or unsigned int, or a set of bits. */
	case SEEP_OPTION_CHOICE:
	case SEEP_OPTION_CHOICES:
		*(uint32_t *)field_of(option, config) = (uint32_t)option->unset;
		break;
	default: /* seep_config_init has made it empty */
		break;
	}
	/* Not by seep_option_set: nobody has given it. */
	return option->initial ? setters[option->type](option, option->initial, config) : 0;
}

/*
 * All rows first, so that fields of other commands have values, too; then the rows of this command,
 * whose defaults win.
 */
int seep_options_set_defaults(const struct seep_command *command, struct seep_config *config)
{
	int error = 0;

	/* From the last row to the first, so that the first one of a field stays. */
	for (size_t i = seep_num_options; i-- > 0 && !error;)
		error = set_default(&seep_option_table[i], config);
	for (size_t i = 0; i < seep_num_options && !error; i++) {
		if (seep_option_is_of(&seep_option_table[i], command))
			error = set_default(&seep_option_table[i], config);
	}
	return error;
}
