// SPDX-License-Identifier: GPL-2.0-only
/* Flame graphs: the golden files, hostile names, frames that are joined or left out, colours. */
#include "flame/colors.h"
#include "flame/flame.h"
#include "report/golden.h"
#include "report/sampled.h"

static const struct seep_report_options live_bytes = {.metric = SEEP_METRIC_LIVE_BYTES};
static const struct seep_report_options alloc_objects = {.metric = SEEP_METRIC_ALLOC_OBJECTS};

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		found++;
	return found;
}

static void test_golden(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	golden_assert_report("report.svg", &seep_report_flamegraph, &fixture.snapshot, &live_bytes);
	fixture_init_two(&fixture);
	golden_assert_report("report.two.svg", &seep_report_flamegraph, &fixture.snapshot,
			     &alloc_objects);
	fixture_init_empty(&fixture);
	golden_assert_report("report.empty.svg", &seep_report_flamegraph, &fixture.snapshot,
			     &live_bytes);
}

/* The sum of all is one if one process is traced in windows. */
static void test_estimate(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer exact = SEEP_BUFFER_INIT, sampled = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &exact), 0);
	assert_null(strstr(exact.data, "~6.73 MiB, 30.0 s into the trace"));
	assert_non_null(strstr(exact.data, "6.73 MiB, 30.0 s into the trace"));
	fixture_init_sampled(&fixture);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &sampled), 0);
	assert_non_null(strstr(sampled.data, "~6.73 MiB, 30.0 s into the trace"));
}

/* Names of targets stay text: one script, ours, and nothing that ends it early. */
static void test_hostile_names(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	fixture.processes[0].comm = "</text><script>alert(2)</script>";
	fixture.snapshot.scope_type = "command";
	fixture.snapshot.scope_value = "\"><script>alert(3)</script>\xef\xbf\xbe";
	/* Wide enough to be drawn. */
	fixture.sites[4].live_bytes = 6000000;
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_int_equal(count(buffer.data, "<script"), 1);
	assert_int_equal(count(buffer.data, "]]>"), 1 + count(buffer.data, "]]>--&gt;"));
	assert_int_equal(count(buffer.data, "]]>--"), 0);
	assert_int_equal(count(buffer.data, "<svg"), 1);
	assert_null(strchr(buffer.data, '\033'));
	assert_null(strstr(buffer.data, "\xef\xbf\xbe"));
	assert_null(strstr(buffer.data, "\xef\xbf\xbf"));
	assert_non_null(strstr(buffer.data, "&lt;script&gt;alert(&quot;1&quot;)"));
}

static void test_same_path_is_one_frame(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_int_equal(count(buffer.data, "<title>buffer_grow\n"), 1);
}

static void test_narrow_frames_are_counted(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].live_bytes = 1000000000000;
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_non_null(strstr(buffer.data, " frames narrower than 0.1 px left out"));
	assert_null(strstr(buffer.data, "<title>calloc\n"));
}

/* Judged sites give the colour, the worst of those above a frame; else it is that of the module. */
static void test_colors(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_non_null(strstr(buffer.data, "class=\"f leak\""));
	assert_non_null(strstr(buffer.data, "class=\"f calm\""));
	assert_int_equal(count(buffer.data, "class=\"f m"), count(buffer.data, "class=\"f mark"));
	fixture_init(&fixture);
	seep_buffer_reset(&buffer);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_int_equal(count(buffer.data, "class=\"f calm\""), 0);
	/* The same wherever the library is, and none for the library of C. */
	assert_int_equal(seep_flame_module_color("/usr/lib/libz.so.1"),
			 seep_flame_module_color("/opt/lib/libz.so.1"));
	assert_int_equal(seep_flame_module_color("/lib/x86_64-linux-gnu/libc.so.6"), 0);
	assert_int_equal(seep_flame_module_color(NULL), 0);
	assert_in_range(seep_flame_module_color("libz.so.1"), 1, SEEP_FLAME_MODULE_COLORS - 1);
}

/* It would leave no room for the rest; what is alone is drawn all the same. */
static void test_before_the_trace(void **state)
{
	static const uint64_t frames[] = {F_BEFORE};
	static const struct seep_stack before = {1, SEEP_END_COMPLETE, 1, frames};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].stack = &before;
	fixture.sites[0].live_bytes = 1024;
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_non_null(strstr(buffer.data, ">1.00 KiB from before the trace not drawn<"));
	fixture.snapshot.num_sites = 1;
	seep_buffer_reset(&buffer);
	assert_int_equal(
		seep_report_flamegraph.render(&fixture.snapshot, NULL, &live_bytes, &buffer), 0);
	assert_null(strstr(buffer.data, "not drawn"));
	assert_non_null(strstr(buffer.data, "data-f=\"0 1024 0\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_same_path_is_one_frame),
		cmocka_unit_test(test_narrow_frames_are_counted),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_before_the_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
