// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sampling by bytes, with the arithmetic of the BPF programs: the sums over a simulated allocator,
 * which only knows its sampled blocks, against what it did. SEEP_ACCURACY_RUNS is the number of
 * runs of each site; `make accuracy` takes 1,000, and prints what it found.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../bpf/draw.h"
#include "measure/by_bytes.h"

#define MEAN  (512 << 10)
#define RUNS  40
#define MANY  500
#define TRUST 1.95996

/* Intervals of 95 % hold so often, in many runs; the ends allow for chance in 1,000. */
#define HELD_LEAST 0.93
#define HELD_MOST  0.97

#define BIAS 0.01

/* Blocks of sizes from @least to @most bytes, evenly by their logarithm. One in @one_in stays. */
struct place {
	const char *name;
	double rate; /* blocks in a second */
	double seconds;
	uint64_t least;
	uint64_t most;
	uint64_t one_in; /* 0: none */
};

static const struct place places[] = {
	{"16 B, 5 M/s, none stays", 5e6, 100, 16, 16, 0},
	{"16 B, 5 M/s, 1 % stay", 5e6, 600, 16, 16, 100},
	{"100 B, 1 M/s, 0.1 % stay", 1e6, 3600, 100, 100, 1000},
	{"64 B to 4 KiB, 100 k/s, 50 % stay", 1e5, 10, 64, 4096, 2},
	{"4 KiB, 10 k/s, 1 % stay", 1e4, 600, 4096, 4096, 100},
	{"100 KiB, 1 k/s, all stay", 1e3, 10, 102400, 102400, 1},
	{"512 KiB, 1 k/s, 50 % stay", 1e3, 10, 512 << 10, 512 << 10, 2},
	{"1 KiB to 2 MiB, 1 k/s, 50 % stay", 1e3, 200, 1024, 2 << 20, 2},
	{"2 MiB, 1 k/s, all stay", 1e3, 30, 2 << 20, 2 << 20, 1},
	{"3 MiB, 1 k/s, 50 % stay", 1e3, 300, 3 << 20, 3 << 20, 2},
	{"1 MB to 100 MB, 1 k/s, 1 % stay", 1e3, 10, 1000000, 100000000, 100},
};

/* Xorshift of 64 bits (Marsaglia, J. Stat. Software 8, 2003). */
static uint64_t random_bits(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint32_t random_word(uint64_t *state)
{
	return (uint32_t)(random_bits(state) * 0x9e3779b97f4a7c15ULL >> 32);
}

struct truth {
	uint64_t allocs;
	uint64_t bytes;
	uint64_t live;
	uint64_t live_bytes;
};

static void add(struct seep_weighed *sums, uint64_t bytes)
{
	struct seep_weighed weighed = draw_weighed(bytes, MEAN, draw_weight(bytes, MEAN));

	sums->objects += weighed.objects;
	sums->bytes += weighed.bytes;
	sums->object_squares += weighed.object_squares;
	sums->byte_squares += weighed.byte_squares;
}

static void take_block(const struct place *place, uint64_t number, uint64_t bytes,
		       struct seep_site_value *value)
{
	value->allocs++;
	value->alloc_bytes += bytes;
	add(&value->made, bytes);
	if (place->one_in && number % place->one_in == 0) {
		value->ages[25]++;
		return;
	}
	value->frees++;
	value->free_bytes += bytes;
	value->lifetimes[10]++;
	add(&value->released, bytes);
}

/* Blocks of one size up to the next sample are passed over at once. */
static void run_even(const struct place *place, uint64_t *state, struct truth *truth,
		     struct seep_site_value *value)
{
	uint64_t count = (uint64_t)(place->rate * place->seconds), bytes = place->least;
	uint64_t left = draw_gap(random_word(state), MEAN);

	for (uint64_t number = left / bytes; number < count;) {
		/* As many as fit have passed; a block with what is left is the sample. */
		left -= left / bytes * bytes;
		if (left == 0) {
			/* It was met exactly by the block before. */
			number--;
		}
		take_block(place, number, bytes, value);
		left = draw_gap(random_word(state), MEAN);
		number += 1 + left / bytes;
	}
	truth->allocs = count;
	truth->bytes = count * bytes;
	truth->live = place->one_in ? (count + place->one_in - 1) / place->one_in : 0;
	truth->live_bytes = truth->live * bytes;
}

static void run_uneven(const struct place *place, uint64_t *state, struct truth *truth,
		       struct seep_site_value *value)
{
	double octaves = log2((double)place->most / (double)place->least);
	uint64_t left = draw_gap(random_word(state), MEAN);

	truth->allocs = (uint64_t)(place->rate * place->seconds);
	for (uint64_t number = 0; number < truth->allocs; number++) {
		uint64_t bytes = (uint64_t)((double)place->least *
					    exp2(octaves * random_word(state) / 4294967296.0));
		bool stays = place->one_in && number % place->one_in == 0;

		truth->bytes += bytes;
		truth->live += stays;
		truth->live_bytes += stays ? bytes : 0;
		if (left > bytes) {
			left -= bytes;
			continue;
		}
		left = draw_gap(random_word(state), MEAN);
		take_block(place, number, bytes, value);
	}
}

struct tally {
	const char *name;
	double truth;
	double estimate;
	double square;
	size_t held;
};

static void count(struct tally *tally, double estimate, double error, double truth)
{
	tally->truth += truth;
	tally->estimate += estimate;
	tally->square += (estimate - truth) * (estimate - truth);
	/* Whole objects and bytes: half of one is no error. */
	tally->held += fabs(estimate - truth) <= TRUST * error + 0.5;
}

static void check(const struct place *place, const struct tally *tally, size_t runs)
{
	double bias = tally->truth > 0 ? tally->estimate / tally->truth - 1 : tally->estimate;
	double deviation = sqrt(tally->square / (double)runs);
	double noise = tally->truth > 0 ? deviation * sqrt((double)runs) / tally->truth : 0;
	double held = (double)tally->held / (double)runs;
	/* What is always right, because nothing is there or all of it is in the sample. */
	bool certain = tally->square <= 0.25 * (double)runs;

	if (runs >= MANY)
		printf("%-34s %-12s +/- %6.2f %%, holds %5.1f %%, bias %6.2f %%\n", place->name,
		       tally->name,
		       tally->truth > 0 ? 100 * TRUST * deviation * (double)runs / tally->truth : 0,
		       100 * held, 100 * bias);
	assert_true(fabs(bias) <= BIAS || fabs(bias) <= 4 * noise);
	if (runs >= MANY) {
		assert_true(fabs(bias) <= BIAS);
		assert_true(held >= HELD_LEAST);
		assert_true(certain || held <= HELD_MOST);
	} else {
		assert_true(held >= 0.8);
	}
}

static void sites_are_estimated_within_their_errors(void **state)
{
	const char *wanted = getenv("SEEP_ACCURACY_RUNS");
	size_t runs = wanted ? strtoul(wanted, NULL, 10) : RUNS;
	const struct seep_by_bytes by = {.mean = MEAN, .observed_s = 100};
	uint64_t seed = 0x2545f4914f6cdd1dULL;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct tally tallies[] = {{"allocations", 0, 0, 0, 0},
					  {"bytes", 0, 0, 0, 0},
					  {"live", 0, 0, 0, 0},
					  {"live bytes", 0, 0, 0, 0}};

		for (size_t j = 0; j < runs; j++) {
			struct seep_site_value value = {.allocs = 0};
			struct seep_sampling sampling;
			struct seep_site site = {.ages_known = true};
			struct truth truth = {0};

			(places[i].least == places[i].most ? run_even : run_uneven)(
				&places[i], &seed, &truth, &value);
			memcpy(site.ages, value.ages, sizeof(site.ages));
			memcpy(site.lifetimes, value.lifetimes, sizeof(site.lifetimes));
			seep_by_bytes_fill(&by, &value, &site, &sampling);
			count(&tallies[0], (double)site.counts.allocs, sampling.allocs_error,
			      (double)truth.allocs);
			count(&tallies[1], (double)site.counts.alloc_bytes,
			      sampling.alloc_bytes_error, (double)truth.bytes);
			count(&tallies[2], (double)site.live_objects, sampling.live_objects_error,
			      (double)truth.live);
			count(&tallies[3], (double)site.live_bytes, sampling.live_bytes_error,
			      (double)truth.live_bytes);
			assert_int_equal(seep_counts_live_objects(&site.counts), site.live_objects);
			assert_int_equal(seep_counts_live_bytes(&site.counts), site.live_bytes);
		}
		for (size_t j = 0; j < sizeof(tallies) / sizeof(*tallies); j++)
			check(&places[i], &tallies[j], runs);
	}
}

/* Against floating point, over all sizes and the largest and smallest mean. */
static void weights_are_those_of_the_sizes(void **state)
{
	static const uint64_t means[] = {1, 100, 4096, 512 << 10, SEEP_MAX_SAMPLE_BYTES};

	(void)state;
	for (size_t i = 0; i < sizeof(means) / sizeof(*means); i++) {
		for (double size = 1; size < 1e12; size *= 1.37) {
			uint64_t bytes = (uint64_t)size, mean = means[i];
			double x = (double)bytes / (double)mean;
			double expected = -1 / expm1(-x);
			uint64_t weight = draw_weight(bytes, mean);
			struct seep_weighed weighed = draw_weighed(bytes, mean, weight);
			double squares = expected * (expected - 1);

			assert_true(fabs(ldexp((double)weight, -SEEP_SAMPLE_SHIFT) / expected - 1) <
				    1e-4);
			assert_true(fabs((double)weighed.bytes - expected * (double)bytes) <=
				    1 + 1e-4 * expected * (double)bytes);
			assert_true(
				fabs(ldexp((double)weighed.object_squares, -SEEP_SQUARES_SHIFT) -
				     squares) <= 0.005 + 0.01 * squares);
			assert_true(fabs(ldexp((double)weighed.byte_squares, -SEEP_SAMPLE_SHIFT) -
					 squares * x * x) < 0.003);
		}
	}
	assert_int_equal(draw_weight(0, 4096), draw_weight(1, 4096));
}

/* Mean, variance and the share of the smallest, which decides about small blocks. */
static void distances_are_exponentially_distributed(void **state)
{
	const double one = 1 << DRAW_SHIFT;
	const int count = 1 << 22;
	double sum = 0, squares = 0;
	int small = 0;

	(void)state;
	for (int i = 0; i < count; i++) {
		/* All words at even distances: no chance is in it. */
		double value = (double)draw_exponential((uint32_t)i << 10 | 512) / one;

		sum += value;
		squares += value * value;
		small += value < 0.001;
	}
	assert_true(fabs(sum / count - 1) < 1e-4);
	assert_true(fabs(squares / count - 2) < 1e-3);
	assert_true(fabs((double)small / count / -expm1(-0.001) - 1) < 0.02);
	assert_int_equal(draw_exponential(UINT32_MAX), 0);
	assert_true(fabs((double)draw_exponential(0) / one - 32 * M_LN2) < 1e-5);
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(fabs((double)draw_exponential(i * 4294967u) / one +
				 log(((double)i * 4294967 + 1) / 4294967296.0)) < 1e-4);
}

/* What is younger than --min-age is alive, but not reported; a pass that is over tells nothing. */
static void young_blocks_are_left_out(void **state)
{
	const uint64_t one = 1 << SEEP_SAMPLE_SHIFT;
	struct seep_by_bytes by = {.mean = MEAN, .scan_number = 3, .min_age_ns = 1};
	const struct seep_site_value value = {
		.allocs = 3,
		.scan = 3,
		.made = {.objects = 30 * one, .bytes = 3000},
		.released = {.objects = 10 * one, .bytes = 1000},
		.young_objects = 5 * one,
		.young_bytes = 500,
	};
	struct seep_site site = {.ages_known = true};
	struct seep_sampling sampling;

	(void)state;
	seep_by_bytes_fill(&by, &value, &site, &sampling);
	assert_int_equal(site.live_objects, 15);
	assert_int_equal(site.live_bytes, 1500);
	assert_int_equal(site.counts.allocs, 30);
	assert_int_equal(site.counts.frees, 10);
	by.scan_number = 4;
	seep_by_bytes_fill(&by, &value, &site, &sampling);
	assert_int_equal(site.live_objects, 20);
	assert_int_equal(sampling.seen_objects, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_those_of_the_sizes),
		cmocka_unit_test(distances_are_exponentially_distributed),
		cmocka_unit_test(young_blocks_are_left_out),
		cmocka_unit_test(sites_are_estimated_within_their_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
