// SPDX-License-Identifier: GPL-2.0-only
/* What the probes of a process may cost, and when: on simulated processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "effort.h"
#include "trace/simulated_process.h"

#define DEFAULT_SHARE 0.03
#define FULL_COST     0.9 /* of the CPU time, as of an allocator under full load */

static struct load steady(double now_s)
{
	(void)now_s;
	return (struct load){1, FULL_COST};
}

static struct load sleepy(double now_s)
{
	(void)now_s;
	return (struct load){0.3, FULL_COST};
}

static struct load many_cpus(double now_s)
{
	(void)now_s;
	return (struct load){16, FULL_COST};
}

static struct load moderate(double now_s)
{
	(void)now_s;
	return (struct load){1, 0.05};
}

static struct load cheap(double now_s)
{
	(void)now_s;
	return (struct load){1, 0.01};
}

static struct load short_bursts(double now_s)
{
	return fmod(now_s, 7) < 0.2 ? (struct load){1, FULL_COST} : (struct load){1, 0.001};
}

static struct load loud_and_quiet(double now_s)
{
	return fmod(now_s, 40) < 20 ? (struct load){1, FULL_COST} : (struct load){1, 0.001};
}

static struct load more_and_more(double now_s)
{
	return (struct load){fmin(16, 1 + now_s / 20), FULL_COST};
}

static struct load starts_and_stops(double now_s)
{
	return fmod(now_s, 30) < 10 ? (struct load){4, FULL_COST} : (struct load){0.001, 0};
}

/* Nothing for ten minutes, and then everything. */
static struct load wakes_up(double now_s)
{
	return now_s < 600 ? (struct load){0, 0} : (struct load){1, FULL_COST};
}

static struct load burst_after_work(double now_s)
{
	return (struct load){1, now_s < 60 ? 0.001 : FULL_COST};
}

static struct load becomes_quiet(double now_s)
{
	return (struct load){1, now_s < 60 ? FULL_COST : 0.001};
}

static struct load becomes_idle(double now_s)
{
	return now_s < 60 ? (struct load){1, FULL_COST} : (struct load){0, 0};
}

static const load_function loads[] = {
	steady,	      sleepy,	      many_cpus,     moderate, cheap,
	short_bursts, loud_and_quiet, more_and_more, wakes_up, burst_after_work,
};

#define NUM_LOADS (sizeof(loads) / sizeof(*loads))

/* The worst of some processes that do this; and what all of their time has cost on average. */
static double worst_of(load_function load, double share, double until_s, double *ret_mean)
{
	uint64_t count = effort(100, 5);
	double worst = 0;

	*ret_mean = 0;
	for (uint64_t seed = 1; seed <= count; seed++) {
		struct simulated_process *process = process_new(load, share, seed);

		process_run(process, until_s);
		worst = fmax(worst, costliest(process, 1));
		*ret_mean += mean_cost(process) / (double)count;
		free(process);
	}
	return worst;
}

/*
 * Of its CPU time, or of one CPU if it uses less; and in the long run not more than the share of
 * what it uses.
 */
static void never_more_than_twice_the_budget(void **state)
{
	static const double shares[] = {0.01, DEFAULT_SHARE, 0.1};

	(void)state;
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		for (size_t j = 0; j < NUM_LOADS; j++) {
			double mean, worst = worst_of(loads[j], shares[i], 900, &mean);

			assert_true(worst <= 2 * shares[i]);
			assert_true(mean <= shares[i]);
		}
	}
}

/*
 * Who stops just behind a window has not used the time that would have paid for it, so of the time
 * around it that is more than twice, and less than four times; but it is made up for.
 */
static void who_stops_owes_one_window(void **state)
{
	double mean, worst = worst_of(starts_and_stops, DEFAULT_SHARE, 900, &mean);

	(void)state;
	assert_true(worst <= 4 * DEFAULT_SHARE);
	assert_true(mean <= DEFAULT_SHARE);
}

/* The budget is there to be used: else less is seen than could be. */
static void most_of_the_budget_is_used(void **state)
{
	static const load_function busy[] = {steady, sleepy, many_cpus, moderate};

	(void)state;
	for (size_t i = 0; i < sizeof(busy) / sizeof(*busy); i++) {
		double mean;

		worst_of(busy[i], DEFAULT_SHARE, 900, &mean);
		assert_true(mean >= DEFAULT_SHARE / 2);
	}
}

static void what_costs_less_is_seen_as_a_whole(void **state)
{
	struct simulated_process *process = process_new(cheap, DEFAULT_SHARE, 1);

	(void)state;
	process_run(process, 900);
	assert_int_equal(process->state, EXACT);
	assert_int_equal(process->num_windows, 0);
	assert_true(process->windowed_s == 0);
	free(process);
}

/* The time from the beginning of a burst until there are no probes any more. */
static double reaction_s(load_function load, double burst_s)
{
	struct simulated_process *process = process_new(load, DEFAULT_SHARE, 1);
	double reaction;

	process_run(process, burst_s + 30);
	reaction = process->windowed_s - burst_s;
	assert_true(reaction > 0);
	free(process);
	return reaction;
}

static void a_burst_is_noticed_soon(void **state)
{
	(void)state;
	assert_true(reaction_s(steady, 0) <= 0.3);
	assert_true(reaction_s(sleepy, 0) <= 0.3);
	assert_true(reaction_s(many_cpus, 0) <= 0.3);
	assert_true(reaction_s(burst_after_work, 60) <= 0.3);
}

/* Only so much can be saved: after ten minutes of sleep it is noticed as soon as ever. */
static void idle_time_earns_no_more_than_a_burst(void **state)
{
	struct seep_budget busy, idle;

	(void)state;
	assert_true(reaction_s(wakes_up, 600) <= 0.3);
	seep_budget_init(&busy, DEFAULT_SHARE);
	seep_budget_init(&idle, DEFAULT_SHARE);
	for (int i = 0; i < 3600; i++) {
		seep_budget_account(&busy, SEEP_NS_PER_S, SEEP_NS_PER_S, 0);
		seep_budget_account(&idle, SEEP_NS_PER_S, 0, 0);
	}
	assert_true(idle.earned_ns <= busy.earned_ns);
	/* And all of it at once. */
	seep_budget_account(&idle, 3600.0 * SEEP_NS_PER_S, 0, 0);
	assert_true(idle.earned_ns <= busy.earned_ns);
}

/*
 * A process that is busy when it is attached to is known as such from the first look on, so that
 * the first window comes soon, and not when half a minute has passed.
 */
static void the_first_window_comes_soon(void **state)
{
	static const load_function busy[] = {steady, many_cpus};
	uint64_t count = effort(1000, 200);

	(void)state;
	for (size_t i = 0; i < sizeof(busy) / sizeof(*busy); i++) {
		double sum = 0;

		for (uint64_t seed = 1; seed <= count; seed++) {
			struct simulated_process *process =
				process_new(busy[i], DEFAULT_SHARE, seed);

			while (process->state != WINDOW)
				process_run(process, now_s(process) + 0.001);
			sum += now_s(process);
			free(process);
		}
		assert_true(sum / (double)count < 5);
	}
}

static void what_becomes_quiet_is_seen_as_a_whole_again(void **state)
{
	static const load_function quiet[] = {becomes_quiet, becomes_idle};

	(void)state;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(*quiet); i++) {
		for (uint64_t seed = 1; seed <= effort(100, 10); seed++) {
			struct simulated_process *process =
				process_new(quiet[i], DEFAULT_SHARE, seed);

			process_run(process, 60);
			assert_int_not_equal(process->state, EXACT);
			process_run(process, 180);
			assert_int_equal(process->state, EXACT);
			/* Not as soon as one window was quiet. */
			assert_true(process->exact_s >= 65);
			free(process);
		}
	}
}

/* A load just at the budget does not make it come and go all the time. */
static void it_does_not_come_and_go(void **state)
{
	struct simulated_process *process = process_new(moderate, DEFAULT_SHARE, 1);

	(void)state;
	process_run(process, 900);
	assert_true(process->windowed_s > 0 && process->exact_s == 0);
	free(process);
}

static void windows_and_gaps_are_as_long_as_they_may_be(void **state)
{
	struct simulated_process *process = process_new(steady, DEFAULT_SHARE, 1);
	enum state before = EXACT;
	double since_s = 0;

	(void)state;
	for (double t = 0; t < 600; t += 0.001) {
		process_run(process, t);
		if (process->state == before)
			continue;
		/* Not cut short, as nothing unexpected happens. */
		if (before == WINDOW)
			assert_in_range(llround(1e3 * (now_s(process) - since_s)), 49, 502);
		if (before == GAP)
			assert_true(now_s(process) - since_s <= 20.002);
		before = process->state;
		since_s = now_s(process);
	}
	free(process);
}

/* Without debts, as windows.h demands it: memoryless, up to four times the mean. */
static void gaps_are_exponential(void **state)
{
	struct seep_budget budget;
	const int count = 100000;
	double mean = 0, limit;
	int longer[4] = {0};

	(void)state;
	seep_budget_init(&budget, DEFAULT_SHARE);
	for (int i = 0; i < 10; i++)
		seep_budget_account(&budget, SEEP_NS_PER_S, SEEP_NS_PER_S, 0);
	seep_budget_enter_windows(&budget, FULL_COST);
	for (int i = 0; i < count; i++)
		mean += seep_budget_gap_ns(&budget, (i + 0.5) / count) / count;
	mean /= 1 - exp(-4);
	for (int i = 0; i < count; i++) {
		double gap_ns = seep_budget_gap_ns(&budget, (i + 0.5) / count);

		for (int j = 0; j < 4; j++)
			longer[j] += gap_ns > 0.5 * (j + 1) * mean;
	}
	for (int j = 0; j < 4; j++)
		assert_float_equal((double)longer[j] / count, exp(-0.5 * (j + 1)), 1e-3);
	limit = seep_budget_gap_ns(&budget, 0.999999);
	assert_float_equal(limit / mean, 4, 1e-3);
	assert_float_equal(seep_budget_gap_ns(&budget, 0), 0, 1);
}

/*
 * After a window that has cost far more than expected there is none before that is paid for, but
 * for three seconds' worth; after one that has cost as expected chance alone decides.
 */
static void a_large_debt_is_paid_first(void **state)
{
	const double tolerated = 1 * DEFAULT_SHARE * (double)SEEP_NS_PER_S;
	struct seep_budget budget;

	(void)state;
	seep_budget_init(&budget, DEFAULT_SHARE);
	seep_budget_account(&budget, SEEP_NS_PER_S, SEEP_NS_PER_S, 0.3 * SEEP_NS_PER_S);
	seep_budget_enter_windows(&budget, 0.3);
	for (double random = 0; random < 1; random += 0.1)
		assert_true(DEFAULT_SHARE * seep_budget_gap_ns(&budget, random) >=
			    (-budget.earned_ns - tolerated) * 0.99);
	seep_budget_init(&budget, DEFAULT_SHARE);
	seep_budget_account(&budget, SEEP_NS_PER_S, SEEP_NS_PER_S,
			    3.5 * DEFAULT_SHARE * SEEP_NS_PER_S);
	seep_budget_enter_windows(&budget, FULL_COST);
	assert_true(budget.earned_ns < 0);
	assert_float_equal(seep_budget_gap_ns(&budget, 0), 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_more_than_twice_the_budget),
		cmocka_unit_test(who_stops_owes_one_window),
		cmocka_unit_test(most_of_the_budget_is_used),
		cmocka_unit_test(what_costs_less_is_seen_as_a_whole),
		cmocka_unit_test(a_burst_is_noticed_soon),
		cmocka_unit_test(idle_time_earns_no_more_than_a_burst),
		cmocka_unit_test(the_first_window_comes_soon),
		cmocka_unit_test(what_becomes_quiet_is_seen_as_a_whole_again),
		cmocka_unit_test(it_does_not_come_and_go),
		cmocka_unit_test(windows_and_gaps_are_as_long_as_they_may_be),
		cmocka_unit_test(gaps_are_exponential),
		cmocka_unit_test(a_large_debt_is_paid_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
