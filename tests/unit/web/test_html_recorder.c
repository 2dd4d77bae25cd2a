// SPDX-License-Identifier: GPL-2.0-only
/* The history of a running trace: what is kept of it, and that it stays within its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/units.h"
#include "web/html_recorder.h"

#define SECONDS(n) ((uint64_t)(n) * SEEP_NS_PER_S)

/* A process with two sites; what they have is set by each test. */
struct trace {
	struct seep_process process;
	struct seep_site sites[2];
	struct seep_snapshot snapshot;
	struct seep_html_recorder *recorder;
};

static void begin(struct trace *trace)
{
	memset(trace, 0, sizeof(*trace));
	trace->process = (struct seep_process){.id = 7, .rss_bytes = 100};
	for (size_t i = 0; i < 2; i++)
		trace->sites[i] = (struct seep_site){.id = 11 + i, .process = &trace->process};
	trace->snapshot.num_processes = 1;
	trace->snapshot.processes = &trace->process;
	trace->snapshot.num_sites = 2;
	trace->snapshot.sites = trace->sites;
	trace->snapshot.totals[SEEP_KIND_MEMORY].traced = true;
	assert_int_equal(seep_html_recorder_new(&trace->recorder), 0);
}

static void add(struct trace *trace, uint64_t elapsed_ns)
{
	trace->snapshot.elapsed_ns = elapsed_ns;
	assert_int_equal(seep_html_recorder_add(trace->recorder, &trace->snapshot), 0);
}

static struct seep_html_series series_of(const struct trace *trace, const struct seep_site *site)
{
	const struct seep_html_history *history = seep_html_recorder_history(trace->recorder);
	struct seep_html_series series;

	assert_int_equal(history->site(history->context, site, &series), 0);
	return series;
}

/* What repeats itself needs no point: a value holds until the next one. */
static void test_changes_are_kept(void **state)
{
	const struct seep_html_history *history;
	struct seep_html_series series;
	struct trace trace;

	(void)state;
	begin(&trace);
	for (unsigned int i = 1; i <= 4; i++) {
		trace.sites[0].live_bytes = 10 * i;
		trace.sites[1].live_bytes = 5;
		trace.snapshot.totals[SEEP_KIND_MEMORY].live_bytes = 10 * i + 5;
		trace.process.rss_bytes = i == 4 ? 300 : 200;
		add(&trace, SECONDS(i));
	}
	series = series_of(&trace, &trace.sites[0]);
	assert_int_equal(series.num_points, 4);
	assert_int_equal(series.points[2].elapsed_ns, SECONDS(3));
	assert_int_equal(series.points[2].live_bytes, 30);
	assert_int_equal(series_of(&trace, &trace.sites[1]).num_points, 1);
	history = seep_html_recorder_history(trace.recorder);
	assert_int_equal(history->totals[SEEP_KIND_MEMORY].num_points, 4);
	assert_int_equal(history->totals[SEEP_KIND_FD].num_points, 0);
	assert_int_equal(history->resident[0].num_points, 2);
	assert_int_equal(history->resident[0].points[1].live_bytes, 300);
	seep_html_recorder_free(trace.recorder);
}

/* However long it takes; the first and the last moment are there, and time goes forward evenly. */
static void test_long_trace_is_bounded(void **state)
{
	const unsigned int moments = 100000;
	struct seep_html_series series;
	uint64_t widest = 0;
	struct trace trace;

	(void)state;
	begin(&trace);
	for (unsigned int i = 1; i <= moments; i++) {
		trace.sites[0].live_bytes = i;
		add(&trace, SECONDS(i));
	}
	series = series_of(&trace, &trace.sites[0]);
	assert_in_range(series.num_points, SEEP_HTML_RECORDED_POINTS / 4,
			SEEP_HTML_RECORDED_POINTS);
	for (size_t i = 1; i < series.num_points; i++) {
		uint64_t distance = series.points[i].elapsed_ns - series.points[i - 1].elapsed_ns;

		assert_true(series.points[i].elapsed_ns > series.points[i - 1].elapsed_ns);
		widest = distance > widest ? distance : widest;
	}
	assert_true(widest <= SECONDS(moments) / (SEEP_HTML_RECORDED_POINTS / 4));
	assert_true(series.points[0].elapsed_ns <= widest);
	assert_int_equal(series.points[series.num_points - 1].elapsed_ns, SECONDS(moments));
	assert_int_equal(series.points[series.num_points - 1].live_bytes, moments);
	seep_html_recorder_free(trace.recorder);
}

/* A site of the same id in another process, or of another kind, is another one. */
static void test_what_is_gone_is_forgotten(void **state)
{
	struct seep_process other = {.id = 8, .rss_bytes = SEEP_UNKNOWN};
	struct seep_site foreign, mapping;
	struct trace trace;

	(void)state;
	begin(&trace);
	trace.sites[0].live_bytes = 1;
	add(&trace, SECONDS(1));
	foreign = mapping = trace.sites[0];
	foreign.process = &other;
	mapping.kind = SEEP_KIND_MAPPING;
	assert_int_equal(series_of(&trace, &trace.sites[0]).num_points, 1);
	assert_int_equal(series_of(&trace, &foreign).num_points, 0);
	assert_int_equal(series_of(&trace, &mapping).num_points, 0);
	trace.snapshot.sites = &trace.sites[1];
	trace.snapshot.num_sites = 1;
	trace.process.exited = true;
	add(&trace, SECONDS(2));
	assert_int_equal(series_of(&trace, &trace.sites[0]).num_points, 0);
	assert_int_equal(series_of(&trace, &trace.sites[1]).num_points, 1);
	assert_int_equal(
		seep_html_recorder_history(trace.recorder)->resident[0].points[1].live_bytes, 0);
	seep_html_recorder_free(trace.recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_are_kept),
		cmocka_unit_test(test_long_trace_is_bounded),
		cmocka_unit_test(test_what_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
