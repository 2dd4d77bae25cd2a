// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HTML report: its data parsed again, its policy of contents, its golden file, and hostile
 * names.
 */
#include "report/fixture.h"
#include "report/go_figures.h"
#include "report/golden.h"
#include "report/sampled.h"

#include <errno.h>
#include <json-c/json.h>

#include "formats/formats.h"
#include "report/headline.h"
#include "web/html.h"
#include "web/html_history.h"

static const struct seep_html_options live_bytes = {.metric = SEEP_METRIC_LIVE_BYTES};

static const struct seep_html_point site_points[] = {
	{SEEP_NS_PER_S, 10, 1000},
	{2 * SEEP_NS_PER_S, 12, 1200},
	{30 * SEEP_NS_PER_S, 3, 300},
};

static int give_series(void *context, const struct seep_site *site,
		       struct seep_html_series *ret_series)
{
	const struct fixture *fixture = context;

	/* Of the first one only. */
	*ret_series = (struct seep_html_series){site_points, site == fixture->sites ? 3 : 0};
	return 0;
}

static int give_error(void *context, const struct seep_site *site,
		      struct seep_html_series *ret_series)
{
	(void)context;
	(void)site;
	(void)ret_series;
	return -EBADMSG;
}

static void render(const struct fixture *fixture, const struct seep_html_history *history,
		   struct seep_buffer *buffer)
{
	assert_int_equal(seep_html_render(&fixture->snapshot, NULL, history, &live_bytes, buffer),
			 0);
}

/* The page without its scripts, styles, their hashes and the version; the data on many lines. */
static void append_essence(struct seep_buffer *essence, const char *page)
{
	static const char *const skipped[][2] = {
		{"<style", "</style>\n"},
		{"<script>", "</script>\n"},
		{"content=\"seep ", "\">"},
		{"<dd>seep ", "</dd>"},
	};

	while (*page) {
		/* A digest of 32 bytes has 44 characters. */
		size_t skip = strncmp(page, "'sha256-", 8) == 0 ? 8 + 44 + 1 : 0;

		for (size_t i = 0; !skip && i < sizeof(skipped) / sizeof(skipped[0]); i++) {
			if (strncmp(page, skipped[i][0], strlen(skipped[i][0])) == 0)
				skip = (size_t)(strstr(page + strlen(skipped[i][0]),
						       skipped[i][1]) -
						page) +
				       strlen(skipped[i][1]);
		}
		page += skip;
		if (skip)
			continue;
		seep_buffer_putc(essence, *page);
		if (strncmp(page, "],", 2) == 0 || strncmp(page, "},", 2) == 0) {
			seep_buffer_puts(essence, ",\n");
			page++;
		}
		page++;
	}
}

static void assert_golden(const char *name, const struct fixture *fixture,
			  const struct seep_html_history *history)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer essence = SEEP_BUFFER_INIT;

	render(fixture, history, &buffer);
	append_essence(&essence, buffer.data);
	golden_assert(name, essence.data, essence.length);
}

static void test_golden(void **state)
{
	struct fixture fixture;
	struct seep_html_history history = {
		.totals[SEEP_KIND_MEMORY] = {site_points, 3},
		.resident = (const struct seep_html_series[]){{site_points, 2}, {NULL, 0}},
		.site = give_series,
		.context = &fixture,
	};

	(void)state;
	fixture_init_judged(&fixture);
	assert_golden("report.judged.html", &fixture, &history);
	fixture_init_sampled(&fixture);
	assert_golden("report.sampled.html", &fixture, NULL);
	fixture_init_empty(&fixture);
	assert_golden("report.empty.html", &fixture, NULL);
}

/* The data as an object; the caller puts it. */
static struct json_object *data_of(const char *page)
{
	const char *begin = strstr(page, "id=\"data\">");
	struct json_object *data;
	const char *end;

	assert_non_null(begin);
	begin += strlen("id=\"data\">");
	end = strstr(begin, "</script>");
	assert_non_null(end);
	data = json_tokener_parse(begin);
	assert_non_null(data);
	assert_memory_equal(end - 1, "}", 1);
	return data;
}

static size_t length_of(struct json_object *data, const char *key)
{
	return json_object_array_length(json_object_object_get(data, key));
}

static void test_data_shares_frames_and_stacks(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct json_object *data, *sites, *columns;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	render(&fixture, NULL, &buffer);
	data = data_of(buffer.data);
	sites = json_object_object_get(data, "sites");
	columns = json_object_object_get(data, "site_columns");
	assert_int_equal(json_object_array_length(sites), 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(json_object_array_length(json_object_array_get_idx(sites, i)),
				 json_object_array_length(columns));
	/* Two sites have long_stack, and jit_stack is another one in each process. */
	assert_int_equal(length_of(data, "stacks"), 8);
	assert_int_equal(length_of(data, "modules"), 6);
	assert_int_equal(json_object_array_length(json_object_array_get_idx(
				 json_object_array_get_idx(sites, 0), 15)),
			 length_of(data, "verdict_columns"));
	json_object_put(data);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		found++;
	return found;
}

/* Names stay text, in HTML and in the data, whatever is in them. */
static void test_hostile_names(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer plain = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct seep_judgement forged = leak;
	struct json_object *data;
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	render(&fixture, NULL, &plain);
	fixture_init_judged(&fixture);
	fixture.processes[0].comm = "</title><script>alert(2)</script>";
	fixture.snapshot.scope_type = "\"><script>";
	fixture.snapshot.scope_value = "<!--<script>\xe2\x80\xa8\xef\xbf\xbe";
	fixture.snapshot.host_name = "<svg onload=alert(3)>";
	forged.limit = "\"><script>\033";
	forged.pattern = "</script>";
	fixture.sites[0].judgement = &forged;
	render(&fixture, NULL, &buffer);
	assert_int_equal(count(buffer.data, "<script"), count(plain.data, "<script"));
	assert_int_equal(count(buffer.data, "</script"), count(plain.data, "</script"));
	assert_int_equal(count(buffer.data, "<!--"), 0);
	assert_int_equal(count(buffer.data, "<svg"), count(plain.data, "<svg"));
	assert_null(strchr(buffer.data, '\033'));
	assert_null(strstr(buffer.data, "\xe2\x80\xa8"));
	data = data_of(buffer.data);
	assert_string_equal(json_object_get_string(json_object_object_get(
				    json_object_object_get(data, "host"), "name")),
			    "<svg onload=alert(3)>");
	json_object_put(data);
}

/* Words that are none of ours, of a capture: they get into no attribute. */
static void test_forged_words(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct seep_judgement forged = leak;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	forged.severity = "high\" onclick=\"x";
	fixture.sites[0].judgement = &forged;
	fixture.sites[4].judgement = &forged;
	render(&fixture, NULL, &buffer);
	assert_null(strstr(buffer.data, "class=\"card high"));
	assert_int_equal(count(buffer.data, "class=\"card none\""), 2);
	assert_non_null(strstr(buffer.data, "<section id=\"verdict\" class=\"verdict none\""));
}

/* How severe it is matters of a leak only. */
static void test_growth_has_no_severity(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct seep_judgement fast = growth;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	fast.rate = (struct seep_interval){900, 800, 1000};
	fixture.sites[1].judgement = &fast;
	render(&fixture, NULL, &buffer);
	assert_int_equal(count(buffer.data, "class=\"card growth\""), 1);
	assert_non_null(strstr(buffer.data, "<span class=\"badge growth\">growth</span>"));
	assert_non_null(strstr(buffer.data, "<section id=\"growing\"><h2>What also grows</h2>"));
}

/* The answer that was given is the one that is shown; without one it is made by the same rules. */
static void test_answer(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer sentence = SEEP_BUFFER_INIT;
	struct seep_findings findings = {0};
	struct seep_html_options options = live_bytes;
	struct seep_entries entries = {0};
	struct seep_answer answer;
	struct seep_headline headline = {NULL, &answer, &entries, NULL};
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	render(&fixture, NULL, &buffer);
	assert_non_null(strstr(buffer.data, "leaks 427 B/s in 2 places"));
	assert_non_null(strstr(buffer.data, "<section id=\"leaks\"><h2>What leaks</h2>"));
	/* Somebody has suppressed both. */
	headline.snapshot = &fixture.snapshot;
	assert_int_equal(seep_answer_make(&fixture.snapshot, &findings, NULL, &answer), 0);
	seep_headline_append(&sentence, &headline);
	options.answer = &answer;
	seep_buffer_reset(&buffer);
	assert_int_equal(seep_html_render(&fixture.snapshot, NULL, NULL, &options, &buffer), 0);
	assert_non_null(strstr(buffer.data, sentence.data));
	assert_null(strstr(buffer.data, "id=\"leaks\""));
	seep_answer_done(&answer);
}

/* Sites of one function are one card, with the sum of all and a list of them. */
static void test_sites_are_joined(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	fixture.sites[4].judgement = NULL;
	fixture.sites[1] = fixture.sites[0];
	fixture.sites[1].id++;
	render(&fixture, NULL, &buffer);
	assert_int_equal(count(buffer.data, "class=\"card high\""), 1);
	assert_non_null(strstr(buffer.data, "<dt>Grows by</dt><dd>427 B/s</dd>"));
	assert_non_null(strstr(buffer.data, "<summary>Its 2 sites</summary>"));
	assert_int_equal(count(buffer.data, "<li data-site="), 2);
}

/* Of memory only the process has a deadline, and of several processes each that has one. */
static void test_one_deadline(void **state)
{
	static const struct seep_process_judgement grows = {
		.health = "unexplained",
		.coverage = NAN,
		.rate = {51200, 50000, 52000},
		.eta_s = {7200, 7000, 7400},
		.limit = "machine-memory",
		.observed_s = 90,
		.mappings_rate = {NAN, NAN, NAN},
		.mappings_eta_s = {NAN, NAN, NAN},
	};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	fixture.processes[0].judgement = &grows;
	render(&fixture, NULL, &buffer);
	assert_non_null(strstr(buffer.data,
			       "data-head=\"grows by\">50.0 KiB/s</td>"
			       "<td class=\"n\" data-head=\"time left\">2 h 00 min</td>"));
	/* That of the site, 12,000 s, is nowhere. */
	assert_null(strstr(buffer.data, "3 h 20 min"));
}

static void test_failing_series_ends_it(void **state)
{
	const struct seep_html_history history = {.site = give_error};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(seep_html_render(&fixture.snapshot, NULL, &history, &live_bytes, &buffer),
			 -EBADMSG);
}

static void test_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(seep_report_find("html"), &seep_report_html);
}

/* History. */

static void assert_series(const struct seep_html_point *points, size_t num_points, bool by_objects,
			  size_t max, const char *expected)
{
	const struct seep_html_series series = {points, num_points};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	seep_html_series_write(&buffer, &series, by_objects, max);
	assert_string_equal(buffer.data, expected);
}

static void test_short_series_is_whole(void **state)
{
	(void)state;
	assert_series(NULL, 0, false, 30, "[]");
	assert_series(site_points, 3, false, 3, "[1000,1000,10,1000,200,2,28000,-900,-9]");
}

/* Of each part the highest, lowest and last point stay. */
static void test_long_series_keeps_extremes(void **state)
{
	static const uint64_t heights[] = {5, 6, 90, 7, 8, 9, 1, 6, 8, 4, 5, 7};
	struct seep_html_point points[12];

	(void)state;
	for (size_t i = 0; i < 12; i++)
		points[i] = (struct seep_html_point){i * SEEP_NS_PER_S, 12 - i, heights[i]};
	/* Two parts, of six points each: 5 .. 90 .. 9, and 1 .. 8 .. 7. */
	assert_series(points, 12, false, 6,
		      "[0,5,12,2000,85,-2,3000,-81,-3,1000,-8,-1,2000,7,-2,3000,-1,-3]");
	/* By objects: the first is the highest, the last the lowest. */
	assert_series(points, 12, true, 6, "[0,5,12,5000,4,-5,1000,-8,-1,5000,6,-5]");
}

static void test_what_belongs_together(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct seep_judgement fast = growth;
	struct fixture fixture;

	(void)state;
	fixture_init_together(&fixture);
	/* As fast as to be worth a word beside the leaks. */
	fast.rate = (struct seep_interval){30, 28, 32};
	fixture.sites[1].judgement = &fast;
	/* The first of an entry is the one whose evidence is shown. */
	fixture.sites[0].judgement = fixture.sites[5].judgement;
	render(&fixture, NULL, &buffer);
	assert_non_null(strstr(buffer.data, "<ul class=\"callers\">\n<li>2 sites leak below "
					    "buffer_grow (src/buffer.c): 427 B/s together</li>\n"
					    "<li>2 sites grow below worker_loop"));
	assert_non_null(strstr(buffer.data, "<dt>With</dt><dd>1 more below buffer_grow "
					    "(src/buffer.c)</dd>"));
	assert_non_null(strstr(buffer.data,
			       "<dt>Grows together with</dt><dd>open descriptors (0.98), "
			       "buffer_grow (0.95)</dd>"));
}

static void test_go(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	fixture.processes[0].go = &fixture_go;
	render(&fixture, NULL, &buffer);
	assert_non_null(strstr(buffer.data,
			       "Go 1.24.4: heap 12.3 MiB live, 26.1 MiB held, "
			       "collects at 24.0 MiB; limit 64.0 MiB; 12 collections"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_data_shares_frames_and_stacks),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_forged_words),
		cmocka_unit_test(test_growth_has_no_severity),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_sites_are_joined),
		cmocka_unit_test(test_one_deadline),
		cmocka_unit_test(test_failing_series_ends_it),
		cmocka_unit_test(test_found_by_name),
		cmocka_unit_test(test_short_series_is_whole),
		cmocka_unit_test(test_long_series_keeps_extremes),
		cmocka_unit_test(test_what_belongs_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
