// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep simulate: runs a pattern until its time is over, a signal asks for the end, or it cannot go
 * on; says before what it is going to do, and then exactly what it has done.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/units.h"
#include "simulate/describe.h"

#define COMM		"seep-simulate"
#define NUM_ENDS	4
#define MAX_STATM_BYTES 255

/* Words that execute the pattern anew; none of them is longer than a number and its option. */
#define NUM_LIFE_WORDS	5
#define LIFE_WORD_BYTES 48

struct run {
	const struct seep_simulate_options *options;
	struct seep_loop *loop;
	struct seep_simulation *simulation;
	int statm; /* open from the start: there may be no descriptor left in the end */
	enum seep_simulate_reason reason;
	bool ended; /* by a signal: no more waiting */
};

/* proc(5): the second number of statm. 0 if it cannot be read. */
static uint64_t resident_bytes(const struct run *run)
{
	char text[MAX_STATM_BYTES + 1];
	ssize_t length = pread(run->statm, text, MAX_STATM_BYTES, 0);
	const char *second;

	if (length <= 0)
		return 0;
	text[length] = '\0';
	second = strchr(text, ' ');
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static int print(const struct seep_buffer *buffer, int fd)
{
	return buffer->error ? buffer->error : seep_file_write_fd(fd, buffer->data, buffer->length);
}

/* For programs to standard output; for people what it says before is talk, the numbers are data. */
static int print_start(struct run *run)
{
	const struct seep_simulate_options *options = run->options;
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_simulation_counts counts;

	seep_simulation_count(run->simulation, &counts);
	if (options->json)
		seep_simulate_describe_start_json(&options->simulation, &counts, getpid(),
						  options->life, &text);
	else
		seep_simulate_describe_start(&options->simulation, &counts, getpid(), &text);
	return print(&text, options->json ? STDOUT_FILENO : STDERR_FILENO);
}

static int print_counts(struct run *run, enum seep_simulate_reason reason)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_simulation_counts counts;

	seep_simulation_count(run->simulation, &counts);
	if (run->options->json)
		seep_simulate_describe_counts_json(&counts, reason, resident_bytes(run), &text);
	else
		seep_simulate_describe_counts(&counts, reason, resident_bytes(run), &text);
	return print(&text, STDOUT_FILENO);
}

static int end(struct run *run, enum seep_simulate_reason reason)
{
	run->reason = reason;
	seep_loop_stop(run->loop);
	return 0;
}

static int on_signal(void *context, uint64_t number)
{
	struct run *run = context;

	if (number == SIGUSR1)
		return print_counts(run, SEEP_REASON_ASKED);
	/* No wait for a line after a signal, which asks for the end of all. */
	run->ended = true;
	return end(run, SEEP_REASON_SIGNAL);
}

static int on_duration(void *context, uint64_t value)
{
	(void)value;
	return end(context, SEEP_REASON_DURATION);
}

static int on_period(void *context, uint64_t value)
{
	(void)value;
	return end(context, SEEP_REASON_RESTART);
}

static int on_over(void *context, uint64_t value)
{
	struct run *run = context;
	int error = seep_simulation_error(run->simulation);

	(void)value;
	if (error)
		seep_error("the simulation cannot go on: %s", strerror(-error));
	return end(run, error ? SEEP_REASON_FAILED : SEEP_REASON_LIMIT);
}

/* One line of standard input, or its end. */
static int on_input(void *context, uint64_t value)
{
	/* Byte by byte: what follows the line is for the next wait. */
	char c;
	ssize_t count = read(STDIN_FILENO, &c, 1);

	(void)value;
	return count == 1 && c != '\n' ? 0 : end(context, SEEP_REASON_INPUT);
}

/* Watches standard input; a file, from which nobody can wait for anything, is not waited for. */
static int watch_input(struct run *run, struct seep_loop_source **ret_source)
{
	int error = seep_loop_add_fd(run->loop, STDIN_FILENO, on_input, run, ret_source);

	return error == -EPERM ? 0 : error;
}

/* Waits for a line, if asked to. */
static int wait_for_line(struct run *run)
{
	struct seep_loop_source *input = NULL;
	int error;

	if (!run->options->wait || run->ended)
		return 0;
	error = watch_input(run, &input);
	if (error || !input)
		return error;
	error = seep_loop_run(run->loop);
	seep_loop_remove(run->loop, input);
	return error;
}

/* When it has to end, if it has to; 1 if that is now. */
static uint64_t ns_left(const struct seep_simulate_options *options)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	if (!options->until_ns)
		return options->duration_ns;
	return options->until_ns > now_ns ? options->until_ns - now_ns : 1;
}

/* What ends the work, besides a signal. */
static int add_ends(struct run *run, struct seep_loop_source *sources[NUM_ENDS])
{
	const struct seep_simulation_config *simulation = &run->options->simulation;
	double period_s = simulation->parameters[SEEP_SIMULATE_PERIOD] * simulation->scale;
	uint64_t period_ns = (uint64_t)(period_s * (double)SEEP_NS_PER_S);
	uint64_t left_ns = ns_left(run->options);
	int error = seep_loop_add_fd(run->loop, seep_simulation_fd(run->simulation), on_over, run,
				     &sources[0]);

	if (!error && left_ns)
		error = seep_loop_add_timer(run->loop, left_ns, 0, on_duration, run, &sources[1]);
	if (!error && simulation->pattern->restarts)
		error = seep_loop_add_timer(run->loop, period_ns, 0, on_period, run, &sources[2]);
	if (!error && run->options->wait)
		error = watch_input(run, &sources[3]);
	return error;
}

/* From the start of the workers to their end. */
static int work(struct run *run)
{
	struct seep_loop_source *sources[NUM_ENDS] = {0};
	int error = add_ends(run, sources);

	if (!error)
		error = seep_simulation_start(run->simulation);
	if (!error)
		error = seep_loop_run(run->loop);
	seep_simulation_stop(run->simulation);
	for (int i = 0; i < NUM_ENDS; i++)
		seep_loop_remove(run->loop, sources[i]);
	return error;
}

static int add_signals(struct run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	return seep_loop_add_signals(run->loop, &set, on_signal, run);
}

static int run_all(struct run *run)
{
	int error = add_signals(run);

	if (!error)
		error = print_start(run);
	if (!error && !run->options->life)
		error = wait_for_line(run);
	if (!error && !run->ended)
		error = work(run);
	if (!error)
		error = print_counts(run, run->reason);
	if (!error && run->reason != SEEP_REASON_RESTART)
		error = wait_for_line(run);
	return error;
}

/* How many words of those of the command line were added when the last life ended. */
static size_t num_added(const struct seep_simulate_options *options)
{
	return (options->life > 0) + (options->until_ns > 0);
}

/*
 * Executes the same pattern anew, with what is left of its time. What is added comes first, where
 * it is found again, and is taken for options whatever the other words are. Returns only if it
 * fails: -errno.
 */
static int restart(const struct seep_simulate_options *options, uint64_t until_ns)
{
	size_t num_words = 0;
	char life[LIFE_WORD_BYTES], until[LIFE_WORD_BYTES];
	SEEP_AUTO_FREE char **words = NULL;

	while (options->words[num_words])
		num_words++;
	words = calloc(num_words + NUM_LIFE_WORDS, sizeof(*words));
	if (!words)
		return -ENOMEM;
	snprintf(life, sizeof(life), "--life=%llu", (unsigned long long)options->life + 1);
	snprintf(until, sizeof(until), "--until=%lluns", (unsigned long long)until_ns);
	num_words = 0;
	words[num_words++] = (char *)"seep";
	words[num_words++] = options->words[0];
	words[num_words++] = life;
	if (until_ns)
		words[num_words++] = until;
	for (char **word = options->words + 1 + num_added(options); *word; word++)
		words[num_words++] = *word;
	/* Works for a program that was replaced or deleted, too. */
	execv("/proc/self/exe", words);
	return -errno;
}

static int simulate(const struct seep_simulate_options *options,
		    enum seep_simulate_reason *ret_reason)
{
	SEEP_AUTO_LOOP struct seep_loop *loop = NULL;
	SEEP_AUTO_CLOSE int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	struct run run = {.options = options, .statm = statm};
	int error = seep_loop_new(&loop);

	if (error)
		return error;
	run.loop = loop;
	error = seep_simulation_new(&options->simulation, &run.simulation);
	if (error)
		return error;
	error = run_all(&run);
	seep_simulation_free(run.simulation);
	*ret_reason = run.reason;
	return error;
}

static int run(const struct seep_config *config)
{
	const struct seep_simulate_options *options = &config->simulate;
	enum seep_simulate_reason reason;
	uint64_t until_ns = options->until_ns;
	int error;

	prctl(PR_SET_NAME, COMM);
	if (!until_ns && options->duration_ns)
		until_ns = seep_clock_monotonic_ns() + options->duration_ns;
	error = simulate(options, &reason);
	if (!error && reason == SEEP_REASON_RESTART)
		error = restart(options, until_ns);
	if (error)
		seep_error("cannot simulate: %s", strerror(-error));
	return error || reason == SEEP_REASON_FAILED ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

static int find_pattern(struct seep_config *config, char **words)
{
	SEEP_AUTO_BUFFER struct seep_buffer names = SEEP_BUFFER_INIT;

	if (!*words) {
		seep_error("which pattern? For example: seep simulate memory");
		return -EINVAL;
	}
	if (words[1]) {
		seep_error("unexpected word \"%s\"", words[1]);
		return -EINVAL;
	}
	config->simulate.simulation.pattern = seep_pattern_find(*words);
	if (config->simulate.simulation.pattern)
		return 0;
	for (size_t i = 0; i < seep_num_patterns; i++)
		seep_buffer_printf(&names, "%s%s", i ? ", " : "", seep_patterns[i].name);
	seep_error("there is no pattern \"%s\"; one of %s", *words, names.data);
	return -EINVAL;
}

/* Takes what was not given from the pattern; refuses what means nothing to it. */
static int take_defaults(struct seep_simulate_options *options)
{
	const struct seep_simulate_pattern *pattern = options->simulation.pattern;
	double *parameters = options->simulation.parameters;

	for (int i = 0; i < SEEP_SIMULATE_PARAMETER_COUNT; i++) {
		bool given = parameters[i] != 0;

		if (given && !pattern->defaults[i]) {
			seep_error("--%s means nothing to the pattern %s",
				   seep_simulate_parameter_option((enum seep_simulate_parameter)i),
				   pattern->name);
			return -EINVAL;
		}
		if (!given)
			parameters[i] = pattern->defaults[i];
	}
	return 0;
}

static int finish(struct seep_config *config, char **words)
{
	struct seep_simulate_options *options = &config->simulate;
	const struct seep_simulate_pattern *pattern;
	int error = find_pattern(config, words);

	if (!error)
		error = take_defaults(options);
	if (error)
		return error;
	pattern = options->simulation.pattern;
	if (options->simulation.parameters[SEEP_SIMULATE_SIZE] < (double)pattern->least_bytes) {
		seep_error("--size: the objects of the pattern %s have at least %llu bytes",
			   pattern->name, (unsigned long long)pattern->least_bytes);
		return -EINVAL;
	}
	return 0;
}

static void print_patterns(FILE *stream)
{
	fputs("\nPatterns:\n", stream);
	for (size_t i = 0; i < seep_num_patterns; i++)
		fprintf(stream, "  %-19s %s\n", seep_patterns[i].name, seep_patterns[i].summary);
}

const struct seep_command seep_command_simulate = {
	.id = SEEP_COMMAND_SIMULATE,
	.name = "simulate",
	.summary = "a program that leaks on purpose, with known numbers",
	.usage =
		"Usage: seep simulate PATTERN [options]\n\n"
		"Leaks, or only looks like it, on purpose and with known numbers, beside a cache, a pool and\n"
		"churn. Prints exactly what it has done at the end, and on SIGUSR1.\n",
	.more_help = print_patterns,
	.examples = "\nExamples:\n"
		    "  seep simulate memory --growth 1M/s -d 1m\n"
		    "  seep simulate cycle --objects 1000\n"
		    "  sudo seep trace -- seep simulate rare -d 30s\n",
	.words_anywhere = true,
	.finish = finish,
	.run = run,
};
