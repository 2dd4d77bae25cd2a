// SPDX-License-Identifier: GPL-2.0-only
/* The outcome of a process, and of many; what detect waits for before it gives one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/units.h"
#include "symbol/walk.h"
#include "verdict/answer.h"
#include "verdict/judgement.h"
#include "verdict/patience.h"
#include "verdict/pending.h"

#define NUM 4
#define EXE "/usr/bin/server"

/* What the frames of the stacks are: the offset of a frame is its index here. */
enum place {
	MALLOC,
	MAKE,
	MAIN,
	BUFFER,
	PRINT,
	POOL,
	INIT,
	NUM_PLACES
};

static const struct seep_line lines[NUM_PLACES] = {
	[MALLOC] = {.function = "malloc"},  [MAKE] = {.function = "make_list"},
	[MAIN] = {.function = "main"},	    [BUFFER] = {.function = "_IO_file_doallocate"},
	[PRINT] = {.function = "printf"},   [POOL] = {.function = "_GLOBAL__sub_I_eh_alloc.cc"},
	[INIT] = {.function = "call_init"},
};
static const struct seep_location locations[NUM_PLACES] = {
	[MALLOC] = {.module = "/lib/libc.so.6", .num_lines = 1, .lines = &lines[MALLOC]},
	[MAKE] = {.module = EXE, .num_lines = 1, .lines = &lines[MAKE]},
	[MAIN] = {.module = EXE, .num_lines = 1, .lines = &lines[MAIN]},
	[BUFFER] = {.module = "/lib/libc.so.6", .num_lines = 1, .lines = &lines[BUFFER]},
	[PRINT] = {.module = "/lib/libc.so.6", .num_lines = 1, .lines = &lines[PRINT]},
	[POOL] = {.module = "/lib/libstdc++.so.6", .num_lines = 1, .lines = &lines[POOL]},
	[INIT] = {.module = "/lib/ld.so", .num_lines = 1, .lines = &lines[INIT]},
};

const struct seep_location *seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
						    uint32_t process, uint64_t frame)
{
	(void)symbolizer;
	(void)process;
	return &locations[frame & 0xf];
}

#define FRAME(place) SEEP_FRAME(1, place)

static const uint64_t made_frames[] = {FRAME(MALLOC), FRAME(MAKE), FRAME(MAIN)};
static const uint64_t printed_frames[] = {FRAME(MALLOC), FRAME(BUFFER), FRAME(PRINT), FRAME(MAIN)};
static const uint64_t pool_frames[] = {FRAME(MALLOC), FRAME(POOL), FRAME(INIT)};
static const struct seep_stack made = {.hash = 1, .num_frames = 3, .frames = made_frames};
static const struct seep_stack printed = {.hash = 2, .num_frames = 4, .frames = printed_frames};
static const struct seep_stack pool = {.hash = 3, .num_frames = 3, .frames = pool_frames};

static const struct seep_judgement leak = {
	.class = "leak", .severity = "high", .confidence = 0.99, .rate = {10000, 9000, 11000}};
static const struct seep_judgement growth = {
	.class = "growth", .severity = "low", .confidence = 0.9, .rate = {5000, 4000, 6000}};
static const struct seep_judgement steady = {.class = "steady", .rate = {0, -10, 10}};
/* Four bytes a second take 150 s; a MiB takes 18 s, so it only fades. */
static const struct seep_judgement doubted = {
	.class = "warming-up", .confidence = 0.8, .rate = {1e6, 9e5, 1.1e6}};
static const struct seep_judgement slow = {.class = "warming-up", .rate = {4, 3, 5}};
static const struct seep_judgement fading = {.class = "warming-up",
					     .rate = {1 << 20, 1 << 19, 2 << 20}};

static const struct seep_process_judgement flat = {.health = "steady", .observed_s = 60};
static const struct seep_process_judgement grown = {
	.health = "unexplained", .observed_s = 60, .rate = {40000, 30000, 50000}};
static const struct seep_process_judgement brief = {.health = "unknown", .observed_s = 3};

struct fixture {
	struct seep_process processes[NUM];
	struct seep_site sites[NUM];
	const struct seep_site *found[NUM];
	struct seep_findings findings;
	struct seep_snapshot snapshot;
	struct seep_answer answer;
};

/* Processes that were watched for a minute, each with a site that is steady. */
static void init(struct fixture *fixture, size_t num)
{
	*fixture = (struct fixture){
		.findings = {.sites = fixture->found},
		.snapshot =
			{
				.final = true,
				.elapsed_ns = 60 * SEEP_NS_PER_S,
				.num_processes = num,
				.processes = fixture->processes,
				.num_sites = num,
				.sites = fixture->sites,
			},
	};
	for (size_t i = 0; i < num; i++) {
		fixture->processes[i] = (struct seep_process){.id = (uint32_t)i + 1,
							      .pid = (pid_t)i + 100,
							      .exe = EXE,
							      .judgement = &flat};
		fixture->sites[i] = (struct seep_site){.id = i,
						       .process = &fixture->processes[i],
						       .stack = &made,
						       .live_objects = 10,
						       .live_bytes = 1000,
						       .judgement = &steady};
	}
}

static void find(struct fixture *fixture, size_t site, const struct seep_judgement *judgement)
{
	fixture->sites[site].judgement = judgement;
	fixture->found[fixture->findings.num++] = &fixture->sites[site];
}

static void answer(struct fixture *fixture)
{
	assert_int_equal(seep_answer_make(&fixture->snapshot, &fixture->findings, NULL,
					  &fixture->answer),
			 0);
}

#define ASSERT_ANSWER(fixture, wanted, why)                                                        \
	do {                                                                                       \
		answer(fixture);                                                                   \
		assert_int_equal((fixture)->answer.outcome, SEEP_OUTCOME_##wanted);                \
		assert_int_equal((fixture)->answer.reason, SEEP_REASON_##why);                     \
		seep_answer_done(&(fixture)->answer);                                              \
	} while (0)

static void a_finding_is_a_leak_or_growth(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	find(&fixture, 0, &leak);
	ASSERT_ANSWER(&fixture, LEAK, NONE);
	init(&fixture, 1);
	find(&fixture, 0, &growth);
	ASSERT_ANSWER(&fixture, GROWTH, NONE);
}

static void growth_needs_no_site(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &grown;
	ASSERT_ANSWER(&fixture, GROWTH, NONE);
	/* What is known explains it, or a quarter is missing. */
	fixture.sites[0].judgement = &leak;
	fixture.findings.num_known = 1;
	fixture.findings.known = fixture.found;
	fixture.found[0] = &fixture.sites[0];
	ASSERT_ANSWER(&fixture, GROWTH, NONE);
	fixture.sites[0].judgement =
		&(struct seep_judgement){.class = "leak", .rate = {39000, 38000, 40000}};
	ASSERT_ANSWER(&fixture, NONE, NONE);
}

/* A buffer that doubles: steady, but most of what there is. */
static void growth_names_who_has_most(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &grown;
	fixture.sites[0].live_bytes = 1 << 20;
	fixture.processes[0].totals[SEEP_KIND_MEMORY].live_bytes = 3 << 19;
	answer(&fixture);
	assert_ptr_equal(fixture.answer.processes[0].worst, &fixture.sites[0]);
	seep_answer_done(&fixture.answer);
	/* It has less than half of what is live; or that is nothing beside 2.4 MB of growth. */
	fixture.processes[0].totals[SEEP_KIND_MEMORY].live_bytes = 2 << 20;
	answer(&fixture);
	assert_null(fixture.answer.processes[0].worst);
	seep_answer_done(&fixture.answer);
	fixture.sites[0].live_bytes = 500000;
	fixture.processes[0].totals[SEEP_KIND_MEMORY].live_bytes = 500000;
	answer(&fixture);
	assert_null(fixture.answer.processes[0].worst);
	seep_answer_done(&fixture.answer);
}

static void too_many_mappings_are_growth(void **state)
{
	const struct seep_process_judgement split = {.health = "steady",
						     .observed_s = 60,
						     .mappings_rate = {100, 90, 110},
						     .mappings_eta_s = {600, 500, 700}};
	struct seep_process_judgement both = split;
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &split;
	answer(&fixture);
	assert_int_equal(fixture.answer.outcome, SEEP_OUTCOME_GROWTH);
	assert_true(fixture.answer.processes[0].mappings_grow);
	seep_answer_done(&fixture.answer);
	/* Its memory is used up before there are too many. */
	both.health = "unexplained";
	both.rate = grown.rate;
	both.eta_s = (struct seep_interval){60, 50, 70};
	fixture.processes[0].judgement = &both;
	answer(&fixture);
	assert_int_equal(fixture.answer.outcome, SEEP_OUTCOME_GROWTH);
	assert_false(fixture.answer.processes[0].mappings_grow);
	seep_answer_done(&fixture.answer);
}

static void none_says_what_would_have_been_seen(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	answer(&fixture);
	assert_int_equal(fixture.answer.outcome, SEEP_OUTCOME_NONE);
	/* The other way round than the minimum observation. */
	assert_float_equal(seep_min_observation_s(true, fixture.answer.processes[0].visible_rate),
			   60, 0.01);
	seep_answer_done(&fixture.answer);
}

static void too_little_is_undecided(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 0);
	ASSERT_ANSWER(&fixture, UNDECIDED, NO_PROCESS);
	init(&fixture, 1);
	fixture.processes[0].judgement = &brief;
	ASSERT_ANSWER(&fixture, UNDECIDED, TOO_SHORT);
	init(&fixture, 1);
	fixture.sites[0].judgement = &slow;
	ASSERT_ANSWER(&fixture, UNDECIDED, GROWING);
	fixture.sites[0].judgement = &fading;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	/* Fast enough to be called a leak by now, if nothing spoke against it. */
	fixture.sites[0].judgement = &doubted;
	ASSERT_ANSWER(&fixture, UNDECIDED, GROWING);
	assert_float_equal(seep_site_needed_s(&fixture.sites[0], 60), 60 * sqrt(2), 1e-6);
}

/* Less and less, but for certain: not nothing, if a site grows as well. */
static void what_has_risen_is_growth(void **state)
{
	static const struct seep_process_judgement risen = {
		.health = "steady", .observed_s = 60, .rate = {50000, 40000, 60000}};
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &risen;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	fixture.sites[0].judgement = &slow;
	ASSERT_ANSWER(&fixture, GROWTH, NONE);
	fixture.processes[0].judgement = &flat;
	ASSERT_ANSWER(&fixture, UNDECIDED, GROWING);
}

static void ended_with_nothing_left(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &brief;
	fixture.processes[0].exited = true;
	ASSERT_ANSWER(&fixture, UNDECIDED, ENDED);
	fixture.sites[0].live_objects = 0;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	/* What the C library keeps for itself. */
	fixture.sites[0].live_objects = 1;
	fixture.sites[0].stack = &printed;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	fixture.sites[0].stack = &pool;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	/* Before the end it may still be released. */
	fixture.sites[0].stack = &made;
	fixture.snapshot.final = false;
	ASSERT_ANSWER(&fixture, UNDECIDED, TOO_SHORT);
}

static void the_worst_is_first(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 4);
	fixture.processes[1].judgement = &brief;
	find(&fixture, 2, &leak);
	fixture.processes[3].judgement = &grown;
	answer(&fixture);
	assert_int_equal(fixture.answer.outcome, SEEP_OUTCOME_LEAK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(fixture.answer.processes[i].outcome, SEEP_OUTCOME_LEAK - i);
	assert_ptr_equal(fixture.answer.processes[0].process, &fixture.processes[2]);
	assert_ptr_equal(fixture.answer.processes[0].worst, &fixture.sites[2]);
	seep_answer_done(&fixture.answer);
}

/* A process that came and went does not spoil the answer for those that stay. */
static void short_lives_do_not_count(void **state)
{
	struct fixture fixture;

	(void)state;
	init(&fixture, 2);
	fixture.processes[1].judgement = &brief;
	ASSERT_ANSWER(&fixture, UNDECIDED, TOO_SHORT);
	fixture.processes[1].exited = true;
	ASSERT_ANSWER(&fixture, NONE, NONE);
	fixture.processes[0].judgement = &brief;
	fixture.processes[0].exited = true;
	ASSERT_ANSWER(&fixture, UNDECIDED, ENDED);
}

static bool ends_at(struct seep_patience *patience, struct fixture *fixture, uint64_t seconds)
{
	fixture->snapshot.elapsed_ns = seconds * SEEP_NS_PER_S;
	return seep_patience_ends(patience, &fixture->snapshot, &fixture->findings);
}

static void certain_leaks_end_the_trace(void **state)
{
	struct seep_patience patience = {0};
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	assert_false(ends_at(&patience, &fixture, 19));
	find(&fixture, 0, &leak);
	assert_false(ends_at(&patience, &fixture, 20));
	assert_false(ends_at(&patience, &fixture, 21));
	assert_true(ends_at(&patience, &fixture, 22));
	/* One look without it, and the time begins anew. */
	fixture.findings.num = 0;
	assert_false(ends_at(&patience, &fixture, 23));
	fixture.findings.num = 1;
	assert_false(ends_at(&patience, &fixture, 24));
	assert_true(ends_at(&patience, &fixture, 26));
}

/* One that is only likely is looked at for a tenth longer. */
static void likely_leaks_are_looked_at_again(void **state)
{
	static const struct seep_judgement likely = {.class = "leak",
						     .severity = "high",
						     .confidence = 0.95,
						     .rate = {10000, 9000, 11000}};
	struct seep_patience patience = {0};
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	find(&fixture, 0, &likely);
	assert_false(ends_at(&patience, &fixture, 50));
	assert_false(ends_at(&patience, &fixture, 54));
	assert_true(ends_at(&patience, &fixture, 55));
	/* As soon as it is certain, that is enough. */
	fixture.sites[0].judgement = &leak;
	assert_true(ends_at(&patience, &fixture, 52));
	/* What is suspected does not count. */
	patience = (struct seep_patience){0};
	fixture.sites[0].judgement = &slow;
	assert_false(ends_at(&patience, &fixture, 50));
	assert_false(ends_at(&patience, &fixture, 90));
}

/* Another site grows as fast, or a process that has no finding: as long again, and no longer. */
static void others_are_waited_for(void **state)
{
	struct seep_patience patience = {0};
	struct fixture fixture;

	(void)state;
	init(&fixture, 2);
	find(&fixture, 0, &leak);
	fixture.sites[1].judgement = &growth;
	assert_false(ends_at(&patience, &fixture, 20));
	assert_false(ends_at(&patience, &fixture, 39));
	assert_true(ends_at(&patience, &fixture, 40));
	patience = (struct seep_patience){0};
	/* A fiftieth as fast is not waited for. */
	fixture.sites[1].judgement =
		&(struct seep_judgement){.class = "growth", .rate = {200, 190, 210}};
	assert_false(ends_at(&patience, &fixture, 20));
	assert_true(ends_at(&patience, &fixture, 22));
	fixture.processes[1].judgement = &grown;
	assert_false(ends_at(&patience, &fixture, 23));
}

/* A heap keeps room for more than what lives in it, and grows by more. */
static void objects_explain_the_heap_around_them(void **state)
{
	const struct seep_heap_judgement heap = {
		.runtime = "go", .name = "Go", .class = "growth", .rate = {39000, 30000, 48000}};
	struct seep_process_judgement process = grown;
	struct fixture fixture;

	(void)state;
	init(&fixture, 1);
	fixture.processes[0].judgement = &process;
	find(&fixture, 0, &leak);
	assert_true(seep_pending_growth(&fixture.processes[0], &fixture.findings));
	fixture.sites[0].kind = SEEP_KIND_OBJECT;
	assert_true(seep_pending_growth(&fixture.processes[0], &fixture.findings));
	process.heaps = &heap;
	process.num_heaps = 1;
	assert_false(seep_pending_growth(&fixture.processes[0], &fixture.findings));
	/* Blocks of malloc are not in that heap. */
	fixture.sites[0].kind = SEEP_KIND_MEMORY;
	assert_true(seep_pending_growth(&fixture.processes[0], &fixture.findings));
	/* The site itself is the better name for it. */
	fixture.findings.num = 0;
	fixture.sites[0].kind = SEEP_KIND_OBJECT;
	fixture.sites[0].judgement =
		&(struct seep_judgement){.class = "growth", .rate = {1e6, 9e5, 1.1e6}};
	process.heaps = &(struct seep_heap_judgement){
		.runtime = "go", .name = "Go", .class = "growth", .rate = {2e6, 1.9e6, 2.1e6}};
	answer(&fixture);
	assert_int_equal(fixture.answer.outcome, SEEP_OUTCOME_GROWTH);
	assert_ptr_equal(fixture.answer.processes[0].worst, &fixture.sites[0]);
	assert_null(fixture.answer.processes[0].heap);
	seep_answer_done(&fixture.answer);
}

static void pending_sites_are_sorted(void **state)
{
	const struct seep_site **sites;
	struct fixture fixture;
	size_t num;

	(void)state;
	init(&fixture, 4);
	find(&fixture, 0, &leak);
	fixture.sites[1].judgement = &growth;
	fixture.sites[2].judgement =
		&(struct seep_judgement){.class = "growth", .rate = {6000, 5000, 7000}};
	fixture.sites[3].judgement = &fading;
	assert_int_equal(seep_pending_find(&fixture.snapshot, &fixture.findings, &sites, &num), 0);
	assert_int_equal(num, 2);
	assert_ptr_equal(sites[0], &fixture.sites[2]);
	assert_ptr_equal(sites[1], &fixture.sites[1]);
	free(sites);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_is_a_leak_or_growth),
		cmocka_unit_test(growth_needs_no_site),
		cmocka_unit_test(growth_names_who_has_most),
		cmocka_unit_test(too_many_mappings_are_growth),
		cmocka_unit_test(none_says_what_would_have_been_seen),
		cmocka_unit_test(too_little_is_undecided),
		cmocka_unit_test(what_has_risen_is_growth),
		cmocka_unit_test(ended_with_nothing_left),
		cmocka_unit_test(the_worst_is_first),
		cmocka_unit_test(short_lives_do_not_count),
		cmocka_unit_test(certain_leaks_end_the_trace),
		cmocka_unit_test(likely_leaks_are_looked_at_again),
		cmocka_unit_test(others_are_waited_for),
		cmocka_unit_test(objects_explain_the_heap_around_them),
		cmocka_unit_test(pending_sites_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
