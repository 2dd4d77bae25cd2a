// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/load_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Of a log of the verifier its end says what it did not like: so many lines. */
#define LOG_LINES 30

/* libbpf puts the log of the verifier between these, behind "prog 'NAME': ". */
#define BEGIN_LOG "-- BEGIN PROG LOAD LOG --\n"
#define END_LOG	  "-- END PROG LOAD LOG --"

static struct {
	bool refused;
	struct seep_refused_program program;
} noted;

/* The name between quotes before @end. False if there is none. */
static bool copy_name(const char *message, const char *end, char *ret_name)
{
	const char *name = strstr(message, "prog '"), *quote;

	if (!name || name >= end)
		return false;
	name += strlen("prog '");
	quote = strchr(name, '\'');
	if (!quote || quote >= end)
		return false;
	snprintf(ret_name, SEEP_PROGRAM_NAME_BYTES, "%.*s", (int)(quote - name), name);
	return true;
}

/* What the kernel adds to each log, whatever it says (print_verification_stats). */
static bool is_statistics(const char *line)
{
	return strncmp(line, "processed ", strlen("processed ")) == 0 ||
	       strncmp(line, "verification time ", strlen("verification time ")) == 0 ||
	       strncmp(line, "stack depth ", strlen("stack depth ")) == 0;
}

bool seep_load_log_parse(const char *message, struct seep_refused_program *ret_program)
{
	const char *begin = strstr(message, BEGIN_LOG), *end, *line;
	struct seep_refused_program program = {0};

	if (!begin || !copy_name(message, begin, program.name))
		return false;
	line = begin + strlen(BEGIN_LOG);
	end = strstr(line, END_LOG);
	if (!end)
		end = line + strlen(line);
	while (line < end) {
		size_t length = strcspn(line, "\n");

		if (length > (size_t)(end - line))
			length = (size_t)(end - line);
		if (length && !is_statistics(line))
			snprintf(program.reason, sizeof(program.reason), "%.*s", (int)length, line);
		line += length + 1;
	}
	*ret_program = program;
	return true;
}

/* Ends of lines are the log's; of a long message its first line, which names the program, and its
 * end.
 */
static void show(char *text)
{
	size_t count = 0;
	char *line;

	for (line = text; (line = strchr(line, '\n')) && line[1]; line++)
		count++;
	line = text;
	for (size_t i = 0; line; i++) {
		const char *one = strsep(&line, "\n");

		if (*one && (i == 0 || i + LOG_LINES > count))
			seep_debug("%s", one);
	}
}

/* For libbpf_set_print. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, arguments) < 0)
		return 0;
	/* The first one: nothing is loaded after a failure. */
	if (!noted.refused)
		noted.refused = seep_load_log_parse(text, &noted.program);
	if (seep_log_get_level() >= SEEP_LOG_DEBUG)
		show(text);
	free(text);
	return 0;
}

void seep_load_log_start(void)
{
	noted.refused = false;
	libbpf_set_print(print_libbpf);
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

libbpf_print_fn_t seep_load_log_silence(void)
{
	return libbpf_set_print(say_nothing);
}

bool seep_load_log_refused(struct seep_refused_program *ret_program)
{
	if (noted.refused)
		*ret_program = noted.program;
	return noted.refused;
}
