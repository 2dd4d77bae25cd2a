// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON report: the golden files, parsed again by json-c, with unknown numbers as null and
 * hostile names as valid UTF-8.
 */
#include "report/fixture.h"
#include "report/go_figures.h"
#include "report/golden.h"
#include "report/sampled.h"
#include "verdict/judgement.h"
#include "json/json.h"

#include <json-c/json.h>
#include <locale.h>

static const struct seep_report_options all = {.top = SIZE_MAX};

/* Renders and parses; the caller puts the object. */
static struct json_object *render(const struct seep_snapshot *snapshot,
				  const struct seep_report_options *options)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct json_object *report;

	assert_int_equal(seep_report_json.render(snapshot, NULL, options, &buffer), 0);
	assert_ptr_equal(strchr(buffer.data, '\n'), buffer.data + buffer.length - 1);
	report = json_tokener_parse(buffer.data);
	assert_non_null(report);
	return report;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no member %s", key);
	return value;
}

static void test_golden(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	golden_assert_report("report.json", &seep_report_json, &fixture.snapshot, &all);
	fixture_init_two(&fixture);
	golden_assert_report("report.two.json", &seep_report_json, &fixture.snapshot, &all);
	fixture_init_sampled(&fixture);
	golden_assert_report("report.sampled.json", &seep_report_json, &fixture.snapshot, &all);
	fixture_init_empty(&fixture);
	golden_assert_report("report.empty.json", &seep_report_json, &fixture.snapshot, &all);
}

/* One in a thousand has digits; the rest of a large number is noise. */
static void test_small_numbers(void **state)
{
	static const struct seep_judgement judgement = {
		.class = "leak",
		.pattern = "linear",
		.confidence = 0.95,
		.rate = {-0.000125, -1234.56789, 0.9999999},
		.leaked = {0.0010312, 0, 1},
		.eta_s = {NAN, NAN, NAN},
	};
	struct json_object *report, *verdict;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].judgement = &judgement;
	report = render(&fixture.snapshot, &all);
	verdict = member(json_object_array_get_idx(member(report, "sites"), 0), "verdict");
	assert_string_equal(json_object_get_string(member(verdict, "survival")), "0.001031");
	assert_string_equal(json_object_get_string(member(verdict, "survival_low")), "0.0");
	assert_string_equal(json_object_get_string(member(verdict, "survival_high")), "1.0");
	assert_string_equal(json_object_get_string(member(verdict, "rate_low")), "-1234.568");
	assert_string_equal(json_object_get_string(member(verdict, "rate_high")), "1.0");
	assert_null(member(verdict, "eta_s"));
	assert_string_equal(json_object_get_string(member(verdict, "sureness")), "likely");
	assert_string_equal(json_object_get_string(member(verdict, "confidence")), "0.95");
	json_object_put(report);
}

static void test_exact_integers(void **state)
{
	struct json_object *report, *site;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].counts.alloc_bytes = UINT64_MAX - 1;
	fixture.sites[0].live_bytes_change = INT64_MIN;
	report = render(&fixture.snapshot, &all);
	site = json_object_array_get_idx(member(report, "sites"), 0);
	assert_true(json_object_get_uint64(member(site, "alloc_bytes")) == UINT64_MAX - 1);
	assert_true(json_object_get_int64(member(site, "live_bytes_change")) == INT64_MIN);
	assert_string_equal(json_object_get_string(member(site, "id")), "9f3c5a7711223344");
	json_object_put(report);
}

static void test_unknown_is_null(void **state)
{
	struct json_object *report, *process, *overhead;
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	fixture.snapshot.overhead.target_cpu_pct = (double)NAN;
	report = render(&fixture.snapshot, &all);
	process = json_object_array_get_idx(member(report, "processes"), 1);
	overhead = member(report, "overhead");
	assert_null(member(process, "rss_bytes"));
	assert_null(member(process, "start_time"));
	assert_null(member(process, "exe"));
	assert_null(member(overhead, "target_cpu_pct"));
	json_object_put(report);
}

static void test_inlined_functions_are_entries(void **state)
{
	struct json_object *report, *stack, *inlined, *outer;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	report = render(&fixture.snapshot, &all);
	stack = member(json_object_array_get_idx(member(report, "sites"), 0), "stack");
	assert_int_equal(json_object_array_length(stack), 9);
	inlined = json_object_array_get_idx(stack, 1);
	outer = json_object_array_get_idx(stack, 2);
	assert_string_equal(json_object_get_string(member(inlined, "function")), "xmalloc");
	assert_true(json_object_get_boolean(member(inlined, "inlined")));
	assert_string_equal(json_object_get_string(member(outer, "function")), "buffer_grow");
	assert_false(json_object_get_boolean(member(outer, "inlined")));
	assert_int_equal(json_object_get_int(member(outer, "offset")), 0x11a4);
	json_object_put(report);
}

static struct json_object *frame_of(struct json_object *report, size_t site, size_t frame)
{
	struct json_object *sites = member(report, "sites");

	return json_object_array_get_idx(member(json_object_array_get_idx(sites, site), "stack"),
					 frame);
}

/* The same address is other code in another process. */
static void test_code_of_no_file(void **state)
{
	struct json_object *report, *named, *unnamed;
	struct fixture fixture;

	(void)state;
	fixture_init_jit(&fixture);
	report = render(&fixture.snapshot, &all);
	named = frame_of(report, 5, 1);
	unnamed = frame_of(report, 6, 1);
	assert_string_equal(json_object_get_string(member(named, "function")), "~render view.js:7");
	assert_string_equal(json_object_get_string(member(named, "module")), "[jit]");
	assert_true(json_object_get_uint64(member(named, "offset")) == 0x7f0012345678);
	assert_null(member(unnamed, "function"));
	assert_null(member(unnamed, "module"));
	assert_true(json_object_get_uint64(member(unnamed, "offset")) == 0x7f0012345678);
	json_object_put(report);
}

static void test_top(void **state)
{
	const struct seep_report_options two = {.top = 2};
	struct json_object *report;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	report = render(&fixture.snapshot, &two);
	assert_int_equal(json_object_array_length(member(report, "sites")), 2);
	json_object_put(report);
	report = render(&fixture.snapshot, &all);
	assert_int_equal(json_object_array_length(member(report, "sites")), 9);
	json_object_put(report);
}

/* A locale with a decimal comma must not leak into the numbers. */
static void test_locale(void **state)
{
	struct fixture fixture;

	(void)state;
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		skip();
	fixture_init(&fixture);
	golden_assert_report("report.json", &seep_report_json, &fixture.snapshot, &all);
	setlocale(LC_ALL, "C");
}

static void test_what_belongs_together(void **state)
{
	struct json_object *report, *callers, *correlated, *of;
	struct fixture fixture;

	(void)state;
	fixture_init_together(&fixture);
	report = render(&fixture.snapshot, &all);
	callers = member(report, "callers");
	assert_int_equal(json_object_array_length(callers), 2);
	of = json_object_array_get_idx(callers, 0);
	assert_string_equal(json_object_get_string(member(of, "function")), "buffer_grow");
	assert_string_equal(json_object_get_string(member(of, "file")), "src/buffer.c");
	assert_null(member(of, "line"));
	assert_string_equal(json_object_get_string(member(of, "class")), "leak");
	assert_float_equal(json_object_get_double(member(of, "rate_bytes_per_s")), 426.5, 0);
	assert_string_equal(json_object_to_json_string_ext(member(of, "sites"), 0),
			    "[\"9f3c5a7711223344\",\"0000000000000005\"]");
	of = json_object_array_get_idx(callers, 1);
	assert_string_equal(json_object_get_string(member(of, "function")), "worker_loop");
	assert_int_equal(json_object_get_int(member(of, "line")), 131);
	assert_string_equal(json_object_get_string(member(of, "class")), "growth");
	correlated =
		member(member(json_object_array_get_idx(member(report, "sites"), 5), "verdict"),
		       "companions");
	assert_string_equal(json_object_to_json_string_ext(correlated, 0),
			    "[{\"measure\":\"open_descriptors\",\"correlation\":0.982},"
			    "{\"site\":\"9f3c5a7711223344\",\"correlation\":0.95}]");
	json_object_put(report);
}

static void test_go_figures(void **state)
{
	struct json_object *report, *go, *memstats, *none;
	struct seep_go_figures figures = fixture_go;
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	fixture.processes[0].go = &figures;
	report = render(&fixture.snapshot, &all);
	go = member(json_object_array_get_idx(member(report, "processes"), 0), "go");
	memstats = member(go, "memstats");
	assert_string_equal(json_object_get_string(member(go, "version")), "go1.24.4");
	assert_int_equal(json_object_get_int(member(go, "gomaxprocs")), 8);
	assert_int_equal(json_object_get_int(member(go, "gogc")), 100);
	assert_int_equal(json_object_get_int(member(go, "gomemlimit_bytes")), 64 << 20);
	assert_string_equal(json_object_get_string(member(go, "collections_per_min")), "1.25");
	assert_int_equal(json_object_get_int(member(memstats, "HeapAlloc")), 12898533);
	assert_string_equal(json_object_get_string(member(memstats, "GCCPUFraction")), "0.012346");
	/* What could not be read is left out; so is all of it, of a process that is no Go. */
	assert_false(json_object_object_get_ex(memstats, "MSpanInuse", &none));
	assert_int_equal(json_object_object_length(memstats), SEEP_MEMSTAT_COUNT);
	assert_false(json_object_object_get_ex(
		json_object_array_get_idx(member(report, "processes"), 1), "go", &none));
	json_object_put(report);
	figures.gogc = -1;
	figures.gomemlimit_bytes = SEEP_UNKNOWN;
	figures.collections_per_min = NAN;
	report = render(&fixture.snapshot, &all);
	go = member(json_object_array_get_idx(member(report, "processes"), 0), "go");
	assert_int_equal(json_object_get_int(member(go, "gogc")), -1);
	assert_null(member(go, "gomemlimit_bytes"));
	assert_null(member(go, "collections_per_min"));
	json_object_put(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_small_numbers),
		cmocka_unit_test(test_exact_integers),
		cmocka_unit_test(test_unknown_is_null),
		cmocka_unit_test(test_inlined_functions_are_entries),
		cmocka_unit_test(test_code_of_no_file),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_locale),
		cmocka_unit_test(test_what_belongs_together),
		cmocka_unit_test(test_go_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
