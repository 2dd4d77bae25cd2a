// SPDX-License-Identifier: GPL-2.0-only
/* What samples of page faults cost stays within its share, whatever the process does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/pace.h"

/* As measured, less than what the pace assumes. */
#define SAMPLE_NS 4000.0

/* What a process with these rates shows while its faults are counted. */
static struct seep_pace_seen see(const struct seep_pace *pace, const struct seep_pace_rates *rates)
{
	struct seep_pace_seen seen = {
		.open_s = pace->open_s,
		.faults = rates->faults * pace->open_s,
		.switches = rates->switches * pace->open_s,
	};

	seen.samples = seen.faults / (double)pace->period;
	seen.sample_ns = fmin(seen.samples, (double)pace->allowance) * SAMPLE_NS;
	return seen;
}

struct run {
	double seconds;
	double cost_ns;
	double samples;
};

/* Ten minutes. */
static struct run run(const struct seep_pace_rates *rates)
{
	struct seep_pace pace = {0};
	struct run run = {0};

	seep_pace_begin(&pace, rates);
	while (run.seconds < 600) {
		struct seep_pace_seen seen = see(&pace, rates);

		run.cost_ns += seep_pace_cost_ns(&seen);
		run.samples += fmin(seen.samples, (double)pace.allowance);
		assert_in_range(pace.allowance, 2, SEEP_PACE_SAMPLES);
		assert_true(pace.period >= 1);
		run.seconds += seen.open_s;
		seep_pace_next(&pace, rates, &seen);
		run.seconds += pace.closed_s;
	}
	return run;
}

static void the_cost_stays_within_its_share(void **state)
{
	static const struct {
		struct seep_pace_rates rates;
		double samples; /* there are so many at least */
	} processes[] = {
		{{.faults = 12, .switches = 10, .cpu_ns = 1e6}, 6000},
		{{.faults = 130, .switches = 500, .cpu_ns = 1e7}, 3000},
		{{.faults = 370000, .switches = 200, .cpu_ns = 1e9}, 3000},
		{{.faults = 3000000, .switches = 2000, .cpu_ns = 8e9, .threads = 40}, 3000},
		{{.faults = 100000, .switches = 100000, .cpu_ns = 1e9, .threads = 1000}, 600},
		/* Where to count is what costs, few faults are seen. */
		{{.faults = 50, .switches = 200000, .cpu_ns = 2e9}, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
		const struct seep_pace_rates *rates = &processes[i].rates;
		struct run all = run(rates);
		double used_ns = fmax(rates->cpu_ns, SEEP_PACE_LEAST_NS) * all.seconds;

		assert_true(all.cost_ns <= 1.01 * SEEP_PACE_SHARE * used_ns);
		assert_true(all.samples >= processes[i].samples);
	}
}

/* A slow leak costs next to nothing: no fault is left out. */
static void a_quiet_process_is_seen_whole(void **state)
{
	const struct seep_pace_rates rates = {.faults = 5, .switches = 10, .cpu_ns = 1e6};
	struct seep_pace pace = {0};

	(void)state;
	seep_pace_begin(&pace, &rates);
	assert_int_equal(pace.period, 1);
	assert_true(pace.open_s == 1 && pace.closed_s == 0);
	for (int i = 0; i < 10; i++) {
		struct seep_pace_seen seen = see(&pace, &rates);

		seep_pace_next(&pace, &rates, &seen);
		assert_int_equal(pace.period, 1);
		assert_true(pace.open_s == 1 && pace.closed_s == 0);
	}
}

/* After a second without faults it does not count on that. */
static void a_pause_is_not_believed(void **state)
{
	const struct seep_pace_rates busy = {.faults = 300000, .cpu_ns = 1e9};
	const struct seep_pace_rates idle = {.faults = 0, .cpu_ns = 1e6};
	struct seep_pace pace = {0};
	struct seep_pace_seen nothing;
	uint64_t period;

	(void)state;
	seep_pace_begin(&pace, &busy);
	period = pace.period;
	assert_true(period > 10);
	nothing = see(&pace, &idle);
	seep_pace_next(&pace, &idle, &nothing);
	assert_true(pace.period >= period / 4);
	assert_true(pace.open_s < 0.1);
	for (int i = 0; i < 30; i++)
		seep_pace_next(&pace, &idle, &nothing);
	assert_int_equal(pace.period, 1);
	assert_true(pace.open_s == 1);
}

/* A burst that nobody could foresee is paid for. */
static void what_was_too_much_is_paid_later(void **state)
{
	const struct seep_pace_rates rates = {.faults = 10000, .cpu_ns = 1e9};
	const struct seep_pace_seen burst = {.open_s = 0.02, .faults = 10000, .samples = 10000};
	struct seep_pace pace = {0};

	(void)state;
	seep_pace_next(&pace, &rates, &burst);
	assert_true((burst.open_s + pace.closed_s) * 1e9 * SEEP_PACE_SHARE >=
		    0.99 * seep_pace_cost_ns(&burst));
	assert_true(seep_pace_cost_ns(&burst) > 1e6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cost_stays_within_its_share),
		cmocka_unit_test(a_quiet_process_is_seen_whole),
		cmocka_unit_test(a_pause_is_not_believed),
		cmocka_unit_test(what_was_too_much_is_paid_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
