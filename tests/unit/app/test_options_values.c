// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values of each type on the command line: where they end up, which are refused and with what
 * words.
 */
#include "command_line.h"

#include <math.h>

#include "base/units.h"
#include "formats/formats.h"

#define TRACE	 (&seep_command_trace)
#define DETECT	 (&seep_command_detect)
#define REPORT	 (&seep_command_report)
#define DIFF	 (&seep_command_diff)
#define DOCTOR	 (&seep_command_doctor)
#define SIMULATE (&seep_command_simulate)

static void assert_number(double actual, double expected)
{
	if (fabs(actual - expected) > 1e-9)
		fail_msg("%g is not %g", actual, expected);
}

struct refusal {
	const struct seep_command *command;
	const char *text;
	const char *sentence;
};

static void refuse_all(const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_refused(refusals[i].command, refusals[i].text, refusals[i].sentence);
}

#define REFUSE_ALL(refusals) refuse_all(refusals, sizeof(refusals) / sizeof((refusals)[0]))

static void flags(void **state)
{
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -p 1 -q --verbose --children --unplaced");
	assert_true(line.config.output.quiet && line.config.output.verbose);
	assert_true(line.config.scope.children && line.config.probing.unplaced);
	assert_false(line.config.probing.from_start);
	done(&line);
	accept(&line, SIMULATE, "simulate --json linear --wait");
	assert_true(line.config.simulate.json && line.config.simulate.wait);
	done(&line);
	assert_refused(TRACE, "trace -p 1 --quiet=1", "unknown option --quiet=1");
}

static void counts(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 --max-objects 15",
		 "--max-objects 15: out of range (16 to 268435456)"},
		{TRACE, "trace -p 1 --max-objects 268435457",
		 "--max-objects 268435457: out of range (16 to 268435456)"},
		{TRACE, "trace -p 1 --stack-depth 257",
		 "--stack-depth 257: out of range (1 to 256)"},
		{TRACE, "trace -p 1 --verify-stacks 0",
		 "--verify-stacks 0: out of range (1 to 4294967295)"},
		{TRACE, "trace -p 1 --verify-stacks 4294967296",
		 "--verify-stacks 4294967296: out of range (1 to 4294967295)"},
		{TRACE, "trace -p 1 -n 2147483648",
		 "--top 2147483648: out of range (0 to 2147483647)"},
		{TRACE, "trace -p 1 -n ten", "--top ten: not a whole number"},
		{TRACE, "trace -p 1 -n 1.5k", "--top 1.5k: not a whole number"},
		{TRACE, "trace -p 1 --max-objects 1T", "--max-objects 1T: not a whole number"},
		{TRACE, "trace -p 1 --max-objects 269M",
		 "--max-objects 269M: out of range (16 to 268435456)"},
		{TRACE, "trace -p 1 --max-objects 99999999999G",
		 "--max-objects 99999999999G: out of range (16 to 268435456)"},
		{TRACE, "trace -p 1 -n ''", "--top: the value is empty"},
		{TRACE, "trace -p 1 -n", "-n needs a value: N"},
		{SIMULATE, "simulate linear --threads 65", "--threads 65: out of range (1 to 64)"},
		{SIMULATE, "simulate linear --seed 18446744073709551616",
		 "--seed 18446744073709551616: out of range (too large)"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE,
	       "trace -p 1 --max-objects 16 --stack-depth 1 --verify-stacks 4294967295 -n 0");
	assert_int_equal(line.config.limits.max_objects, 16);
	assert_int_equal(line.config.limits.stack_depth, 1);
	assert_int_equal(line.config.limits.verify_every, UINT32_MAX);
	assert_int_equal(line.config.output.top, 0);
	assert_true(line.config.output.top_given);
	done(&line);
	accept(&line, SIMULATE, "simulate linear --seed 18446744073709551615 --threads=64");
	assert_int_equal(line.config.simulate.simulation.seed, UINT64_MAX);
	assert_int_equal(line.config.simulate.simulation.num_workers, 64);
	done(&line);
	REFUSE_ALL(refusals);
}

static void sizes(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 --min-size 12Q",
		 "--min-size 12Q: not a size, such as 512, 64K or 1.5G"},
		{TRACE, "trace -p 1 --min-size -1",
		 "--min-size -1: not a size, such as 512, 64K or 1.5G"},
		{TRACE, "trace -p 1 --max-size 99999999999T",
		 "--max-size 99999999999T: out of range (too large)"},
		{TRACE, "trace -p 1 --unwind-mem 1023K",
		 "--unwind-mem 1023K: out of range (at least 1M)"},
		{TRACE, "trace -p 1 --max-file 0", "--max-file 0: out of range (more than 0)"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE,
	       "trace -p 1 --min-size 1k --max-size 1.5M --unwind-mem 1M -o x "
	       "--max-file 1 --max-objects 11M --sample 512K");
	assert_int_equal(line.config.limits.max_objects, 11000000);
	assert_int_equal(line.config.filter.sample_bytes, 512 << 10);
	assert_int_equal(line.config.filter.min_size_bytes, 1024);
	assert_int_equal(line.config.filter.max_size_bytes, 3 << 19);
	assert_int_equal(line.config.limits.unwind_bytes, 1 << 20);
	assert_int_equal(line.config.capture.max_bytes, 1);
	done(&line);
	REFUSE_ALL(refusals);
}

static void durations(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 -i 9ms", "--interval 9ms: out of range (at least 10ms)"},
		{TRACE, "trace -p 1 -i soon",
		 "--interval soon: not a time, such as 500ms, 10s or 1h30m"},
		{TRACE, "trace -p 1 -d 0", "--duration 0: out of range (more than 0)"},
		{TRACE, "trace -p 1 --keep 0s", "--keep 0s: out of range (more than 0)"},
		{DOCTOR, "doctor -d 0", "--duration 0: out of range (more than 0)"},
		{SIMULATE, "simulate linear -d 999us",
		 "--duration 999us: out of range (at least 1ms)"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -p 1 -i 10ms -d 1m30s --min-age 2 -o x --keep 1h");
	assert_int_equal(line.config.timing.interval_ns, 10 * SEEP_NS_PER_MS);
	assert_int_equal(line.config.timing.duration_ns, 90 * SEEP_NS_PER_S);
	assert_int_equal(line.config.filter.min_age_ns, 2 * SEEP_NS_PER_S);
	assert_int_equal(line.config.capture.keep_ns, 3600 * SEEP_NS_PER_S);
	done(&line);
	accept(&line, SIMULATE, "simulate linear -d 1ms");
	assert_int_equal(line.config.simulate.duration_ns, SEEP_NS_PER_MS);
	assert_int_equal(line.config.timing.duration_ns, 0);
	done(&line);
	REFUSE_ALL(refusals);
}

static void shares(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 --max-overhead 0",
		 "--max-overhead 0: out of range (above 0, up to 100)"},
		{TRACE, "trace -p 1 --max-overhead 0%",
		 "--max-overhead 0%: out of range (above 0, up to 100)"},
		{DETECT, "detect -p 1 --max-overhead 100.1%",
		 "--max-overhead 100.1%: out of range (above 0, up to 100)"},
		{TRACE, "trace -p 1 --max-overhead -1",
		 "--max-overhead -1: not a percentage, such as 3, 3% or 0.5%, nor none"},
		{TRACE, "trace -p 1 --max-overhead 3%%",
		 "--max-overhead 3%%: not a percentage, such as 3, 3% or 0.5%, nor none"},
		{TRACE, "trace -p 1 --max-overhead %",
		 "--max-overhead %: not a percentage, such as 3, 3% or 0.5%, nor none"},
		{TRACE, "trace -p 1 --max-overhead nothing",
		 "--max-overhead nothing: not a percentage, such as 3, 3% or 0.5%, nor none"},
		{TRACE, "trace -p 1 --max-overhead ''", "--max-overhead: the value is empty"},
	};
	static const struct {
		const char *text;
		double share;
	} cases[] = {
		{"trace -p 1 --max-overhead 3", 0.03},
		{"trace -p 1 --max-overhead 3%", 0.03},
		{"trace -p 1 --max-overhead 0.5%", 0.005},
		{"trace -p 1 --max-overhead=100", 1},
		{"trace -p 1 --max-overhead 5 --max-overhead .1", 0.001},
	};
	struct command_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		accept(&line, TRACE, cases[i].text);
		assert_number(line.config.limits.max_overhead, cases[i].share);
		done(&line);
	}
	accept(&line, DETECT, "detect -p 1 --max-overhead none");
	assert_true(isinf(line.config.limits.max_overhead));
	done(&line);
	REFUSE_ALL(refusals);
}

static void numbers(void **state)
{
	static const struct refusal refusals[] = {
		{SIMULATE, "simulate linear --scale 0.0009",
		 "--scale 0.0009: out of range (0.001 to 1000)"},
		{SIMULATE, "simulate linear --scale 1001",
		 "--scale 1001: out of range (0.001 to 1000)"},
		{SIMULATE, "simulate linear --scale inf",
		 "--scale inf: not a number, such as 2 or 0.5"},
		{SIMULATE, "simulate linear --scale 1e2",
		 "--scale 1e2: not a number, such as 2 or 0.5"},
		{SIMULATE, "simulate linear --scale 1..5",
		 "--scale 1..5: not a number, such as 2 or 0.5"},
		{SIMULATE, "simulate rare --leak-fraction 0",
		 "--leak-fraction 0: out of range (above 0, up to 1)"},
		{SIMULATE, "simulate rare --leak-fraction 1.01",
		 "--leak-fraction 1.01: out of range (above 0, up to 1)"},
	};
	struct command_line line;

	(void)state;
	accept(&line, SIMULATE, "simulate rare --scale 0.001 --leak-fraction 1");
	assert_number(line.config.simulate.simulation.scale, 0.001);
	assert_number(line.config.simulate.simulation.parameters[SEEP_SIMULATE_LEAK_FRACTION], 1);
	done(&line);
	REFUSE_ALL(refusals);
}

static void rates_are_per_second(void **state)
{
	static const struct {
		const char *text;
		enum seep_simulate_parameter parameter;
		double expected;
	} cases[] = {
		{"simulate linear --growth 60K", SEEP_SIMULATE_GROWTH, 61440},
		{"simulate linear --growth 60K/s", SEEP_SIMULATE_GROWTH, 61440},
		{"simulate linear --growth 60K/m", SEEP_SIMULATE_GROWTH, 1024},
		{"simulate linear --growth 1/h", SEEP_SIMULATE_GROWTH, 1.0 / 3600},
		{"simulate churn --rate 0.5", SEEP_SIMULATE_RATE, 0.5},
		{"simulate churn --rate 90/m", SEEP_SIMULATE_RATE, 1.5},
	};
	static const struct refusal refusals[] = {
		{SIMULATE, "simulate linear --growth 0/s",
		 "--growth 0/s: out of range (more than 0)"},
		{SIMULATE, "simulate linear --growth 1K/d",
		 "--growth 1K/d: not a rate, such as 64K/s or 1M/h"},
		{SIMULATE, "simulate linear --growth 1K/",
		 "--growth 1K/: not a rate, such as 64K/s or 1M/h"},
		{SIMULATE, "simulate linear --growth 1K/ss",
		 "--growth 1K/ss: not a rate, such as 64K/s or 1M/h"},
		{SIMULATE, "simulate linear --growth /s",
		 "--growth /s: not a rate, such as 64K/s or 1M/h"},
		{SIMULATE, "simulate churn --rate 0",
		 "--rate 0: out of range (above 0, up to 100000000)"},
		{SIMULATE, "simulate churn --rate 100000001",
		 "--rate 100000001: out of range (above 0, up to 100000000)"},
		{SIMULATE, "simulate churn --rate 1K/s",
		 "--rate 1K/s: not a rate, such as 100/s or 2.5/m"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command_line line;

		accept(&line, SIMULATE, cases[i].text);
		assert_number(line.config.simulate.simulation.parameters[cases[i].parameter],
			      cases[i].expected);
		done(&line);
	}
	REFUSE_ALL(refusals);
}

/* Bytes, objects and seconds. */
static void parameters_are_numbers(void **state)
{
	struct command_line line;
	const double *parameters = line.config.simulate.simulation.parameters;

	(void)state;
	accept(&line, SIMULATE, "simulate linear --size 2K --objects 3 --limit 1M");
	assert_number(parameters[SEEP_SIMULATE_SIZE], 2048);
	assert_number(parameters[SEEP_SIMULATE_OBJECTS], 3);
	assert_number(parameters[SEEP_SIMULATE_LIMIT], 1 << 20);
	done(&line);
	accept(&line, SIMULATE, "simulate exponential --period 1500ms");
	assert_number(parameters[SEEP_SIMULATE_PERIOD], 1.5);
	done(&line);
	assert_refused(SIMULATE, "simulate linear --size 2G", "--size 2G: out of range (1 to 1G)");
	assert_refused(SIMULATE, "simulate linear --objects 0",
		       "--objects 0: out of range (1 to 100000000)");
}

static void texts(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 --json ''", "--json: the value is empty"},
		{TRACE, "trace -p 1 -o ''", "--output: the value is empty"},
		{DETECT, "detect -p 1 --baseline ''", "--baseline: the value is empty"},
		{DETECT, "detect -p 1 --suppressions", "--suppressions needs a value: FILE"},
	};
	struct command_line line;

	(void)state;
	accept(&line, DETECT,
	       "detect -p 1 --json a --folded b --pprof c --flamegraph d --html e "
	       "--junit f -o g --baseline h --suppressions i");
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++)
		assert_string_equal(line.config.output.paths[i], ((char[]){(char)('a' + i), 0}));
	assert_string_equal(line.config.capture.path, "g");
	assert_string_equal(line.config.verdict.baseline, "h");
	assert_string_equal(line.config.verdict.suppressions, "i");
	done(&line);
	REFUSE_ALL(refusals);
}

static void choices(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 --metric beauty",
		 "--metric beauty: not a metric; one of live-bytes, live-objects, alloc-bytes, alloc-objects"},
		{TRACE, "trace -p 1 --fail-on steady",
		 "--fail-on steady: not a class; one of leak, growth"},
		{TRACE, "trace -p 1 --attach glue",
		 "--attach glue: not a variant; one of session, multi, perf"},
		{REPORT, "report a --format xml",
		 "--format xml: not a format; one of text, json, folded, pprof, flamegraph, html"},
		{DIFF, "diff a --format pprof",
		 "--format pprof: not a format; one of text, json, folded, flamegraph"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -p 1 --metric alloc-objects --fail-on growth --attach perf");
	assert_int_equal(line.config.output.metric, SEEP_METRIC_ALLOC_OBJECTS);
	assert_int_equal(line.config.verdict.fail_on, SEEP_CLASS_GROWTH);
	assert_int_equal(line.config.probing.variant, SEEP_ATTACH_PERF);
	done(&line);
	accept(&line, REPORT, "report --format pprof a");
	assert_string_equal(seep_report_at(line.config.reading.format)->name, "pprof");
	done(&line);
	accept(&line, DIFF, "diff --format folded a");
	assert_string_equal(seep_diff_at(line.config.reading.diff_format)->name, "folded");
	done(&line);
	REFUSE_ALL(refusals);
}

static void kinds(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 1 -k memory,",
		 "--kinds memory,: not a kind; one of memory, mapping, thread, fd, goroutine, object"},
		{TRACE, "trace -p 1 -k ''", "--kinds: the value is empty"},
		{DIFF, "diff a -k socket",
		 "--kinds socket: not a kind; one of memory, mapping, thread, fd, goroutine, object"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -p 1 -k memory -k fd,thread");
	assert_int_equal(line.config.filter.kinds,
			 SEEP_KIND_BIT(SEEP_KIND_FD) | SEEP_KIND_BIT(SEEP_KIND_THREAD));
	done(&line);
	REFUSE_ALL(refusals);
}

static void pids(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -p 0", "--pid 0: out of range (1 to 4194304)"},
		{TRACE, "trace -p 4194305", "--pid 4194305: out of range (1 to 4194304)"},
		{TRACE, "trace -p 1,", "--pid 1,: not a PID, nor several with commas between them"},
		{TRACE, "trace -p ''", "--pid: the value is empty"},
		{DOCTOR, "doctor -p me",
		 "--pid me: not a PID, nor several with commas between them"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -p 12,4194304 --pid 7");
	assert_int_equal(line.config.named.num_pids, 3);
	assert_int_equal(line.config.named.pids[0], 12);
	assert_int_equal(line.config.named.pids[1], 4194304);
	assert_int_equal(line.config.named.pids[2], 7);
	assert_string_equal(line.config.scope.key, "pid");
	assert_string_equal(line.config.scope.value, "12,4194304,7");
	done(&line);
	accept(&line, DOCTOR, "doctor -p 5");
	assert_true(line.config.named.list_probes);
	done(&line);
	accept(&line, DOCTOR, "doctor --unwind 5");
	assert_false(line.config.named.list_probes);
	assert_int_equal(line.config.named.num_pids, 1);
	done(&line);
	REFUSE_ALL(refusals);
}

static void scopes(void **state)
{
	static const struct refusal refusals[] = {
		{TRACE, "trace -c ''", "--comm: the value is empty"},
		{TRACE, "trace -a -g x",
		 "--cgroup: there is a scope already; give one of -p, -g, -c, -a or -- COMMAND"},
	};
	struct command_line line;

	(void)state;
	accept(&line, TRACE, "trace -g /a/b");
	assert_int_equal(line.config.scope.type, SEEP_SCOPE_CGROUP);
	assert_string_equal(line.config.scope.key, "cgroup");
	assert_string_equal(line.config.scope.value, "/a/b");
	assert_true(line.config.scope.children);
	done(&line);
	accept(&line, TRACE, "trace -c a-name-of-more-than-15");
	assert_int_equal(line.config.scope.type, SEEP_SCOPE_COMM);
	assert_string_equal(line.config.scope.comm, "a-name-of-more-");
	assert_string_equal(line.config.scope.value, "a-name-of-more-than-15");
	assert_false(line.config.scope.children);
	done(&line);
	accept(&line, TRACE, "trace -a");
	assert_int_equal(line.config.scope.type, SEEP_SCOPE_ALL);
	assert_string_equal(line.config.scope.value, "");
	done(&line);
	REFUSE_ALL(refusals);
}

static void functions(void **state)
{
	struct command_line line;
	const struct seep_allocator *allocator;

	(void)state;
	accept(&line, TRACE, "trace -p 1 --alloc get:size=arg2,ret=ptr --free put:ptr=arg1");
	assert_int_equal(seep_allocators_num_user(line.config.allocators), 2);
	allocator = seep_allocators_find(line.config.allocators, "put", 3);
	assert_non_null(allocator);
	assert_int_equal(allocator->role, SEEP_ROLE_FREE);
	assert_int_equal(allocator->pointer_arg, 1);
	done(&line);
	parse(&line, TRACE, "trace -p 1 --free put:ptr=arg9");
	assert_int_not_equal(line.error, 0);
	assert_ptr_equal(strstr(line.said, "seep: --free put:ptr=arg9: "), line.said);
	done(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags),
		cmocka_unit_test(counts),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(shares),
		cmocka_unit_test(numbers),
		cmocka_unit_test(rates_are_per_second),
		cmocka_unit_test(parameters_are_numbers),
		cmocka_unit_test(texts),
		cmocka_unit_test(choices),
		cmocka_unit_test(kinds),
		cmocka_unit_test(pids),
		cmocka_unit_test(scopes),
		cmocka_unit_test(functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
