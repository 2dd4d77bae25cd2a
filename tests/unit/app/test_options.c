// SPDX-License-Identifier: GPL-2.0-only
/* Options together: defaults of each command, what goes with what, words, and the help. */
#include "command_line.h"

#include <math.h>

#include "archive/archive.h"
#include "base/units.h"
#include "formats/formats.h"
#include "text/text.h"

static void assert_common_defaults(const struct seep_config *config)
{
	assert_int_equal(config->filter.min_size_bytes, 0);
	assert_int_equal(config->filter.max_size_bytes, UINT64_MAX);
	assert_int_equal(config->filter.min_age_ns, 0);
	assert_int_equal(config->limits.max_objects, 1 << 20);
	assert_int_equal(config->limits.stack_depth, SEEP_MAX_FRAMES);
	assert_int_equal(config->limits.unwind_bytes, 64 << 20);
	assert_int_equal(config->limits.verify_every, 0);
	assert_int_equal(config->probing.variant, SEEP_ATTACH_VARIANT_COUNT);
	assert_int_equal(config->output.metric, SEEP_METRIC_LIVE_BYTES);
	assert_int_equal(config->output.top, 10);
	assert_false(config->output.top_given);
	assert_null(config->capture.path);
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++)
		assert_null(config->output.paths[i]);
}

static void defaults_of_trace(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_trace, "trace -p 1");
	assert_common_defaults(&line.config);
	assert_int_equal(line.config.filter.kinds, SEEP_KIND_BIT(SEEP_KIND_MEMORY));
	assert_int_equal(line.config.timing.interval_ns, 10 * SEEP_NS_PER_S);
	assert_int_equal(line.config.timing.duration_ns, 0);
	assert_int_equal(line.config.verdict.fail_on, SEEP_CLASS_UNKNOWN);
	assert_false(line.config.verdict.detect);
	assert_false(line.config.scope.children);
	done(&line);
}

static void defaults_of_detect(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_detect, "detect -p 1");
	assert_common_defaults(&line.config);
	assert_int_equal(line.config.filter.kinds, SEEP_ALL_KINDS);
	assert_int_equal(line.config.timing.interval_ns, SEEP_NS_PER_S);
	assert_int_equal(line.config.timing.duration_ns, 300 * SEEP_NS_PER_S);
	assert_int_equal(line.config.verdict.fail_on, SEEP_CLASS_LEAK);
	assert_true(line.config.verdict.detect);
	done(&line);
}

static void defaults_of_doctor(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_doctor, "doctor --unwind 1");
	assert_common_defaults(&line.config);
	assert_int_equal(line.config.filter.kinds, SEEP_KIND_BIT(SEEP_KIND_MEMORY));
	assert_int_equal(line.config.timing.duration_ns, 5 * SEEP_NS_PER_S);
	assert_true(isinf(line.config.limits.max_overhead));
	done(&line);
}

/* What somebody relies on that runs already must not suffer; the others are there to be traced. */
static void the_scope_decides_on_the_overhead(void **state)
{
	static const char *const exact[] = {
		"trace ls",
		"trace -g / --from-start",
		"trace -g / --from-start --max-overhead none",
		"trace -p 1 --max-overhead none",
		"detect ls",
	};
	static const char *const bounded[] = {"trace -p 1",  "trace -a",
					      "trace -c ls", "trace -g /",
					      "detect -p 1", "trace --max-overhead 3 ls"};
	struct command_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		accept(&line, *exact[i] == 'd' ? &seep_command_detect : &seep_command_trace,
		       exact[i]);
		assert_true(isinf(line.config.limits.max_overhead));
		done(&line);
	}
	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++) {
		accept(&line, *bounded[i] == 'd' ? &seep_command_detect : &seep_command_trace,
		       bounded[i]);
		assert_true(fabs(line.config.limits.max_overhead - 0.03) < 1e-9);
		done(&line);
	}
	assert_refused(
		&seep_command_trace, "trace -a --from-start --max-overhead 3",
		"--from-start puts probes into all processes, so they cannot be taken out of "
		"one that costs too much: leave --max-overhead out, or give none");
}

static void defaults_of_report_and_diff(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_report, "report a");
	assert_int_equal(line.config.reading.at_ns, SEEP_ARCHIVE_END);
	assert_int_equal(line.config.reading.since_ns, SEEP_ARCHIVE_END);
	assert_ptr_equal(seep_report_at(line.config.reading.format), &seep_report_text);
	done(&line);
	accept(&line, &seep_command_diff, "diff a b");
	assert_int_equal(line.config.filter.kinds, SEEP_ALL_KINDS);
	assert_int_equal(line.config.reading.from_ns, SEEP_ARCHIVE_END);
	assert_int_equal(line.config.reading.at_ns, SEEP_ARCHIVE_END);
	assert_string_equal(line.config.reading.old_capture, "a");
	assert_string_equal(line.config.reading.capture, "b");
	done(&line);
}

/* One capture is compared with its own beginning, unless another moment is given. */
static void a_capture_is_compared_with_itself(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_diff, "diff a --to 10s");
	assert_int_equal(line.config.reading.from_ns, 0);
	assert_int_equal(line.config.reading.at_ns, 10 * SEEP_NS_PER_S);
	assert_string_equal(line.config.reading.old_capture, "a");
	assert_string_equal(line.config.reading.capture, "a");
	done(&line);
	accept(&line, &seep_command_diff, "diff --from 3s a");
	assert_int_equal(line.config.reading.from_ns, 3 * SEEP_NS_PER_S);
	done(&line);
}

static void defaults_of_a_pattern(void **state)
{
	const struct seep_simulate_pattern *pattern = seep_pattern_find("rare");
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_simulate, "simulate rare --leak-fraction 0.5");
	assert_ptr_equal(line.config.simulate.simulation.pattern, pattern);
	for (int i = 0; i < SEEP_SIMULATE_PARAMETER_COUNT; i++) {
		double expected = i == SEEP_SIMULATE_LEAK_FRACTION ? 0.5 : pattern->defaults[i];

		assert_true(line.config.simulate.simulation.parameters[i] == expected);
	}
	assert_int_equal(line.config.simulate.simulation.num_workers, 1);
	assert_int_equal(line.config.simulate.simulation.seed, 1);
	assert_true(line.config.simulate.simulation.scale == 1);
	assert_string_equal(line.config.simulate.words[0], "simulate");
	done(&line);
}

static void a_command_is_a_scope(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_trace, "trace -n 3 server -n 4");
	assert_int_equal(line.config.output.top, 3);
	assert_string_equal(line.config.named.command[0], "server");
	assert_string_equal(line.config.named.command[2], "4");
	assert_true(line.config.scope.children);
	assert_string_equal(line.config.scope.key, "command");
	assert_string_equal(line.config.scope.value, "server -n 4");
	done(&line);
}

static void what_does_not_go_together_is_refused(void **state)
{
	static const struct {
		const struct seep_command *command;
		const char *text;
		const char *sentence;
	} cases[] = {
		{&seep_command_trace, "trace",
		 "nothing to trace: give -p PID, -g CGROUP, -c NAME, -a, or a command behind --"},
		{&seep_command_trace, "trace -p 1 -a",
		 "a scope is one of -p, -g, -c, -a or -- COMMAND"},
		{&seep_command_trace, "trace -p 1 -- true",
		 "unexpected word \"true\"; a scope is one of -p, -g, -c, -a or -- COMMAND"},
		{&seep_command_detect, "detect -a true",
		 "unexpected word \"true\"; a scope is one of -p, -g, -c, -a or -- COMMAND"},
		{&seep_command_trace, "trace -p 1 --from-start",
		 "--from-start is for scopes that processes come to: -g, -c or -a"},
		{&seep_command_trace, "trace -p 1 -k fd --free put:ptr=arg1",
		 "--alloc and --free are for the kind memory, which is not traced"},
		{&seep_command_trace, "trace -p 1 -k fd --sample 1M",
		 "--sample is for the kind memory, which is not traced"},
		{&seep_command_trace, "trace -p 1 --min-size 2K --max-size 1K",
		 "--min-size is larger than --max-size: nothing would be tracked"},
		{&seep_command_trace, "trace -p 1 --json - --html -",
		 "only one output can go to standard output"},
		{&seep_command_report, "report",
		 "which capture? give the file that seep trace -o has written"},
		{&seep_command_report, "report a b",
		 "which capture? give the file that seep trace -o has written"},
		{&seep_command_report, "report a --since 1s --format html",
		 "--since is not for html, whose charts show the whole course; seep diff has a flame "
		 "graph of what grew"},
		{&seep_command_diff, "diff", "which captures? give two, or one and its moments"},
		{&seep_command_diff, "diff a b c",
		 "which captures? give two, or one and its moments"},
		{&seep_command_doctor, "doctor 1", "unexpected word \"1\""},
		{&seep_command_simulate, "simulate",
		 "which pattern? For example: seep simulate memory"},
		{&seep_command_simulate, "simulate linear rare", "unexpected word \"rare\""},
		{&seep_command_simulate, "simulate linear --period 1s",
		 "--period means nothing to the pattern linear"},
		{&seep_command_simulate, "simulate cycle --size 8",
		 "--size: the objects of the pattern cycle have at least 16 bytes"},
		{&seep_command_detect, "detect -p 1 --min-age 1s", "unknown option --min-age"},
		{&seep_command_trace, "trace -p 1 --junit x", "unknown option --junit"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].command, cases[i].text, cases[i].sentence);
}

/* All patterns are listed, so only the beginning is compared. */
static void an_unknown_pattern_is_told_the_known_ones(void **state)
{
	struct command_line line;

	(void)state;
	parse(&line, &seep_command_simulate, "simulate nothing");
	assert_int_equal(line.error, -EINVAL);
	assert_non_null(
		strstr(line.said, "there is no pattern \"nothing\"; one of memory, linear, "));
	done(&line);
}

static void equal_limits_and_one_standard_output_are_fine(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, &seep_command_trace,
	       "trace -a --from-start --min-size 1K --max-size 1K --json - --html x");
	done(&line);
}

static void help_is_no_error_whatever_is_missing(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_COMMAND_COUNT; i++) {
		struct command_line line;
		char text[64];

		snprintf(text, sizeof(text), "%s -h", commands[i]->name);
		accept(&line, commands[i], text);
		assert_true(line.help);
		done(&line);
	}
}

/* What @command prints; to be freed. */
static char *help_of(const struct seep_command *command)
{
	char *text;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	assert_int_equal(seep_options_print_help(command, stream), 0);
	fclose(stream);
	return text;
}

static void help_has_every_option_and_fits_a_terminal(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_COMMAND_COUNT; i++) {
		char *text = help_of(commands[i]), *position = text, *line;

		for (size_t j = 0; j < seep_num_options; j++) {
			const struct seep_option *option = &seep_option_table[j];
			char word[64];

			if (!seep_option_is_of(option, commands[i]))
				continue;
			snprintf(word, sizeof(word), " --%s ", option->name);
			if (!option->group != !strstr(text, word))
				fail_msg("%s --%s", commands[i]->name, option->name);
		}
		assert_null(strchr(text, '{'));
		while ((line = strsep(&position, "\n"))) {
			assert_true(strlen(line) <= 92);
			assert_true(!*line || line[strlen(line) - 1] != ' ');
		}
		free(text);
	}
}

static void help_shows_defaults_of_the_table(void **state)
{
	static const struct {
		const struct seep_command *command;
		const char *line;
	} cases[] = {
		{&seep_command_trace,
		 "\n  -i, --interval TIME         between reports (default 10s)\n"},
		{&seep_command_detect,
		 "\n  -i, --interval TIME         between two looks (default 1s)\n"},
		{&seep_command_trace,
		 "\n  -d, --duration TIME         end after this time (default: Ctrl-C or the targets' "
		 "end)\n"},
		{&seep_command_trace,
		 "\n      --stack-depth N         frames per stack (default and most: 256)\n"},
		{&seep_command_trace,
		 "\n  -k, --kinds KIND[,KIND...]  memory (default), mapping, thread, fd, goroutine, object\n"},
		{&seep_command_detect,
		 "\n  -k, --kinds KIND[,KIND...]  memory, mapping, thread, fd, goroutine, object (default: all)\n"},
		{&seep_command_detect,
		 "\n      --fail-on CLASS         what to exit with 3 for: leak (default), growth\n"},
		{&seep_command_trace,
		 "\n      --fail-on CLASS         exit 3 if there is one at the end: leak, growth\n"},
		{&seep_command_diff,
		 "\n      --metric METRIC         what grew: live-bytes (default), live-objects, "
		 "alloc-bytes,\n"
		 "                              alloc-objects; threads and descriptors count as "
		 "objects\n"},
		{&seep_command_simulate,
		 "\n      --seed N                of what is random (default 1)\n"},
		{&seep_command_trace,
		 "\n  -a, --all                   all processes of the machine\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = help_of(cases[i].command);

		if (!strstr(text, cases[i].line))
			fail_msg("not in the help of %s: %s", cases[i].command->name,
				 cases[i].line);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_trace),
		cmocka_unit_test(defaults_of_detect),
		cmocka_unit_test(defaults_of_doctor),
		cmocka_unit_test(the_scope_decides_on_the_overhead),
		cmocka_unit_test(defaults_of_report_and_diff),
		cmocka_unit_test(a_capture_is_compared_with_itself),
		cmocka_unit_test(defaults_of_a_pattern),
		cmocka_unit_test(a_command_is_a_scope),
		cmocka_unit_test(what_does_not_go_together_is_refused),
		cmocka_unit_test(an_unknown_pattern_is_told_the_known_ones),
		cmocka_unit_test(equal_limits_and_one_standard_output_are_fine),
		cmocka_unit_test(help_is_no_error_whatever_is_missing),
		cmocka_unit_test(help_has_every_option_and_fits_a_terminal),
		cmocka_unit_test(help_shows_defaults_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
