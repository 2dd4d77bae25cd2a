// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often the intervals of what is estimated from windows hold, over allocators that are
 * simulated block by block. SEEP_ACCURACY_RUNS is the number of runs of each; `make accuracy`
 * takes 1,000. Prints what it found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/windowed.h"

#define RUNS 1

/* From here on each site is looked at by itself. */
#define MANY 100

/*
 * Intervals of 95 % hold at least so often. At the ends of a range they can only be wrong to one
 * side; so where nothing stays, or everything does, they hold more often.
 */
#define HELD 0.93

/* Few large blocks, or bursts, may be most of the whole: windows see some of them, or none. */
#define HELD_UNEVEN 0.9

/*
 * Estimates are biased by less than this, of the whole; or than a third of the interval's half:
 * where a share is not known to be above 0, an estimate that is never negative is biased.
 */
#define BIAS	   0.01
#define BIAS_WIDTH (1.0 / 3)

static const char *const orders[] = {"LIFO", "FIFO", "random"};

/* 2,000 allocations a second, in 130 s. */
static const struct process survivals = {
	.name = "known survival",
	.observed_s = 130,
	.window_s = 0.1,
	.gap_s = 2.4,
	.num_places = 5,
	.places =
		{
			{"none", 700, 2e-4, 0, 0, 1, 16, 1e8},
			{"0.1 %", 600, 2e-4, 0.001, 0, 1, 16, 1024},
			{"1 %", 500, 5e-3, 0.01, 1, 1, 65536, 0},
			{"50 %", 100, 5e-3, 0.5, 1, 1, 100, 1e5},
			{"all", 100, 1, 1, 2, 1, 1e8, 0},
		},
};

/* Lifetimes of all sorts in one class of sizes. */
static const struct process lifetimes = {
	.name = "mixed lifetimes",
	.observed_s = 130,
	.window_s = 0.1,
	.gap_s = 2.4,
	.num_places = 7,
	.places =
		{
			{"0.2 ms", 600, 2e-4, 0, 0, 1, 64, 0},
			{"0.2 ms, 1 % leak", 300, 2e-4, 0.01, 0, 1, 64, 0},
			{"50 ms", 300, 0.05, 0, 0, 1, 64, 0},
			{"5 s", 200, 5, 0, 0, 1, 64, 0},
			{"5 s, 5 % leak", 200, 5, 0.05, 0, 1, 64, 0},
			{"60 s", 80, 60, 0, 0, 1, 64, 0},
			{"5 s, in bursts of 10", 200, 5, 0, 0, 10, 64, 0},
		},
};

/* Nothing that comes and goes: an address is seldom given out again, and hardly ever in a window.
 */
static const struct process quiet = {
	.name = "slow reuse",
	.observed_s = 130,
	.window_s = 0.1,
	.gap_s = 2.4,
	.num_places = 7,
	.places =
		{
			{"5 s", 100, 5, 0, 0, 1, 64, 0},
			{"5 s, 5 % leak", 100, 5, 0.05, 0, 1, 64, 0},
			{"50 ms, 1 % leak", 300, 0.05, 0.01, 3, 1, 64, 0},
			{"all leak beside it", 100, 0.05, 1, 3, 1, 64, 0},
			{"60 s", 20, 60, 0, 1, 1, 64, 0},
			{"60 s, 20 % leak", 20, 60, 0.2, 1, 1, 64, 0},
			{"all leak", 20, 1, 1, 2, 1, 64, 0},
		},
};

/* An estimate, in all runs. */
struct tally {
	double truth;
	double error;
	double square; /* of the errors */
	double width;  /* half of the interval */
	size_t held;
	size_t above; /* the interval lies above the truth */
};

struct tallies {
	size_t runs;
	struct tally staying;
	struct tally blocks;
	struct tally bytes;
	struct tally live;
	double made;
	double found;
	double addresses;
	size_t surely;	/* something stays */
	size_t falsely; /* more is said to stay than does */
};

static void add(struct tally *tally, const struct seep_interval *interval, double truth)
{
	double error = interval->value - truth;

	tally->truth += truth;
	tally->error += error;
	tally->square += error * error;
	tally->width += (interval->high - interval->low) / 2;
	tally->held += interval->low <= truth && truth <= interval->high;
	tally->above += interval->low > truth;
}

static void add_run(const struct windowed *sim, size_t i, struct tallies *tallies)
{
	const struct seen *seen = &sim->seen[i];
	const struct place *place = &sim->process->places[i];
	const struct seep_reuse *tables[] = {&sim->classes[place->class]};
	const struct seep_cohort_context context = {
		.windows = &sim->windows,
		.tables = tables,
		.num_tables = 1,
		.releases = (uint64_t)sim->old_releases[place->class],
		.releases_clumping = seep_total_clumping(&sim->old_totals[place->class]),
		.observed_s = sim->process->observed_s,
		.made_per_s = windowed_followed(&seen->cohort) / sim->process->observed_s,
		.clumping = seep_total_clumping(&seen->blocks),
	};
	struct seep_interval blocks = seep_total_interval(&seen->blocks, sim->seen_s);
	struct seep_interval bytes = seep_total_interval(&seen->bytes, sim->seen_s);
	struct seep_interval live;
	struct seep_cohort_fit fit;
	/* Up to now: the gap since the last window is time too. */
	double made = windowed_followed(&seen->cohort);
	double scale =
		seep_total_interval(&seen->blocks, sim->process->observed_s).value / fmax(1, made);

	seep_cohort_fit(&seen->cohort, &context, &fit);
	live.value = scale * fit.live;
	live.low = live.value - SEEP_Z_95 * scale * fit.live_error;
	live.high = live.value + SEEP_Z_95 * scale * fit.live_error;
	tallies->runs++;
	add(&tallies->staying, &fit.staying, place_staying(place, fit.limit_s));
	add(&tallies->blocks, &blocks, seen->true_blocks);
	add(&tallies->bytes, &bytes, seen->true_bytes);
	add(&tallies->live, &live, seen->true_live);
	tallies->surely += fit.surely > 0;
	tallies->falsely += fit.surely > place_staying(place, fit.limit_s);
	tallies->made += made;
	tallies->found += fit.found;
	tallies->addresses += fit.addresses;
}

static void print_header(const struct process *process)
{
	double per_s = 0;

	for (size_t i = 0; i < process->num_places; i++)
		per_s += process->places[i].per_s;
	printf("%s: %s, %.0f/s, %.3g s, windows of %.3g ms after gaps of %.3g ms\n", process->name,
	       orders[process->order], per_s, process->observed_s, 1e3 * process->window_s,
	       1e3 * process->gap_s);
	printf("%-22s%6s %5s %6s | %s | %s | %s | %s\n", "", "made", "found", "addr.",
	       "staying   bias    +/-  held above  sure", " blocks held", "  bytes held",
	       "  live   bias    +/-  held");
}

static void print_tallies(const struct place *place, const struct tallies *tallies)
{
	double runs = (double)tallies->runs;
	const struct tally *staying = &tallies->staying;
	const struct tally *live = &tallies->live;

	printf("  %-20s%6.0f %5.3f %6.0f | %7.3f%+7.3f %6.3f %5.1f %5.1f", place->name,
	       tallies->made / runs, tallies->found / runs, tallies->addresses / runs,
	       100 * staying->truth / runs, 100 * staying->error / runs,
	       100 * staying->width / runs, 100 * (double)staying->held / runs,
	       100 * (double)staying->above / runs);
	printf(" %5.1f | %+6.2f %5.1f | %+6.2f %5.1f", 100 * (double)tallies->surely / runs,
	       100 * tallies->blocks.error / tallies->blocks.truth,
	       100 * (double)tallies->blocks.held / runs,
	       100 * tallies->bytes.error / tallies->bytes.truth,
	       100 * (double)tallies->bytes.held / runs);
	printf(" | %6.0f %+6.1f %6.1f %5.1f\n", live->truth / runs, live->error / runs,
	       live->width / runs, 100 * (double)live->held / runs);
}

/* But for what the number of runs leaves to chance: three standard deviations. */
static void assert_held(size_t held, size_t runs, double least)
{
	double slack = 3 * sqrt(least * (1 - least) / (double)runs);

	assert_true((double)held / (double)runs >= least - slack);
}

static void check(const struct tally *tally, size_t runs, double whole, double least)
{
	double count = (double)runs;
	double error = tally->error / count;
	double deviation = sqrt(fmax(0, tally->square / count - error * error) / count);
	double allowed = fmax(BIAS * whole, BIAS_WIDTH * tally->width / count);

	assert_held(tally->held, runs, least);
	assert_true(fabs(error) <= allowed + 3 * deviation);
}

/* All sites of a process together, and each of them if there are enough runs. */
static void check_all(const struct tallies *tallies, size_t num_places, size_t runs)
{
	size_t held[3] = {0};

	for (size_t i = 0; i < num_places; i++) {
		assert_int_equal(tallies[i].falsely, 0);
		held[0] += tallies[i].staying.held;
		held[1] += tallies[i].blocks.held;
		held[2] += tallies[i].bytes.held;
	}
	assert_held(held[0], num_places * runs, HELD);
	assert_held(held[1], num_places * runs, HELD);
	assert_held(held[2], num_places * runs, HELD_UNEVEN);
	for (size_t i = 0; runs >= MANY && i < num_places; i++) {
		check(&tallies[i].staying, runs, 1, HELD);
		check(&tallies[i].blocks, runs, tallies[i].blocks.truth / (double)runs, HELD);
		check(&tallies[i].bytes, runs, tallies[i].bytes.truth / (double)runs, HELD_UNEVEN);
	}
}

/* Everything happens @speed times as fast. */
static struct process sped_up(const struct process *process, enum order order, double speed)
{
	struct process fast = *process;

	fast.order = order;
	fast.observed_s /= speed;
	fast.window_s /= speed;
	fast.gap_s /= speed;
	for (size_t i = 0; i < fast.num_places; i++) {
		fast.places[i].per_s *= speed;
		fast.places[i].lifetime_s /= speed;
	}
	return fast;
}

static size_t wanted_runs(void)
{
	const char *wanted = getenv("SEEP_ACCURACY_RUNS");

	return wanted ? strtoul(wanted, NULL, 10) : RUNS;
}

static void try_process(const struct process *slow, enum order order, double speed)
{
	struct process process = sped_up(slow, order, speed);
	struct tallies tallies[PLACES] = {0};
	size_t runs = wanted_runs();

	assert_true(runs > 0);
	for (size_t run = 0; run < runs; run++) {
		struct windowed sim;

		windowed_run(&sim, &process, run << 32 | (uint64_t)(speed + order));
		for (size_t i = 0; i < process.num_places; i++)
			add_run(&sim, i, &tallies[i]);
		windowed_done(&sim);
	}
	print_header(&process);
	for (size_t i = 0; i < process.num_places; i++)
		print_tallies(&process.places[i], &tallies[i]);
	check_all(tallies, process.num_places, runs);
}

static void known_survival_is_found(void **state)
{
	static const double speeds[] = {0.5, 50, 2500};

	(void)state;
	for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++)
		for (enum order order = 0; order < ORDER_COUNT; order++)
			try_process(&survivals, order, speeds[i]);
}

static void mixed_lifetimes_are_told_apart(void **state)
{
	(void)state;
	for (enum order order = 0; order < ORDER_COUNT; order++)
		try_process(&lifetimes, order, 1);
}

static void what_cannot_be_known_is_not_claimed(void **state)
{
	(void)state;
	for (enum order order = 0; order < ORDER_COUNT; order++)
		try_process(&quiet, order, 1);
}

/*
 * A process that is idle or busy, for two seconds each, and gaps that are the longer the more was
 * seen in the window before them. Adds what is estimated to @tally.
 */
static void follow_load(struct random *random, struct tally *tally)
{
	enum {
		SECONDS = 2,
		SLOTS = 600
	};
	const double open_s = 0.1;
	double rates[SLOTS];
	double truth = 0;
	double at_s = 0;
	double gap_s = 1;
	struct seep_total total = {0};
	struct seep_interval interval;

	for (size_t i = 0; i < SLOTS; i++) {
		rates[i] = random_uniform(random) < 0.3 ? 3000 : 300;
		truth += rates[i] * SECONDS;
	}
	for (;;) {
		double rate, seen;

		at_s += random_exponential(random, gap_s);
		if (at_s + open_s >= SLOTS * SECONDS)
			break;
		rate = rates[(size_t)(at_s / SECONDS)];
		seen = random_poisson(random, rate * open_s);
		seep_total_add(&total, seen, seen, gap_s, open_s);
		at_s += open_s;
		gap_s = fmin(8, 1 + seen / 60);
	}
	interval = seep_total_interval(&total, SLOTS * SECONDS);
	add(tally, &interval, truth);
}

static void gaps_may_follow_the_load(void **state)
{
	struct random random = {1};
	struct tally tally = {0};
	size_t runs = 20 * wanted_runs();

	(void)state;
	for (size_t run = 0; run < runs; run++)
		follow_load(&random, &tally);
	printf("gaps that follow the load: bias %+.2f %%, held %.1f %%\n",
	       100 * tally.error / tally.truth, 100 * (double)tally.held / (double)runs);
	assert_held(tally.held, runs, HELD_UNEVEN);
	assert_true(fabs(tally.error) <=
		    BIAS * tally.truth +
			    3 * sqrt(tally.square - tally.error * tally.error / (double)runs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_may_follow_the_load),
		cmocka_unit_test(known_survival_is_found),
		cmocka_unit_test(mixed_lifetimes_are_told_apart),
		cmocka_unit_test(what_cannot_be_known_is_not_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
