// SPDX-License-Identifier: GPL-2.0-only
/* When a site of a trace is known to a baseline, new, or worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict/baseline.h"
#include "verdict/judgement.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct seep_process server = {.id = 1, .exe = "/usr/bin/server"};
static const struct seep_process worker = {.id = 2, .exe = "/usr/bin/server"};
static const struct seep_process other = {.id = 3, .exe = "/usr/bin/other"};

static const struct seep_judgement slow = {.class = "leak", .rate = {100, 90, 110}};
static const struct seep_judgement fast = {.class = "leak", .rate = {200, 190, 210}};
static const struct seep_judgement growth = {.class = "growth", .rate = {100, 90, 110}};
static const struct seep_judgement steady = {.class = "steady", .rate = {0, -1, 1}};
static const struct seep_judgement no_rate = {.class = "leak", .rate = {NAN, NAN, NAN}};

/* Sites of id 1 to 5, and one that nobody has judged. */
static const struct seep_site sites[] = {
	{.id = 1, .process = &server, .judgement = &slow},
	{.id = 1, .process = &worker, .judgement = &fast},
	{.id = 2, .process = &server, .judgement = &slow},
	{.id = 3, .process = &server, .judgement = &growth},
	{.id = 4, .process = &server, .judgement = &steady},
	{.id = 5, .process = &server, .judgement = &no_rate},
	{.id = 6, .process = &server},
};
static const struct seep_path paths[] = {
	{11, 1000}, {11, 1000}, {12, 1000}, {13, 1000}, {0, 1000}, {15, 1000}, {16, 1000},
};

static struct seep_baseline *new_baseline(void)
{
	const struct seep_snapshot snapshot = {.num_sites = LENGTH(sites), .sites = sites};
	const struct seep_side side = {&snapshot, paths};
	struct seep_baseline *baseline;

	assert_int_equal(seep_baseline_new(&side, &baseline), 0);
	return baseline;
}

/* A site of today, and what is expected of it. */
struct example {
	struct seep_site site;
	struct seep_path path;
	enum seep_baseline_status_type type;
	enum seep_class class;
};

static void assert_examples(const struct example *examples, size_t count)
{
	struct seep_baseline *baseline = new_baseline();

	for (size_t i = 0; i < count; i++) {
		struct seep_baseline_status status =
			seep_baseline_find(baseline, &examples[i].site, &examples[i].path);

		if (status.type != examples[i].type || status.class != examples[i].class)
			fail_msg("example %zu: %s, was %s", i,
				 seep_baseline_status_key(status.type),
				 seep_class_key(status.class));
	}
	seep_baseline_free(baseline);
}

static void classes_and_rates(void **state)
{
	static const struct seep_judgement slightly = {.class = "leak", .rate = {124, 123, 125}};
	static const struct seep_judgement above = {.class = "leak", .rate = {126, 111, 130}};
	static const struct seep_judgement wide = {.class = "leak", .rate = {126, 109, 150}};
	static const struct seep_judgement narrow = {.class = "leak", .rate = {260, 250, 270}};
	static const struct example examples[] = {
		{{.id = 2, .process = &worker, .judgement = &slow},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 2, .process = &worker, .judgement = &slightly},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 2, .process = &worker, .judgement = &wide},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 2, .process = &worker, .judgement = &above},
		 {0},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_LEAK},
		/* as fast as in the worst process */
		{{.id = 1, .process = &worker, .judgement = &fast},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 1, .process = &server, .judgement = &narrow},
		 {0},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_LEAK},
		{{.id = 3, .process = &server, .judgement = &growth},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_GROWTH},
		{{.id = 3, .process = &server, .judgement = &slow},
		 {0},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_GROWTH},
		{{.id = 2, .process = &server, .judgement = &growth},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 4, .process = &server, .judgement = &slow},
		 {0},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_STEADY},
		/* a rate that is not known is not exceeded */
		{{.id = 5, .process = &server, .judgement = &fast},
		 {0},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 6, .process = &server, .judgement = &slow},
		 {0},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_UNKNOWN},
	};

	(void)state;
	assert_examples(examples, LENGTH(examples));
}

static void what_is_the_same_site(void **state)
{
	static const struct example examples[] = {
		{{.id = 9, .process = &server, .judgement = &slow},
		 {0},
		 SEEP_BASELINE_NEW,
		 SEEP_CLASS_UNKNOWN},
		{{.id = 2, .process = &other, .judgement = &slow},
		 {12, 2000},
		 SEEP_BASELINE_NEW,
		 SEEP_CLASS_UNKNOWN},
		{{.id = 2, .process = &server, .kind = SEEP_KIND_FD, .judgement = &slow},
		 {12, 2000},
		 SEEP_BASELINE_NEW,
		 SEEP_CLASS_UNKNOWN},
		/* in another build, by names; but not in the same one */
		{{.id = 9, .process = &server, .judgement = &slow},
		 {12, 2000},
		 SEEP_BASELINE_KNOWN,
		 SEEP_CLASS_LEAK},
		{{.id = 9, .process = &server, .judgement = &fast},
		 {12, 2000},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_LEAK},
		{{.id = 9, .process = &server, .judgement = &slow},
		 {12, 1000},
		 SEEP_BASELINE_NEW,
		 SEEP_CLASS_UNKNOWN},
		/* the id is stronger */
		{{.id = 4, .process = &server, .judgement = &slow},
		 {12, 2000},
		 SEEP_BASELINE_WORSE,
		 SEEP_CLASS_STEADY},
	};

	(void)state;
	assert_examples(examples, LENGTH(examples));
}

static void rates_of_the_baseline_are_told(void **state)
{
	const struct seep_site site = {.id = 1, .process = &server, .judgement = &slow};
	const struct seep_site unseen = {.id = 9, .process = &server, .judgement = &slow};
	const struct seep_path path = {0};
	struct seep_baseline *baseline = new_baseline();

	(void)state;
	assert_true(seep_baseline_find(baseline, &site, &path).rate.value == 200);
	assert_true(isnan(seep_baseline_find(baseline, &unseen, &path).rate.value));
	seep_baseline_free(baseline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_and_rates),
		cmocka_unit_test(what_is_the_same_site),
		cmocka_unit_test(rates_of_the_baseline_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
