/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of options: parsing, defaults, limits, help and (through --help) the man page come
 * from it. A row is an option of one or more commands; a name has several rows where its help or
 * its default differs between commands. Rows of one command stand in the order of its help.
 *
 * A command that does not take an option finds the default of the option's first row in the field.
 *
 * In a YAML file the key of a setting is the name of its option with _ in place of -: min_size of
 * --min-size. The value is written as on the command line; a flag takes true or false, and an
 * option that may be repeated takes a list. Rows without a group, which tests use, and help have no
 * key.
 */
#ifndef SEEP_APP_OPTIONS_TABLE_H
#define SEEP_APP_OPTIONS_TABLE_H

#include "app/commands.h"
#include "base/buffer.h"

/* How the value is written, and the C type of the field that takes it. */
enum seep_option_type {
	SEEP_OPTION_HELP,      /* no field */
	SEEP_OPTION_FLAG,      /* no value; bool */
	SEEP_OPTION_COUNT,     /* a whole number, see seep_parse_number; uint64_t */
	SEEP_OPTION_SIZE,      /* see base/units.h; uint64_t, bytes */
	SEEP_OPTION_DURATION,  /* see base/units.h; uint64_t, ns */
	SEEP_OPTION_NUMBER,    /* a decimal number; double */
	SEEP_OPTION_SHARE,     /* percent, with or without %, or "none"; double, 1 or INFINITY */
	SEEP_OPTION_SIZE_RATE, /* a size, and "/s", "/m" or "/h"; double, per second */
	SEEP_OPTION_RATE,      /* the same with a decimal number */
	SEEP_OPTION_TEXT,      /* not empty; const char *, of the command line */
	SEEP_OPTION_CHOICE,    /* the name of a choice; enum or unsigned int, its value */
	SEEP_OPTION_CHOICES,   /* names with commas between them; uint32_t, a bit for each */
	SEEP_OPTION_PIDS,      /* numbers with commas between them; struct seep_named */
	SEEP_OPTION_SCOPE,     /* at most one of these may be given; struct seep_scope */
	SEEP_OPTION_FUNCTION,  /* see seep_allocators_add; struct seep_allocators * */
	SEEP_OPTION_TYPE_COUNT
};

struct seep_choice {
	const char *name;
	unsigned int value;
};

struct seep_option {
	const char *name;
	char letter;	   /* '\0': none */
	uint32_t commands; /* SEEP_COMMAND_BIT of each that takes it */
	const char *group; /* the heading of the help that it stands under; NULL: not listed */
	const char *unit;  /* what the value is called in the help; NULL: takes none */
	/*
	 * One sentence. {values} stands for the names of the choices, {default} for the default;
	 * without either the default is put behind.
	 */
	const char *help;
	enum seep_option_type type;
	bool real;    /* of an amount: the field is a double, in bytes, objects or seconds */
	size_t field; /* offset in struct seep_config */
	size_t given; /* offset of a bool that is set too; 0: none */
	/* Of COUNT, SIZE, DURATION, SIZE_RATE and PIDS, in bytes or ns; a maximum of 0 is none. */
	uint64_t min, max;
	double min_number, max_number; /* of NUMBER, RATE and SHARE (percent) */
	const char *initial;	       /* the default, as on the command line; NULL: none ... */
	uint64_t unset;		       /* ... but this in the field ... */
	const char *otherwise;	       /* ... and this in the help */
	/* Fills in the choice at @index, or returns false past the last one. */
	bool (*choice_at)(size_t index, struct seep_choice *choice);
	unsigned int tag; /* SCOPE: enum seep_scope_type; FUNCTION: enum seep_role */
};

#define SEEP_COMMAND_BIT(id) (1u << SEEP_COMMAND_##id)
#define SEEP_MAX_OPTIONS     128

extern const struct seep_option seep_option_table[];
extern const size_t seep_num_options;

static inline bool seep_option_is_of(const struct seep_option *option,
				     const struct seep_command *command)
{
	return option->commands & 1u << command->id;
}

/*
 * Sets the field of @option to @value. 0; -EINVAL: not such a value; -ERANGE: out of its limits;
 * -EEXIST: there is a scope already; -ENOMEM; -ECANCELED after saying what is wrong.
 */
int seep_option_set(const struct seep_option *option, const char *value,
		    struct seep_config *config);
/* Sets the fields of all options to their defaults for @command. 0, or -errno as above. */
int seep_options_set_defaults(const struct seep_command *command, struct seep_config *config);

/*
 * Appends what is wrong with a value that seep_option_set has refused with @error, -EINVAL or
 * -ERANGE, and what may be given instead: "out of range (1 to 256)".
 */
void seep_option_append_refusal(const struct seep_option *option, int error,
				struct seep_buffer *buffer);

/* Appends the sentence of the help, with names of choices and the default. */
void seep_option_append_help(const struct seep_option *option, struct seep_buffer *text);

/* Prints what seep COMMAND --help shows. 0 or -ENOMEM. */
int seep_options_print_help(const struct seep_command *command, FILE *stream);

#endif
