// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep completion: a script for a shell, made from the table of options, so that it completes what
 * this seep takes. Values are completed where they are known: names of choices, PIDs, files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/options_table.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"

static const struct seep_command *const commands[] = {
#define COMMAND(id, name) &seep_command_##name,
	SEEP_COMMANDS(COMMAND)
#undef COMMAND
};

/* Each has a function write_NAME. The first one is apart, for lists with something in between. */
#define SHELLS(FIRST, NEXT) FIRST(bash) NEXT(zsh) NEXT(fish)

#define NAME(name)	 #name
#define BLANK_NAME(name) " " #name
#define COMMA_NAME(name) ", " #name
#define BAR_NAME(name)	 "|" #name
#define SHELL_WORDS	 SHELLS(NAME, BLANK_NAME)
#define SHELL_COMMAS	 SHELLS(NAME, COMMA_NAME)
#define SHELL_BARS	 SHELLS(NAME, BAR_NAME)

/* Options that the help does not list are for tests. */
static bool is_offered(const struct seep_option *option, const struct seep_command *command)
{
	return option->group && seep_option_is_of(option, command);
}

static bool takes_file(const struct seep_option *option)
{
	return option->type == SEEP_OPTION_TEXT ||
	       (option->type == SEEP_OPTION_SCOPE && option->tag == SEEP_SCOPE_CGROUP);
}

/* Appends the names that an option takes, with a blank between them. */
static void append_choices(const struct seep_option *option, struct seep_buffer *out)
{
	struct seep_choice choice;

	for (size_t i = 0; option->choice_at(i, &choice); i++)
		seep_buffer_printf(out, "%s%s", i ? " " : "", choice.name);
}

static void append_commands(struct seep_buffer *out)
{
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++)
		seep_buffer_printf(out, "%s%s", i ? " " : "", commands[i]->name);
}

/*
 * The first line of the help of an option, with @escaped bytes behind a backslash. In all three
 * shells the text then stands in single quotes, which the help has none of but for apostrophes.
 */
static void append_help(const struct seep_option *option, const char *escaped,
			struct seep_buffer *out)
{
	SEEP_AUTO_BUFFER struct seep_buffer help = SEEP_BUFFER_INIT;

	seep_option_append_help(option, &help);
	for (const char *c = help.data; *c && *c != '\n'; c++) {
		if (*c == '\'')
			seep_buffer_puts(out, "\xe2\x80\x99"); /* U+2019 */
		else if (strchr(escaped, *c))
			seep_buffer_printf(out, "\\%c", *c);
		else
			seep_buffer_putc(out, *c);
	}
	if (help.error && !out->error)
		out->error = help.error;
}

/* bash */

static void bash_value(const struct seep_option *option, struct seep_buffer *out)
{
	seep_buffer_puts(out, "\t\t");
	if (option->letter)
		seep_buffer_printf(out, "-%c|", option->letter);
	seep_buffer_printf(out, "--%s) ", option->name);
	if (option->choice_at) {
		seep_buffer_puts(out, "words=\"");
		append_choices(option, out);
		seep_buffer_putc(out, '"');
	} else if (option->type == SEEP_OPTION_PIDS) {
		seep_buffer_puts(out, "words=$(ps -eo pid= 2>/dev/null)");
	} else {
		seep_buffer_puts(out, takes_file(option) ? "return" : "words=; none=1");
	}
	seep_buffer_puts(out, " ;;\n");
}

static void bash_command(const struct seep_command *command, struct seep_buffer *out)
{
	seep_buffer_printf(out, "\t%s)\n\t\tcase $previous in\n", command->name);
	for (size_t i = 0; i < seep_num_options; i++) {
		if (is_offered(&seep_option_table[i], command) && seep_option_table[i].unit)
			bash_value(&seep_option_table[i], out);
	}
	seep_buffer_puts(out, "\t\t*) words=\"");
	if (command->id == SEEP_COMMAND_COMPLETION)
		seep_buffer_puts(out, SHELL_WORDS " ");
	for (size_t i = 0; i < seep_num_options; i++) {
		if (is_offered(&seep_option_table[i], command))
			seep_buffer_printf(out, "--%s ", seep_option_table[i].name);
	}
	seep_buffer_puts(out, "\" ;;\n\t\tesac ;;\n");
}

/* An empty answer makes bash complete files (-o default). */
static void write_bash(struct seep_buffer *out)
{
	seep_buffer_puts(out, "# bash completion for seep\n"
			      "_seep()\n{\n"
			      "\tlocal current=${COMP_WORDS[COMP_CWORD]} words= none=\n"
			      "\tlocal previous=${COMP_WORDS[COMP_CWORD-1]}\n\n"
			      "\tCOMPREPLY=()\n"
			      "\tif ((COMP_CWORD == 1)); then\n"
			      "\t\twords=\"");
	append_commands(out);
	seep_buffer_puts(out, " --help --version\"\n\telse\n\tcase ${COMP_WORDS[1]} in\n");
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++)
		bash_command(commands[i], out);
	seep_buffer_puts(out, "\tesac\n\tfi\n"
			      "\tif [[ $none ]]; then compopt +o default 2>/dev/null; return; fi\n"
			      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
			      "}\n"
			      "complete -o default -F _seep seep\n");
}

/* zsh */

static void zsh_option(const struct seep_option *option, struct seep_buffer *out)
{
	seep_buffer_puts(out, " \\\n\t\t");
	if (option->letter)
		seep_buffer_printf(out, "'(-%c --%s)'{-%c,--%s}'", option->letter, option->name,
				   option->letter, option->name);
	else
		seep_buffer_printf(out, "'--%s", option->name);
	seep_buffer_putc(out, '[');
	append_help(option, "[]:\\", out);
	seep_buffer_putc(out, ']');
	if (option->unit) {
		seep_buffer_puts(out, ":value:");
		if (option->choice_at) {
			seep_buffer_putc(out, '(');
			append_choices(option, out);
			seep_buffer_putc(out, ')');
		} else if (option->type == SEEP_OPTION_PIDS) {
			seep_buffer_puts(out, "_pids");
		} else if (takes_file(option)) {
			seep_buffer_puts(out, "_files");
		}
	}
	seep_buffer_putc(out, '\'');
}

static void write_zsh(struct seep_buffer *out)
{
	seep_buffer_puts(out, "#compdef seep\n\n"
			      "if ((CURRENT == 2)); then\n"
			      "\tlocal -a seep_commands=(\n");
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++)
		seep_buffer_printf(out, "\t\t'%s:%s'\n", commands[i]->name, commands[i]->summary);
	seep_buffer_puts(out, "\t)\n\t_describe command seep_commands\n\treturn\nfi\n"
			      "local seep_command=$words[2]\n"
			      "shift words\n((CURRENT--))\n"
			      "case $seep_command in\n");
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++) {
		seep_buffer_printf(out, "%s)\n\t_arguments", commands[i]->name);
		for (size_t j = 0; j < seep_num_options; j++) {
			if (is_offered(&seep_option_table[j], commands[i]))
				zsh_option(&seep_option_table[j], out);
		}
		if (commands[i]->id == SEEP_COMMAND_COMPLETION)
			seep_buffer_puts(out, " \\\n\t\t':shell:(" SHELL_WORDS ")'");
		else
			seep_buffer_puts(out, " \\\n\t\t'*:file:_files'");
		seep_buffer_puts(out, "\n\t;;\n");
	}
	seep_buffer_puts(out, "esac\n");
}

/* fish */

static void fish_option(const struct seep_command *command, const struct seep_option *option,
			struct seep_buffer *out)
{
	seep_buffer_printf(out, "complete -c seep -n '__fish_seen_subcommand_from %s' -l %s",
			   command->name, option->name);
	if (option->letter)
		seep_buffer_printf(out, " -s %c", option->letter);
	if (option->unit)
		seep_buffer_puts(out, takes_file(option) ? " -r -F" : " -x");
	if (option->choice_at) {
		seep_buffer_puts(out, " -a '");
		append_choices(option, out);
		seep_buffer_putc(out, '\'');
	} else if (option->type == SEEP_OPTION_PIDS) {
		seep_buffer_puts(out, " -a '(__fish_complete_pids)'");
	}
	seep_buffer_puts(out, " -d '");
	append_help(option, "\\", out);
	seep_buffer_puts(out, "'\n");
}

static void write_fish(struct seep_buffer *out)
{
	seep_buffer_puts(out, "# fish completion for seep\n");
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++)
		seep_buffer_printf(out,
				   "complete -c seep -f -n __fish_use_subcommand -a %s -d '%s'\n",
				   commands[i]->name, commands[i]->summary);
	for (size_t i = 0; i < SEEP_COMMAND_COUNT; i++) {
		for (size_t j = 0; j < seep_num_options; j++) {
			if (is_offered(&seep_option_table[j], commands[i]))
				fish_option(commands[i], &seep_option_table[j], out);
		}
	}
	seep_buffer_puts(out, "complete -c seep -f -n '__fish_seen_subcommand_from completion' -a "
			      "'" SHELL_WORDS "'\n");
}

static const struct {
	const char *name;
	void (*write)(struct seep_buffer *out);
} shells[] = {
#define SHELL(name) {#name, write_##name},
	SHELLS(SHELL, SHELL)
#undef SHELL
};

static int run(const struct seep_config *config)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;
	int error;

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, config->shell) == 0)
			shells[i].write(&out);
	}
	error = out.error ? out.error : seep_file_write_fd(STDOUT_FILENO, out.data, out.length);
	if (error)
		seep_error("cannot write the completion: %s", strerror(-error));
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

static int finish(struct seep_config *config, char **words)
{
	for (size_t i = 0; words[0] && !words[1] && i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, words[0]) == 0) {
			config->shell = words[0];
			return 0;
		}
	}
	seep_error("which shell? one of " SHELL_COMMAS);
	return -EINVAL;
}

const struct seep_command seep_command_completion = {
	.id = SEEP_COMMAND_COMPLETION,
	.name = "completion",
	.summary = "a script that completes commands and options in a shell",
	.usage =
		"Usage: seep completion " SHELL_BARS "\n\n"
		"Writes a script to standard output that makes the shell complete the commands of\n"
		"seep, their options, and the values that are known. make install puts the scripts\n"
		"where the shells look for them.\n",
	.examples = "\nExamples:\n"
		    "  source <(seep completion bash)\n"
		    "  seep completion zsh > ~/.zfunc/_seep\n"
		    "  seep completion fish > ~/.config/fish/completions/seep.fish\n",
	.words_anywhere = true,
	.finish = finish,
	.run = run,
};
