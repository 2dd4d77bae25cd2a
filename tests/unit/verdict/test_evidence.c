// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sentences of evidence: that each is said where its numbers are, with these numbers, and where
 * it is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/advice.h"
#include "verdict/evidence.h"

static struct seep_verdict leak_of_one_in_a_thousand(void)
{
	return (struct seep_verdict){
		.class = SEEP_CLASS_LEAK,
		.pattern = SEEP_PATTERN_LINEAR,
		.rate = {2048, 1024, 3072},
		.eta_s = {7200, 3600, INFINITY},
		.limit = SEEP_LIMIT_CGROUP_MEMORY,
		.measured =
			{
				.kind = SEEP_KIND_MEMORY,
				.in_bytes = true,
				.observed_s = 300,
				.oldest_s = 298,
				.allocs = 1000000,
				.frees = 999000,
				.bytes_each = 64,
				.same_size = true,
				.trend = {.z = 1.2},
				.survival =
					{
						.valid = true,
						.limit_s = 128,
						.settle_s = 32,
						.kept = {0.001, 0.0009, 0.0011},
						.tail = {1, 0.996, 1},
						.median_s = 0.002,
					},
				.ages_known = true,
			},
	};
}

/* The sentences of @evidence are exactly these. */
static void assert_sentences(struct seep_sentences *evidence, const char *const *expected,
			     size_t count)
{
	for (size_t i = 0; i < count && i < evidence->count; i++)
		assert_string_equal(evidence->texts[i], expected[i]);
	assert_int_equal(evidence->count, count);
	seep_sentences_done(evidence);
	assert_int_equal(evidence->count, 0);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void a_leak_is_told_with_its_numbers(void **state)
{
	static const char *const expected[] = {
		"what is live grows by 2.00 KiB per second (95 %: 1.00 KiB to 3.00 KiB), over "
		"5 min 00 s",
		"of 1,000,000 made, 999,000 were released (99.9 %)",
		"0.1 % of the objects (95 %: 0.09 % to 0.11 %) get older than 2 min 08 s",
		"of those that live for 32.0 s, 100.0 % live for 2 min 08 s",
		"half of the objects are released within 2.00 ms",
		"no trend stands out of the noise: Mann-Kendall z = 1.2",
		"the oldest object is 4 min 58 s old: from the first on, not all are released",
		"all objects have 64 B",
	};
	struct seep_verdict verdict = leak_of_one_in_a_thousand();
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_sentences(&evidence, expected, LENGTH(expected));
}

/* What is only likely says what it may be instead. */
static void a_likely_leak_says_what_it_may_be(void **state)
{
	struct seep_verdict verdict = leak_of_one_in_a_thousand();
	struct seep_sentences evidence;

	(void)state;
	verdict.measured.shape.valid = true;
	verdict.confidence = 0.95;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(
		evidence.texts[1],
		"likely a leak: a cache that is still filling looks the same until it is full");
	seep_sentences_done(&evidence);
	verdict.confidence = 0.995;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_memory_equal(evidence.texts[1], "of 1,000,000 made", 17);
	seep_sentences_done(&evidence);
}

static void counted_things_are_counted(void **state)
{
	static const char *const expected[] = {
		"what is live grows by 36 descriptors per hour (95 %: 18 to 54), over 5 min 00 s",
		"of 3 made, 0 were released (0 %)",
		"at this rate RLIMIT_NOFILE is used up in 2 h 00 min (95 %: 1 h 00 min to for ever)",
	};
	const struct seep_verdict verdict = {
		.class = SEEP_CLASS_LEAK,
		.rate = {0.01, 0.005, 0.015},
		.eta_s = {7200, 3600, INFINITY},
		.limit = SEEP_LIMIT_NOFILE,
		.measured = {.kind = SEEP_KIND_FD,
			     .observed_s = 300,
			     .oldest_s = NAN,
			     .allocs = 3,
			     .trend.z = 2},
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_sentences(&evidence, expected, LENGTH(expected));
}

/* The first sentence of a verdict, which is of a site that has nothing else to tell. */
static void assert_first(const struct seep_verdict *verdict, const char *expected)
{
	struct seep_sentences evidence;

	assert_int_equal(seep_evidence_of_site(verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0], expected);
	seep_sentences_done(&evidence);
}

static void collections_are_told(void **state)
{
	static const char *const expected[] = {
		"it is released by collections of V8, and no collection has been seen since",
		"it is released by collections of V8, and only one has been seen since",
		"it has outlived two collections of V8, which would release it",
	};

	(void)state;
	for (unsigned int i = 0; i < LENGTH(expected); i++) {
		struct seep_verdict verdict = leak_of_one_in_a_thousand();
		struct seep_sentences evidence;

		verdict.measured.runtime = SEEP_RUNTIME_V8;
		verdict.measured.kept_by_runtime = i < 2;
		verdict.measured.num_collections = i;
		assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
		assert_string_equal(evidence.texts[1], expected[i]);
		seep_sentences_done(&evidence);
	}
}

static void counted_things_have_their_name(void **state)
{
	struct seep_verdict verdict = {
		.class = SEEP_CLASS_LEAK,
		.rate = {1, 0.5, 15000},
		.measured = {.kind = SEEP_KIND_THREAD,
			     .observed_s = 60,
			     .oldest_s = NAN,
			     .shape = {.valid = true,
				       .early = 0.0275,
				       .late = 0.01,
				       .peak = 48,
				       .last = 1,
				       .rise_s = 5,
				       .step = 12,
				       .step_every_s = 30}},
		.eta_s = SEEP_INTERVAL_UNKNOWN,
	};

	(void)state;
	assert_first(&verdict, "what is live grows by 1 thread per second (95 %: 0.5 to 15,000), "
			       "over 1 min 00 s");
	verdict.class = SEEP_CLASS_WARMING_UP;
	assert_first(&verdict, "it grew by 99 threads per hour at first and by 36 lately");
	verdict.class = SEEP_CLASS_CACHE;
	assert_first(&verdict, "it filled up within 5.00 s and has stayed at about 1 thread since");
	verdict.class = SEEP_CLASS_BURST;
	assert_first(&verdict, "it rose to 48 threads and has come down to 1");
	verdict.class = SEEP_CLASS_UNKNOWN;
	verdict.pattern = SEEP_PATTERN_STEPPED;
	assert_first(&verdict, "it grows in steps, one every 30.0 s, of about 12 threads");
}

/* Nobody reads 1.5e+04. */
static void numbers_are_written_out(void **state)
{
	struct seep_verdict verdict = {
		.measured = {.kind = SEEP_KIND_MEMORY,
			     .in_bytes = true,
			     .oldest_s = NAN,
			     .trend = {.slope = {2, 1, 3}, .z = 4},
			     .survival = {.valid = true,
					  .limit_s = 8,
					  .settle_s = 2,
					  .kept = {2e-5, 1e-6, 3e-5},
					  .median_s = INFINITY},
			     .ages_known = true},
		.eta_s = SEEP_INTERVAL_UNKNOWN,
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[1], "0.002 % of the objects (95 %: less than 0.001 % to "
					       "0.003 %) get older than 8.00 s");
	assert_string_equal(evidence.texts[2],
			    "it rises too steadily for chance: Mann-Kendall z = 4.0, which noise "
			    "reaches once in 15,787 times");
	seep_sentences_done(&evidence);
	verdict.measured.trend.z = 9;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[2],
			    "it rises too steadily for chance: Mann-Kendall z = 9.0, which noise "
			    "reaches less than once in 1,000,000 times");
	seep_sentences_done(&evidence);
}

static void patterns_and_classes_have_their_sentence(void **state)
{
	struct seep_verdict verdict = {
		.pattern = SEEP_PATTERN_STEPPED,
		.eta_s = SEEP_INTERVAL_UNKNOWN,
		.measured = {.kind = SEEP_KIND_MEMORY,
			     .in_bytes = true,
			     .oldest_s = NAN,
			     .shape = {.valid = true,
				       .step = 4096,
				       .step_every_s = 30,
				       .rise_s = 12,
				       .early = 1024,
				       .late = 3072,
				       .peak = 9216,
				       .last = 1024,
				       .amplitude = 2048}},
		.period_s = 60,
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0],
			    "it grows in steps, one every 30.0 s, of about 4.00 KiB");
	seep_sentences_done(&evidence);
	verdict.pattern = SEEP_PATTERN_ACCELERATING;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0],
			    "the rate has risen from 1.00 KiB per second to 3.00 KiB");
	seep_sentences_done(&evidence);
	verdict.multiplies.value = M_LN2 / 40;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[1], "it doubles every 40.0 s");
	seep_sentences_done(&evidence);
	verdict.pattern = SEEP_PATTERN_OSCILLATING;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0],
			    "it goes up and down every 1 min 00 s, by 2.00 KiB to either side");
	seep_sentences_done(&evidence);
	verdict.pattern = SEEP_PATTERN_NONE;
	verdict.class = SEEP_CLASS_CACHE;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0],
			    "it filled up within 12.0 s and has stayed at about 1.00 KiB since");
	seep_sentences_done(&evidence);
	verdict.class = SEEP_CLASS_BURST;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[0], "it rose to 9.00 KiB and has come down to 1.00 KiB");
	seep_sentences_done(&evidence);
}

static void memory_that_nobody_has_is_told(void **state)
{
	static const char *const expected[] = {
		"its memory grows by 1.00 MiB per second (95 %: 512 KiB to 2.00 MiB)",
		"what the sites have grows by 0 B per second, which does not explain it",
		"100 MiB are resident, 10.0 MiB of them in live objects of the sites",
		"50.0 MiB were resident before the trace began",
		"the sites cover 20.0 % of what has become resident since",
		"at this rate the memory of the machine is used up in 10 min 00 s (95 %: 5 min 00 s "
		"to 20 min 00 s)",
	};
	const struct seep_process_verdict verdict = {
		.health = SEEP_HEALTH_UNEXPLAINED,
		.resident = {.z = 5, .slope = {1 << 20, 1 << 19, 1 << 21}},
		.resident_bytes = 100 << 20,
		.explained_bytes = 10 << 20,
		.before_bytes = 50 << 20,
		.coverage = 0.2,
		.limit = SEEP_LIMIT_MACHINE_MEMORY,
		.eta_s = {600, 300, 1200},
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_process(&verdict, NULL, &evidence), 0);
	assert_sentences(&evidence, expected, LENGTH(expected));
}

/* What it grows by comes first, then what to do about it, then the numbers. */
static void the_cause_of_growth_is_told_first(void **state)
{
	static const char *const expected[] = {
		"75.0 % of its growth (3.00 MiB, 1.00 KiB per second) is in pages of mapped files "
		"(1.00 MiB of /var/lib/data at 7f0000000000)",
		"the kernel drops such pages when memory is short; munmap what is not read any more",
	};
	const struct seep_process_verdict verdict = {
		.health = SEEP_HEALTH_STEADY,
		.resident_bytes = NAN,
		.coverage = NAN,
		.limit = SEEP_LIMIT_COUNT,
	};
	const struct seep_cause cause = {
		.kind = SEEP_CAUSE_FILES,
		.bytes = 3 << 20,
		.share = 0.75,
		.rate = {1024, NAN, NAN},
		.address = 0x7f0000000000,
		.mapping_bytes = 1 << 20,
		.mapping = "/var/lib/data",
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_process(&verdict, &cause, &evidence), 0);
	assert_sentences(&evidence, expected, LENGTH(expected));
}

static void enlarged_objects_are_not_released_ones(void **state)
{
	struct seep_verdict verdict = leak_of_one_in_a_thousand();
	struct seep_sentences evidence;

	(void)state;
	verdict.measured.allocs = 5002;
	verdict.measured.frees = 5001;
	verdict.measured.enlargements = 5000;
	assert_int_equal(seep_evidence_of_site(&verdict, &evidence), 0);
	assert_string_equal(evidence.texts[1], "of 2 made, 1 were released (50.0 %)");
	assert_string_equal(evidence.texts[2], "realloc has enlarged them 5,000 times");
	seep_sentences_done(&evidence);
}

static void mappings_are_told_with_their_limit(void **state)
{
	static const char *const expected[] = {
		"the number of its mappings grows by 100 per second (95 %: 98 to 102)",
		"it has 5,530 mappings; the limit of 65,530 (vm.max_map_count) is reached in "
		"10 min 00 s",
	};
	struct seep_process_verdict verdict = {
		.health = SEEP_HEALTH_STEADY,
		.resident_bytes = NAN,
		.coverage = NAN,
		.limit = SEEP_LIMIT_COUNT,
		.observed_s = 60,
		.mappings = {.num_samples = 30, .z = 5, .slope = {100, 98, 102}},
		.num_mappings = 5530,
		.max_mappings = 65530,
		.mappings_eta_s = {600, 588, 612},
	};
	struct seep_sentences evidence;

	(void)state;
	assert_int_equal(seep_evidence_of_process(&verdict, NULL, &evidence), 0);
	assert_sentences(&evidence, expected, LENGTH(expected));
	verdict.mappings.slope = (struct seep_interval){0.01, 0.008, 0.012};
	assert_int_equal(seep_evidence_of_process(&verdict, NULL, &evidence), 0);
	assert_sentences(&evidence, expected, 0);
}

static void advice_fits_kind_and_evidence(void **state)
{
	struct seep_verdict verdict = leak_of_one_in_a_thousand();
	const char *advice[4];

	(void)state;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 1);
	assert_non_null(strstr(advice[0], "early returns"));
	verdict.measured.survival.kept.value = 1;
	verdict.measured.frees = 0;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 2);
	assert_non_null(strstr(advice[0], "nothing releases"));
	assert_int_equal(seep_advice_for_site(&verdict, advice, 1), 1);
	verdict.measured.frees = 10;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 2);
	assert_non_null(strstr(advice[0], "some are released"));
	assert_non_null(strstr(advice[1], "on purpose"));
	verdict.measured.kind = SEEP_KIND_THREAD;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 1);
	assert_non_null(strstr(advice[0], "threads that still run"));
	verdict.measured.exited_known = true;
	verdict.measured.live_objects = 10;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 1);
	assert_non_null(strstr(advice[0], "still running"));
	verdict.measured.exited = 9;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 1);
	assert_non_null(strstr(advice[0], "pthread_detach at this call"));
	verdict.class = SEEP_CLASS_STEADY;
	assert_int_equal(seep_advice_for_site(&verdict, advice, 4), 0);
}

/* A leak or growth of any kind has some. */
static void nobody_is_left_without_advice(void **state)
{
	struct seep_verdict verdict = {0};
	const char *advice[4];

	(void)state;
	for (unsigned int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		verdict.measured.kind = (enum seep_kind)kind;
		verdict.class = SEEP_CLASS_LEAK;
		assert_true(seep_advice_for_site(&verdict, advice, 4) > 0);
		verdict.class = SEEP_CLASS_GROWTH;
		assert_true(seep_advice_for_site(&verdict, advice, 4) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_told_with_its_numbers),
		cmocka_unit_test(a_likely_leak_says_what_it_may_be),
		cmocka_unit_test(counted_things_are_counted),
		cmocka_unit_test(collections_are_told),
		cmocka_unit_test(counted_things_have_their_name),
		cmocka_unit_test(numbers_are_written_out),
		cmocka_unit_test(patterns_and_classes_have_their_sentence),
		cmocka_unit_test(memory_that_nobody_has_is_told),
		cmocka_unit_test(the_cause_of_growth_is_told_first),
		cmocka_unit_test(enlarged_objects_are_not_released_ones),
		cmocka_unit_test(mappings_are_told_with_their_limit),
		cmocka_unit_test(advice_fits_kind_and_evidence),
		cmocka_unit_test(nobody_is_left_without_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
