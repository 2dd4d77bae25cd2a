// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often verdicts are right, over sites of every kind that are simulated object by object.
 * SEEP_ACCURACY_RUNS is the number of each; `make accuracy` takes 10,000. Prints what it found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/drawn_series.h"
#include "verdict/judge.h"

#define RUNS 40

/* When all traces of this file begin, as a time of day. */
#define BEGIN_NS ((uint64_t)1 << 60)

/* The last third of what accelerates is where its rate is looked at. */
#define LATE_FROM (2.0 / 3)

struct outcome {
	struct watch watch;
	struct series series;
	double now_s;	       /* of the last snapshot */
	double left_s;	       /* until the limit is met, if all goes as expected */
	struct seep_past past; /* of the process; growth_known: its memory is known */
	struct seep_verdict verdict;
	bool alarmed; /* was it ever called a leak? */
};

struct tally {
	size_t runs;
	size_t classes[SEEP_CLASS_COUNT];
	size_t right;
	size_t right_pattern;
	size_t alarmed;
	/* Of leaks that are found: how often the truth is in the interval, or near. */
	size_t found;
	size_t rate;
	size_t share;
	size_t eta;
};

static bool in_interval(const struct seep_interval *interval, double value)
{
	return interval->low <= value && interval->high >= value;
}

/* What the process may still have, so that it runs out of it after outcome->left_s. */
static struct seep_process_stats limit(const struct outcome *outcome, const struct seep_site *site)
{
	struct seep_process_stats stats;
	double room =
		expected_leaked(&outcome->series, outcome->now_s, outcome->now_s + outcome->left_s);

	memset(&stats, 0xff, sizeof(stats)); /* SEEP_UNKNOWN */
	if (site->kind == SEEP_KIND_FD) {
		stats.usage[SEEP_LIMIT_NOFILE] = (struct seep_usage){1000, 1000 + (uint64_t)room};
	} else {
		room *= expected_bytes(&outcome->series);
		stats.usage[SEEP_LIMIT_CGROUP_MEMORY] = (struct seep_usage){0, (uint64_t)room};
	}
	return stats;
}

/* What the kernel knows of the process: since when it runs, and what it has resident. */
static void add_past(const struct outcome *outcome, const struct seep_site *site,
		     struct seep_process *process, struct seep_process_stats *stats)
{
	const struct seep_past *past = &outcome->past;

	if (!past->growth_known)
		return;
	process->attached_late = past->age_s > 0;
	process->start_utc_ns = BEGIN_NS - (uint64_t)(past->age_s * (double)SEEP_NS_PER_S);
	process->pre_attach_bytes = (uint64_t)past->memory_bytes;
	stats->anon_bytes = process->pre_attach_bytes + seep_counts_live_bytes(&site->counts);
	stats->anon_bytes -= stats->anon_bytes % 4096;
}

static void feed(struct seep_judge *judge, uint64_t seq, bool final, const struct seep_site *seen,
		 struct outcome *outcome)
{
	const struct series *series = &outcome->series;
	struct seep_process process = {.id = 1};
	struct seep_site site = *seen;
	struct seep_process_stats stats;
	const struct seep_snapshot snapshot = {
		.seq = seq,
		.final = final,
		.elapsed_ns = (uint64_t)(outcome->now_s * (double)SEEP_NS_PER_S),
		.utc_ns = BEGIN_NS + (uint64_t)(outcome->now_s * (double)SEEP_NS_PER_S),
		.num_processes = 1,
		.processes = &process,
		.num_sites = site.counts.allocs > 0,
		.sites = &site,
	};
	const struct seep_verdict *verdict;

	site.process = &process;
	/* The process does other things too, unless it is stopped. */
	if (outcome->now_s < series->stopped_s ||
	    outcome->now_s > series->stopped_s + series->stopped_for_s + outcome->watch.interval_s)
		process.totals[SEEP_KIND_MAPPING].counts.allocs = seq;
	process.totals[site.kind].counts = site.counts;
	stats = limit(outcome, &site);
	add_past(outcome, &site, &process, &stats);
	assert_int_equal(seep_judge_feed(judge, &snapshot, &stats), 0);
	verdict = seep_judge_site(judge, &site);
	if (!verdict)
		return;
	outcome->alarmed |= verdict->class == SEEP_CLASS_LEAK;
	outcome->verdict = *verdict;
}

static void run(enum series_kind kind, uint64_t seed, struct outcome *ret_outcome)
{
	struct random random = {seed};
	struct simulation simulation;
	struct seep_judge *judge = NULL;
	uint64_t seq = 0;

	*ret_outcome = (struct outcome){.watch = draw_watch(&random)};
	ret_outcome->series = draw_series(kind, &random, &ret_outcome->watch);
	ret_outcome->left_s = ret_outcome->watch.duration_s * random_between(&random, 0.5, 4);
	simulation_init(&simulation, &ret_outcome->series, random_bits(&random));
	simulation.site.kind = kind == SERIES_descriptors ? SEEP_KIND_FD : SEEP_KIND_MEMORY;
	assert_int_equal(seep_judge_new(&judge), 0);
	for (double at_s = ret_outcome->watch.interval_s; at_s <= ret_outcome->watch.duration_s;
	     at_s += ret_outcome->watch.interval_s) {
		bool final = at_s + ret_outcome->watch.interval_s > ret_outcome->watch.duration_s;

		if (random_uniform(&random) < ret_outcome->watch.missing && !final)
			continue;
		ret_outcome->now_s = at_s + 0.02 * random_uniform(&random);
		feed(judge, ++seq, final, simulation_run(&simulation, ret_outcome->now_s),
		     ret_outcome);
	}
	simulation_done(&simulation);
	seep_judge_free(judge);
}

static void count_estimates(const struct outcome *outcome, enum series_kind kind,
			    struct tally *tally)
{
	const struct series *series = &outcome->series;
	const struct seep_verdict *verdict = &outcome->verdict;
	bool accelerates = kind == SERIES_accelerating;
	double from_s = accelerates ? LATE_FROM * outcome->now_s : 0;
	double rate = expected_leaked(series, from_s, outcome->now_s) / (outcome->now_s - from_s);

	if (verdict->measured.in_bytes)
		rate *= expected_bytes(series);
	tally->found++;
	tally->rate += in_interval(&verdict->rate, rate);
	tally->share += in_interval(&verdict->leaked, expected_share(series));
	tally->eta += fabs(verdict->eta_s.value - outcome->left_s) <= 0.2 * outcome->left_s;
}

static struct tally count_up(enum series_kind kind, size_t runs)
{
	struct tally tally = {.runs = runs};

	for (size_t i = 0; i < runs; i++) {
		struct outcome outcome;
		const struct seep_verdict *verdict = &outcome.verdict;

		run(kind, i * SERIES_COUNT + (uint64_t)kind, &outcome);
		tally.classes[verdict->class]++;
		tally.right += series_kinds[kind].classes >> verdict->class & 1;
		tally.right_pattern += series_kinds[kind].patterns >> verdict->pattern & 1;
		tally.alarmed += outcome.alarmed;
		if (is_leak(kind) && verdict->class == SEEP_CLASS_LEAK)
			count_estimates(&outcome, kind, &tally);
	}
	return tally;
}

static void print_header(void)
{
	printf("%-18s", "");
	for (unsigned int class = 0; class < SEEP_CLASS_COUNT; class ++)
		printf("%11s", seep_class_key(class));
	printf(" | class pattern alarmed |  rate share   eta\n");
}

static double percent(size_t part, size_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : NAN;
}

static void print_tally(enum series_kind kind, const struct tally *tally)
{
	printf("%-18s", series_kinds[kind].name);
	for (unsigned int class = 0; class < SEEP_CLASS_COUNT; class ++)
		printf("%11zu", tally->classes[class]);
	printf(" | %5.1f %7.1f %7.1f |", percent(tally->right, tally->runs),
	       percent(tally->right_pattern, tally->runs), percent(tally->alarmed, tally->runs));
	if (is_leak(kind))
		printf(" %5.1f %5.1f %5.1f", percent(tally->rate, tally->found),
		       percent(tally->share, tally->found), percent(tally->eta, tally->found));
	printf("\n");
}

/*
 * At least this share, but for what the number of runs leaves to chance: two standard deviations.
 */
static void assert_share(const char *what, size_t part, size_t whole, double wanted)
{
	double slack = 2 * sqrt(wanted * (1 - wanted) / (double)whole);
	double share = (double)part / (double)whole;

	printf("%-40s %.2f %% (wanted: %.0f %%)\n", what, 100 * share, 100 * wanted);
	assert_true(share >= wanted - slack);
}

static void add(struct tally *sum, const struct tally *tally)
{
	sum->runs += tally->runs;
	sum->right += tally->right;
	sum->right_pattern += tally->right_pattern;
	sum->alarmed += tally->alarmed;
	sum->found += tally->found;
	sum->rate += tally->rate;
	sum->share += tally->share;
	sum->eta += tally->eta;
	sum->classes[SEEP_CLASS_LEAK] += tally->classes[SEEP_CLASS_LEAK];
}

static void verdicts_are_right(void **state)
{
	const char *wanted = getenv("SEEP_ACCURACY_RUNS");
	size_t runs = wanted ? strtoul(wanted, NULL, 10) : RUNS;
	struct tally leaks = {0};
	struct tally others = {0};
	struct tally measured = {0}; /* leaks of which the true rate can be said */
	struct tally many = {0};     /* leaks of more than a few dozen objects */

	(void)state;
	assert_true(runs > 0);
	print_header();
	for (enum series_kind kind = 0; kind < SERIES_COUNT; kind++) {
		struct tally tally = count_up(kind, runs);

		print_tally(kind, &tally);
		add(is_leak(kind) ? &leaks : &others, &tally);
		if (is_leak(kind) && kind != SERIES_stopped)
			add(&measured, &tally);
		if (is_leak(kind) && kind != SERIES_stopped && kind != SERIES_descriptors)
			add(&many, &tally);
	}
	assert_share("leaks found", leaks.right, leaks.runs, 0.99);
	assert_share("no false alarms at the end", others.runs - others.classes[SEEP_CLASS_LEAK],
		     others.runs, 0.99);
	assert_share("no false alarms meanwhile", others.runs - others.alarmed, others.runs, 0.99);
	assert_share("other classes right", others.right, others.runs, 0.99);
	assert_share("patterns right", leaks.right_pattern + others.right_pattern,
		     leaks.runs + others.runs, 0.95);
	assert_share("true rates in their intervals", measured.rate, measured.found, 0.95);
	assert_share("true shares in their intervals", measured.share, measured.found, 0.95);
	assert_share("times to the limit within 20 %", many.eta, many.found, 0.95);
}

/* Watches outcome->series as outcome->watch says; to the end, or until it is called a leak. */
static void watch(struct outcome *outcome, uint64_t seed, bool until_alarm)
{
	double interval_s = outcome->watch.interval_s;
	struct simulation simulation;
	struct seep_judge *judge = NULL;
	uint64_t seq = 0;

	simulation_init(&simulation, &outcome->series, seed);
	assert_int_equal(seep_judge_new(&judge), 0);
	for (double at_s = interval_s;
	     at_s <= outcome->watch.duration_s && !(outcome->alarmed && until_alarm);
	     at_s += interval_s) {
		outcome->now_s = at_s;
		feed(judge, ++seq, at_s + interval_s > outcome->watch.duration_s,
		     simulation_run(&simulation, at_s), outcome);
	}
	simulation_done(&simulation);
	seep_judge_free(judge);
}

/* When a site of this series is first called a leak; INFINITY: never in @until_s. */
static double called_after(const struct series *series, double interval_s, double until_s)
{
	struct outcome outcome = {.watch = {interval_s, until_s, 0}, .series = *series};

	watch(&outcome, 42, true);
	return outcome.alarmed ? outcome.now_s : INFINITY;
}

/* So often as large: of what fills, a quarter takes twice as long, or holds twice as much. */
static double random_pareto(struct random *random, double least)
{
	return least / sqrt(1 - random_uniform(random));
}

/*
 * Something that grows at an even rate: a leak, or a cache that fills up and then drops its oldest
 * entries. Most programs have just been started; of those that have run for long few begin to fill
 * something now, and of leaks some have run since then.
 */
static void draw_growing(struct random *random, bool leaks, struct outcome *outcome)
{
	double rate_bytes = random_scale(random, 1000, 2e6);
	double old_share = leaks ? 0.3 : 0.1;
	struct series *series = &outcome->series;
	struct seep_past *past = &outcome->past;

	*outcome = (struct outcome){
		.watch = {1, floor(random_scale(random, 20, 300)), 0},
		.left_s = 3600,
		.series = {.rate = random_scale(random, 3, 50),
			   .even = random_uniform(random) < 0.5,
			   .lifetime_s = INFINITY},
		.past = {.growth_known = true, .memory_bytes = random_scale(random, 1e6, 1e8)},
	};
	series->bytes = rate_bytes / series->rate;
	if (random_uniform(random) < old_share) {
		past->age_s = random_scale(random, 600, 1e6);
		past->memory_bytes += leaks ? rate_bytes * past->age_s : 0;
	} else {
		past->age_s = random_between(random, 0, 5);
	}
	if (!leaks) {
		series->capacity = series->rate * fmin(random_pareto(random, 15),
						       random_pareto(random, 8e6) / rate_bytes);
	} else if (random_uniform(random) < 0.5) {
		series->forgotten = random_between(random, 0.1, 0.9);
		series->lifetime_s = 0.1;
	}
}

/* How often each word is right, half of what it is said of being leaks. */
static void words_mean_what_they_say(void **state)
{
	const char *wanted = getenv("SEEP_ACCURACY_RUNS");
	size_t runs = 10 * (wanted ? strtoul(wanted, NULL, 10) : RUNS);
	size_t said[SEEP_SURENESS_COUNT] = {0};
	size_t right[SEEP_SURENESS_COUNT] = {0};

	(void)state;
	for (size_t i = 0; i < runs; i++) {
		struct random random = {i};
		struct outcome outcome;
		enum seep_sureness word;

		draw_growing(&random, i % 2, &outcome);
		watch(&outcome, random_bits(&random), false);
		word = seep_sureness_of(outcome.verdict.class, outcome.verdict.confidence);
		said[word]++;
		right[word] += i % 2;
	}
	printf("%-40s %.2f %% (%zu)\n", "said to be suspected, and leaks",
	       percent(right[SEEP_SURENESS_SUSPECTED], said[SEEP_SURENESS_SUSPECTED]),
	       said[SEEP_SURENESS_SUSPECTED]);
	printf("%-40s %.2f %% (%zu)\n", "no word, and leaks",
	       percent(right[SEEP_SURENESS_NONE], said[SEEP_SURENESS_NONE]),
	       said[SEEP_SURENESS_NONE]);
	assert_share("said to be likely, right", right[SEEP_SURENESS_LIKELY],
		     said[SEEP_SURENESS_LIKELY], 0.9);
	assert_share("said to be certain, right", right[SEEP_SURENESS_CERTAIN],
		     said[SEEP_SURENESS_CERTAIN], 0.99);
}

static void an_obvious_leak_is_called_soon(void **state)
{
	/* 1 MB/s */
	const struct series series = {
		.rate = 1000, .lifetime_s = INFINITY, .bytes = 1000, .even = true};

	(void)state;
	assert_true(called_after(&series, 1, 60) < 30);
	assert_true(called_after(&series, 5, 60) < 30);
	assert_true(called_after(&series, 10, 60) <= 30);
}

static void a_slow_leak_under_churn_is_called_in_time(void **state)
{
	/* 1 KB/s among 100,000 allocations a second that live for 10 ms, or for 3 s */
	struct series series = {.rate = 10,
				.lifetime_s = INFINITY,
				.bytes = 100,
				.churn = 100000,
				.churn_lifetime_s = 0.01};

	(void)state;
	assert_true(called_after(&series, 1, 300) < 300);
	assert_true(called_after(&series, 10, 300) < 300);
	series.churn_lifetime_s = 3;
	assert_true(called_after(&series, 10, 300) < 300);
}

/* 14 KB/s, which a process that has run for an hour may have had since it began, or not. */
static void what_runs_for_long_is_called_sooner(void **state)
{
	struct outcome outcome = {
		.watch = {1, 100, 0},
		.left_s = 3600,
		.series = {.rate = 14, .lifetime_s = INFINITY, .bytes = 1000, .even = true},
		.past = {.age_s = 2, .memory_bytes = 5e7, .growth_known = true},
	};
	struct outcome old = outcome, idle = outcome;

	(void)state;
	watch(&outcome, 42, true);
	assert_true(outcome.now_s > 45 && outcome.now_s < 60);
	old.past.age_s = 3600;
	watch(&old, 42, true);
	assert_true(old.now_s < 35);
	/* It had little when the trace began: this has only begun. */
	idle.past.age_s = 3600;
	idle.past.memory_bytes = 1e6;
	watch(&idle, 42, true);
	assert_true(idle.now_s >= outcome.now_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_right),
		cmocka_unit_test(words_mean_what_they_say),
		cmocka_unit_test(an_obvious_leak_is_called_soon),
		cmocka_unit_test(what_runs_for_long_is_called_sooner),
		cmocka_unit_test(a_slow_leak_under_churn_is_called_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
