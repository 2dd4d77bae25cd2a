// SPDX-License-Identifier: GPL-2.0-only
/* The reports of a comparison in all formats, against golden files. */
#include "flame/flame.h"
#include "formats/formats.h"
#include "report/diff.h"
#include "report/fixture.h"
#include "report/golden.h"
#include "report/sampled.h"
#include "symbol/walk.h"
#include "text/text.h"
#include "json/json.h"

#define MAX_SITES 10

/* Two traces of the server and the comparison of them. */
struct pair {
	struct fixture before;
	struct fixture after;
	struct seep_path before_paths[MAX_SITES];
	struct seep_path after_paths[MAX_SITES];
	struct seep_comparison *comparison;
	struct seep_diff diff;
};

static void find_paths(const struct fixture *fixture, struct seep_path *paths)
{
	for (size_t i = 0; i < fixture->snapshot.num_sites; i++)
		paths[i] = seep_walk_path(NULL, &fixture->sites[i]);
}

static void compare(struct pair *pair, enum seep_metric metric, bool same_trace)
{
	const struct seep_compare_options options = {UINT32_MAX, metric, same_trace};
	const struct seep_side before = {&pair->before.snapshot, pair->before_paths};
	const struct seep_side after = {&pair->after.snapshot, pair->after_paths};

	find_paths(&pair->before, pair->before_paths);
	find_paths(&pair->after, pair->after_paths);
	assert_int_equal(seep_compare(&before, &after, &options, &pair->comparison), 0);
	pair->diff = (struct seep_diff){
		.comparison = pair->comparison,
		.before = {.capture = "old.seep"},
		.after = {.capture = "new\033[31m.seep"},
	};
}

static void set_live(struct seep_site *site, uint64_t objects, uint64_t bytes)
{
	site->counts.allocs += objects - site->live_objects;
	site->counts.alloc_bytes += bytes - site->live_bytes;
	site->live_objects = objects;
	site->live_bytes = bytes;
}

static void finish(struct pair *pair)
{
	fixture_sum(&pair->before);
	fixture_sum(&pair->after);
}

/* Some of everything: a site is new, some grew, one shrank, one is gone; half a minute later. */
static void init(struct pair *pair)
{
	struct seep_site *old = pair->before.sites, *new = pair->after.sites;

	fixture_init(&pair->before);
	fixture_init(&pair->after);
	pair->after.snapshot.seq = 6;
	pair->after.snapshot.elapsed_ns += 30 * SEEP_NS_PER_S;
	pair->after.snapshot.utc_ns += 30 * SEEP_NS_PER_S;
	pair->after.snapshot.losses[SEEP_LOSS_RING_FULL]++;
	set_live(&new[0], 8192, 13107200);
	set_live(&old[1], 300, 1228800);
	set_live(&new[2], 0, 0);
	set_live(&new[4], 6, 6000);
	old[5] = old[--pair->before.snapshot.num_sites]; /* buffer_grow's other call is new */
	finish(pair);
}

/* Another version of the server: the function has moved, and is in more processes. */
static void init_rebuilt(struct pair *pair)
{
	static const uint64_t frames[] = {F_MALLOC, F_GROW_AGAIN};
	static const uint64_t moved_frames[] = {F_MALLOC, F_GROW_MOVED};
	static const struct seep_stack stack = STACK(frames, COMPLETE);
	static const struct seep_stack moved = STACK(moved_frames, COMPLETE);

	fixture_init_empty(&pair->before);
	fixture_init_empty(&pair->after);
	pair->before.sites[0] = fixture_site(&pair->before, &stack, 0x11, 4, 4096, 0);
	pair->before.snapshot.num_sites = 1;
	pair->before.snapshot.min_age_ns = 30 * SEEP_NS_PER_S;
	pair->after.processes[1] = fixture_server;
	pair->after.processes[1].id = 2;
	pair->after.processes[1].pid = 1300;
	pair->after.snapshot.num_processes = 2;
	pair->after.snapshot.max_size_bytes = 4096;
	pair->after.snapshot.min_size_bytes = 64;
	pair->after.snapshot.totals[SEEP_KIND_FD].traced = true;
	pair->after.sites[0] = fixture_site(&pair->after, &moved, 0x21, 5, 5120, 0);
	pair->after.sites[1] = fixture_site(&pair->after, &moved, 0x21, 1, 1024, 0);
	pair->after.sites[1].process = &pair->after.processes[1];
	pair->after.snapshot.num_sites = 2;
	pair->before.processes[0].attached_late = false;
	pair->after.snapshot.elapsed_ns *= 4;
	finish(pair);
}

static void assert_golden(const char *name, const struct pair *pair,
			  const struct seep_diff_format *format,
			  const struct seep_report_options *options)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	assert_int_equal(format->render(&pair->diff, options, &buffer), 0);
	golden_assert(name, buffer.data, buffer.length);
}

static void test_golden(void **state)
{
	static const struct seep_report_options options = {.top = 3};
	static const struct seep_report_options all = {.top = SIZE_MAX};
	struct pair pair;

	(void)state;
	init(&pair);
	compare(&pair, SEEP_METRIC_LIVE_BYTES, true);
	assert_golden("diff.txt", &pair, &seep_diff_text, &options);
	assert_golden("diff.json", &pair, &seep_diff_json, &all);
	assert_golden("diff.folded", &pair, &seep_diff_folded, &all);
	assert_golden("diff.svg", &pair, &seep_diff_flamegraph, &all);
	seep_comparison_free(pair.comparison);
}

static void test_golden_of_two_traces(void **state)
{
	static const struct seep_report_options options = {.top = 3, .verbose = true};
	struct pair pair;

	(void)state;
	init_rebuilt(&pair);
	compare(&pair, SEEP_METRIC_LIVE_BYTES, false);
	assert_int_equal(pair.comparison->num_by_names, 1);
	assert_golden("diff.rebuilt.txt", &pair, &seep_diff_text, &options);
	assert_golden("diff.rebuilt.json", &pair, &seep_diff_json, &options);
	assert_golden("diff.rebuilt.svg", &pair, &seep_diff_flamegraph, &options);
	seep_comparison_free(pair.comparison);
}

/* One site that is exact, one whose numbers are estimates on both sides. */
static void test_golden_of_estimates(void **state)
{
	static const struct seep_report_options options = {.top = 1};
	static const struct seep_report_options all = {.top = SIZE_MAX};
	struct pair pair;

	(void)state;
	fixture_init_sampled(&pair.before);
	fixture_init_sampled(&pair.after);
	set_live(&pair.after.sites[0], 4100, 6560000);
	set_live(&pair.after.sites[1], 300, 1228800);
	set_live(&pair.after.sites[5], 4, 4000);
	finish(&pair);
	compare(&pair, SEEP_METRIC_LIVE_BYTES, true);
	assert_int_equal(pair.comparison->doubts, 1u << SEEP_DOUBT_SAMPLED);
	assert_golden("diff.sampled.txt", &pair, &seep_diff_text, &options);
	assert_golden("diff.sampled.json", &pair, &seep_diff_json, &all);
	seep_comparison_free(pair.comparison);
}

static void test_nothing_changed(void **state)
{
	static const struct seep_report_options options = {.top = 3};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct pair pair;

	(void)state;
	fixture_init(&pair.before);
	fixture_init(&pair.after);
	compare(&pair, SEEP_METRIC_ALLOC_BYTES, false);
	assert_int_equal(seep_diff_text.render(&pair.diff, &options, &buffer), 0);
	assert_non_null(strstr(buffer.data, " objects, unchanged, allocated\n"));
	assert_non_null(strstr(buffer.data, "\nNothing changed.\n"));
	seep_comparison_free(pair.comparison);
}

/* The text of the JSON report stops where it is told to, for each type of change. */
static void test_top(void **state)
{
	static const struct seep_report_options options = {.top = 1};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	size_t sites = 0;
	struct pair pair;

	(void)state;
	init(&pair);
	compare(&pair, SEEP_METRIC_LIVE_BYTES, true);
	assert_int_equal(seep_diff_json.render(&pair.diff, &options, &buffer), 0);
	for (const char *c = buffer.data; (c = strstr(c, "\"matched_by_names\"")); c++)
		sites++;
	assert_int_equal(sites, SEEP_CHANGE_COUNT);
	seep_comparison_free(pair.comparison);
}

static void test_paths(void **state)
{
	struct seep_path grow, again, jit, lost, partial;
	struct seep_stack stack = grow_stack;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	grow = seep_walk_path(NULL, &fixture.sites[0]);
	again = seep_walk_path(NULL, &fixture.sites[5]);
	jit = seep_walk_path(NULL, &fixture.sites[6]);
	lost = seep_walk_path(NULL, &fixture.sites[7]);
	assert_true(grow.names != 0 && grow.names == again.names && grow.builds == again.builds);
	assert_int_equal(jit.names, 0);
	assert_int_equal(lost.names, 0);
	stack.end = SEEP_END_DEPTH;
	fixture.sites[0].stack = &stack;
	partial = seep_walk_path(NULL, &fixture.sites[0]);
	assert_true(partial.names != grow.names);
}

static void test_names_of_formats(void **state)
{
	const char *const names[] = {"text", "json", "folded", "flamegraph"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(seep_diff_at(i)->name, names[i]);
	assert_null(seep_diff_at(sizeof(names) / sizeof(names[0])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_of_two_traces),
		cmocka_unit_test(test_golden_of_estimates),
		cmocka_unit_test(test_nothing_changed),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names_of_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
