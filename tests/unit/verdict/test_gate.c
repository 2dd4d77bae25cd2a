// SPDX-License-Identifier: GPL-2.0-only
/* Which sites fail a run, in which order, and which are passed over. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "symbol/walk.h"
#include "verdict/gate.h"
#include "verdict/judgement.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_ID	      3

static const struct seep_process server = {.id = 1, .exe = "/usr/bin/server"};

/* Where the stacks come from: main calls the function of the site. */
enum place {
	PARSE,
	CACHE,
	LIBRARY,
	MAIN,
	NUM_PLACES
};

static const struct seep_line lines[NUM_PLACES] = {
	[PARSE] = {.function = "parse_request", .source = "src/parse.c", .line = 7},
	[CACHE] = {.function = "cache_insert", .source = "src/cache.c", .line = 8},
	[LIBRARY] = {.function = "old_init", .source = "old.c", .line = 9},
	[MAIN] = {.function = "main", .source = "src/main.c", .line = 10},
};
static const struct seep_location locations[NUM_PLACES] = {
	[PARSE] = {.module = "/usr/bin/server", .num_lines = 1, .lines = &lines[PARSE]},
	[CACHE] = {.module = "/usr/bin/server", .num_lines = 1, .lines = &lines[CACHE]},
	[LIBRARY] = {.module = "/usr/lib/libold.so", .num_lines = 1, .lines = &lines[LIBRARY]},
	[MAIN] = {.module = "/usr/bin/server", .num_lines = 1, .lines = &lines[MAIN]},
};

#define FRAME(place)	   SEEP_FRAME(FILE_ID, 0x1000 + 16 * (place))
#define STACK_OF(place, h) {.hash = h, .num_frames = 2, .frames = frames[place]}

static const uint64_t frames[NUM_PLACES][2] = {
	[PARSE] = {FRAME(PARSE), FRAME(MAIN)},
	[CACHE] = {FRAME(CACHE), FRAME(MAIN)},
	[LIBRARY] = {FRAME(LIBRARY), FRAME(MAIN)},
};
static const uint64_t origin_frame = SEEP_ORIGIN_FRAME(SEEP_ORIGIN_BEFORE);

static const struct seep_stack parse = STACK_OF(PARSE, 1);
static const struct seep_stack cache = STACK_OF(CACHE, 2);
static const struct seep_stack library = STACK_OF(LIBRARY, 3);
static const struct seep_stack before = {.hash = 4, .num_frames = 1, .frames = &origin_frame};

static const struct seep_judgement slow_leak = {
	.class = "leak", .severity = "low", .rate = {100, 90, 110}};
static const struct seep_judgement fast_leak = {
	.class = "leak", .severity = "low", .rate = {200, 190, 210}};
static const struct seep_judgement severe_leak = {
	.class = "leak", .severity = "high", .rate = {1, 0, 2}};
static const struct seep_judgement unknown_rate = {
	.class = "leak", .severity = "low", .rate = {NAN, NAN, NAN}};
static const struct seep_judgement growth = {
	.class = "growth", .severity = "critical", .rate = {150, 140, 160}};
static const struct seep_judgement warming_up = {.class = "warming-up", .rate = {500, 400, 600}};
static const struct seep_judgement cached = {.class = "cache", .rate = {0, -1, 1}};

#define SITE(number, stack_, judgement_)                                                           \
	{.id = number, .process = &server, .stack = &(stack_), .judgement = judgement_}

/* The last one was never judged; the first one must not stay first by chance. */
static const struct seep_site sites[] = {
	SITE(8, cache, &unknown_rate), SITE(1, parse, &slow_leak),     SITE(2, cache, &growth),
	SITE(3, before, &severe_leak), SITE(4, parse, &warming_up),    SITE(5, library, &fast_leak),
	SITE(6, parse, &cached),       SITE(7, library, &severe_leak), SITE(9, parse, NULL),
};
static const struct seep_snapshot snapshot = {.num_sites = LENGTH(sites), .sites = sites};

static int set_up(void **state)
{
	struct seep_symbolizer *symbolizer;

	if (seep_symbolizer_new(&symbolizer))
		return -1;
	for (enum place place = 0; place < NUM_PLACES; place++) {
		if (seep_symbolizer_know(symbolizer, FRAME(place), &locations[place]))
			return -1;
	}
	*state = symbolizer;
	return 0;
}

static int tear_down(void **state)
{
	seep_symbolizer_free(*state);
	return 0;
}

static struct seep_gate *new_gate(enum seep_class least)
{
	struct seep_gate *gate;

	assert_int_equal(seep_gate_new(least, &gate), 0);
	return gate;
}

static void assert_ids(const struct seep_site *const *found, size_t count, const uint64_t *ids,
		       size_t num_ids)
{
	assert_int_equal(count, num_ids);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found[i]->id, ids[i]);
}

#define ASSERT_IDS(found, count, ...)                                                              \
	assert_ids(found, count, (const uint64_t[]){__VA_ARGS__},                                  \
		   LENGTH(((const uint64_t[]){__VA_ARGS__})))

static void only_leaks_fail(void **state)
{
	struct seep_gate *gate = new_gate(SEEP_CLASS_LEAK);
	const struct seep_findings *findings;

	assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
	/* By severity, then by rate; the one without a place comes last, however severe it is. */
	ASSERT_IDS(findings->sites, findings->num, 7, 5, 1, 8, 3);
	assert_int_equal(findings->num_suppressed, 0);
	assert_int_equal(findings->num_known, 0);
	assert_null(findings->baseline);
	seep_gate_free(gate);
}

static void growth_fails_if_asked_for(void **state)
{
	struct seep_gate *gate = new_gate(SEEP_CLASS_GROWTH);
	const struct seep_findings *findings;

	assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
	ASSERT_IDS(findings->sites, findings->num, 2, 7, 5, 1, 8, 3);
	seep_gate_free(gate);
}

static void nothing_is_found_in_nothing(void **state)
{
	static const struct seep_snapshot empty;
	struct seep_gate *gate = new_gate(SEEP_CLASS_GROWTH);
	const struct seep_findings *findings;

	/* What was found before is gone. */
	assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
	assert_int_equal(seep_gate_find(gate, &empty, *state, &findings), 0);
	assert_int_equal(findings->num, 0);
	assert_int_equal(findings->num_suppressed, 0);
	seep_gate_free(gate);
}

/* By function, by source and by module, of any frame; those without a place have no names. */
static void suppressions_take_findings_away(void **state)
{
	static const struct {
		const char *text;
		uint64_t sites[5];
		size_t num_sites;
		uint64_t suppressed[5];
		size_t num_suppressed;
	} examples[] = {
		{"leak:parse_request\n", {7, 5, 8, 3}, 4, {1}, 1},
		{"# all of the cache\nleak:cache.c\n", {7, 5, 1, 3}, 4, {8}, 1},
		{"leak:libold.so\nleak:nothing\n", {1, 8, 3}, 3, {7, 5}, 2},
		{"leak:^main$\n", {3}, 1, {7, 5, 1, 8}, 4},
	};

	for (size_t i = 0; i < LENGTH(examples); i++) {
		struct seep_gate *gate = new_gate(SEEP_CLASS_LEAK);
		const struct seep_findings *findings;
		size_t line;

		assert_int_equal(seep_gate_suppress(gate, examples[i].text, &line), 0);
		assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
		assert_ids(findings->sites, findings->num, examples[i].sites,
			   examples[i].num_sites);
		assert_ids(findings->suppressed, findings->num_suppressed, examples[i].suppressed,
			   examples[i].num_suppressed);
		seep_gate_free(gate);
	}
}

static void a_suppression_that_is_not_understood(void **state)
{
	struct seep_gate *gate = new_gate(SEEP_CLASS_LEAK);
	size_t line = 0;

	(void)state;
	assert_int_equal(seep_gate_suppress(gate, "leak:a\nrace:b\n", &line), -EINVAL);
	assert_int_equal(line, 2);
	seep_gate_free(gate);
}

/* The site 1 was as fast, 5 was slower, 7 only grew; 8 was not there. */
static void a_baseline_knows_what_was_there(void **state)
{
	static const struct seep_judgement mild = {
		.class = "growth", .severity = "low", .rate = {1, 0, 2}};
	static const struct seep_site earlier[] = {
		SITE(1, parse, &slow_leak),
		SITE(5, library, &slow_leak),
		SITE(7, library, &mild),
	};
	const struct seep_snapshot old = {.num_sites = LENGTH(earlier), .sites = earlier};
	struct seep_path paths[LENGTH(earlier)];
	const struct seep_side side = {&old, paths};
	struct seep_gate *gate = new_gate(SEEP_CLASS_LEAK);
	const struct seep_findings *findings;
	char name[] = "yesterday.seep";

	for (size_t i = 0; i < LENGTH(earlier); i++)
		paths[i] = seep_walk_path(*state, &earlier[i]);
	assert_int_equal(seep_gate_compare(gate, name, &side), 0);
	name[0] = '\0'; /* the gate has a copy */
	assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
	assert_string_equal(findings->baseline, "yesterday.seep");
	ASSERT_IDS(findings->sites, findings->num, 7, 5, 8, 3);
	assert_int_equal(findings->statuses[0].type, SEEP_BASELINE_WORSE);
	assert_int_equal(findings->statuses[0].class, SEEP_CLASS_GROWTH);
	assert_int_equal(findings->statuses[1].type, SEEP_BASELINE_WORSE);
	assert_float_equal(findings->statuses[1].rate.value, 100, 0);
	assert_int_equal(findings->statuses[2].type, SEEP_BASELINE_NEW);
	assert_int_equal(findings->statuses[3].type, SEEP_BASELINE_NEW);
	ASSERT_IDS(findings->known, findings->num_known, 1);
	assert_int_equal(findings->known_statuses[0].type, SEEP_BASELINE_KNOWN);
	seep_gate_free(gate);
}

/* What is suppressed is not looked for in the baseline. */
static void suppressions_come_before_the_baseline(void **state)
{
	static const struct seep_site earlier[] = {SITE(1, parse, &slow_leak)};
	const struct seep_snapshot old = {.num_sites = 1, .sites = earlier};
	const struct seep_side side = {.snapshot = &old};
	struct seep_gate *gate = new_gate(SEEP_CLASS_LEAK);
	const struct seep_findings *findings;
	size_t line;

	assert_int_equal(seep_gate_suppress(gate, "leak:parse", &line), 0);
	assert_int_equal(seep_gate_compare(gate, "old", &side), 0);
	assert_int_equal(seep_gate_find(gate, &snapshot, *state, &findings), 0);
	ASSERT_IDS(findings->suppressed, findings->num_suppressed, 1);
	assert_int_equal(findings->num_known, 0);
	seep_gate_free(gate);
}

#define WITH_SYMBOLS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SYMBOLS(only_leaks_fail),
		WITH_SYMBOLS(growth_fails_if_asked_for),
		WITH_SYMBOLS(nothing_is_found_in_nothing),
		WITH_SYMBOLS(suppressions_take_findings_away),
		WITH_SYMBOLS(a_suppression_that_is_not_understood),
		WITH_SYMBOLS(a_baseline_knows_what_was_there),
		WITH_SYMBOLS(suppressions_come_before_the_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
