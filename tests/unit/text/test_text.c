// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text report against golden files: plain, in colour, verbose, of several processes; widths,
 * unknown numbers, hostile names.
 */
#include "report/answered.h"
#include "report/fixture.h"
#include "report/go_figures.h"
#include "report/golden.h"
#include "report/sampled.h"

#include "base/text.h"
#include "flame/flame.h"
#include "formats/formats.h"
#include "text/layout.h"
#include "text/text.h"

static const struct seep_report_options ten = {.top = 10};
static const struct seep_report_options two = {.top = 2};
static const struct seep_report_options color = {.top = 3, .color = true};
static const struct seep_report_options verbose = {.top = SIZE_MAX, .verbose = true};

static void assert_narrow(const struct seep_snapshot *snapshot,
			  const struct seep_report_options *options)
{
	size_t columns = options->columns ? options->columns : SEEP_LAYOUT_COLUMNS;
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	char *rest = NULL;

	assert_int_equal(seep_report_text.render(snapshot, NULL, options, &buffer), 0);
	for (char *line = strtok_r(buffer.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (seep_text_columns(line) > columns)
			fail_msg("wider than %zu columns: %s", columns, line);
	}
}

static void test_everything(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	golden_assert_report("report.txt", &seep_report_text, &fixture.snapshot, &ten);
	golden_assert_report("report.color.txt", &seep_report_text, &fixture.snapshot, &color);
	golden_assert_report("report.verbose.txt", &seep_report_text, &fixture.snapshot, &verbose);
}

/* The widths of terminals, and the bounds of them. */
static void test_widths(void **state)
{
	static const size_t widths[] = {60, 80, 132, 200};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		const struct seep_report_options options = {.top = 10, .columns = widths[i]};
		const struct seep_report_options whole = {
			.top = 10,
			.columns = widths[i],
			.verbose = true,
		};

		assert_narrow(&fixture.snapshot, &options);
		assert_narrow(&fixture.snapshot, &whole);
	}
}

static void test_several_processes(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	golden_assert_report("report.two.txt", &seep_report_text, &fixture.snapshot, &two);
}

/* A process that is traced in windows beside one that is not. */
static void test_estimates(void **state)
{
	static const size_t widths[] = {80, 100, 160};
	const struct seep_report_options wide = {.top = 10, .columns = 160};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_sampled(&fixture);
	golden_assert_report("report.sampled.txt", &seep_report_text, &fixture.snapshot, &two);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		const struct seep_report_options options = {.top = 10, .columns = widths[i]};

		assert_narrow(&fixture.snapshot, &options);
	}
	/* With another kind beside it, whose numbers are exact. */
	fixture.snapshot.totals[SEEP_KIND_FD].traced = true;
	fixture.sites[5].kind = SEEP_KIND_FD;
	fixture.sites[5].sampling = NULL;
	fixture_sum(&fixture);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &wide, &buffer), 0);
	assert_non_null(strstr(buffer.data, "  memory    ~6.73 MiB in ~4,223 objects, "));
	assert_non_null(strstr(buffer.data, "; ~24,276 made, ~20,053 released\n"));
	assert_non_null(strstr(buffer.data, "  fd        3 descriptors, "));
}

/* How a process is traced is told where it matters. */
static void test_modes(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer alone = SEEP_BUFFER_INIT, both = SEEP_BUFFER_INIT;
	struct fixture fixture;
	struct seep_process *process = &fixture.processes[0];

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &alone), 0);
	assert_null(strstr(alone.data, "  mode "));
	seep_buffer_reset(&alone);
	process->probes_cpu_pct = 12.345;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &alone), 0);
	assert_non_null(strstr(alone.data,
			       "\n  mode      traced in full, the probes take 12.3 % of "
			       "its CPU time\n"));
	seep_buffer_reset(&alone);
	process->sampled = true;
	process->seen_share = 0.00004;
	process->probes_cpu_pct = NAN;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &alone), 0);
	assert_non_null(strstr(alone.data,
			       "\n  mode      traced in windows for a time, in full now, "
			       "< 0.01 % of its calls seen\n"));
	fixture_init_two(&fixture);
	fixture.processes[1].mode = SEEP_TRACING_WINDOWS;
	fixture.processes[1].seen_share = NAN;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &both), 0);
	assert_non_null(strstr(both.data, " (PID 1240): traced in windows\n"));
}

static void assert_header_has(const struct seep_snapshot *snapshot, const char *text)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	assert_int_equal(seep_report_text.render(snapshot, NULL, &ten, &buffer), 0);
	assert_non_null(strstr(buffer.data, text));
}

/* What happened since a moment: one site has grown, another one shrunk. */
static void test_since(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	fixture.snapshot.since_ns = 10 * SEEP_NS_PER_S;
	fixture.snapshot.num_sites = 3;
	fixture.sites[0].live_bytes_change = (int64_t)fixture.sites[0].live_bytes;
	fixture.sites[0].live_objects_change = (int64_t)fixture.sites[0].live_objects;
	fixture.sites[1].live_bytes_change = (int64_t)fixture.sites[1].live_bytes;
	fixture.sites[2].live_bytes = 0;
	fixture.sites[2].live_objects = 0;
	fixture.sites[2].live_bytes_change = -100000;
	fixture_sum(&fixture);
	golden_assert_report("report.since.txt", &seep_report_text, &fixture.snapshot, &two);
	fixture.snapshot.num_sites = 0;
	fixture_sum(&fixture);
	assert_header_has(&fixture.snapshot, "\nNo site grew.\n");
}

static void test_place_of_a_process(void **state)
{
	struct fixture fixture;
	struct seep_process *process = &fixture.processes[0];

	(void)state;
	fixture_init_empty(&fixture);
	assert_header_has(&fixture.snapshot, "PID 1234 (server), 30.0 s");
	process->inner_pid = 1;
	assert_header_has(&fixture.snapshot, "PID 1234 (server, PID 1 in its own namespace), ");
	process->container = "web\033[2J";
	assert_header_has(&fixture.snapshot, "(server, PID 1 in container web\xef\xbf\xbd[2J), ");
	process->inner_pid = 0;
	process->container = "deadbeefdeadbeef";
	assert_header_has(&fixture.snapshot, "(server, in container deadbeefdeadbeef), ");
}

static void test_code_of_no_file(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_jit(&fixture);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &buffer), 0);
	assert_non_null(strstr(buffer.data, "    ~render view.js:7  [jit]\n"));
	assert_non_null(strstr(buffer.data, "    0x7f0012345678  code of no file\n"));
}

static void test_first_report_has_no_change(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.snapshot.seq = 1;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &buffer), 0);
	assert_null(strstr(buffer.data, "since the last report"));
	assert_null(strstr(buffer.data, "+2.08 KiB"));
}

static void test_long_stack_is_cut(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	uint64_t frames[41] = {F_MALLOC};
	const struct seep_stack stack = STACK(frames, COMPLETE);
	struct fixture fixture;

	(void)state;
	for (size_t i = 1; i < 41; i++)
		frames[i] = i % 2 ? F_PARSE : F_LOOP;
	fixture_init(&fixture);
	fixture.sites[0].stack = &stack;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &two, &buffer), 0);
	assert_non_null(strstr(buffer.data, "\n    ... 17 more frames\n"));

	seep_buffer_reset(&buffer);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &verbose, &buffer), 0);
	assert_null(strstr(buffer.data, "more frames"));
}

static void test_empty(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	golden_assert_report("report.empty.txt", &seep_report_text, &fixture.snapshot, &ten);

	fixture.snapshot.totals[SEEP_KIND_MEMORY].counts =
		(struct seep_counts){1000, 1000, 64000, 64000};
	golden_assert_report("report.released.txt", &seep_report_text, &fixture.snapshot, &ten);
}

static void test_filters(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	fixture.snapshot.totals[SEEP_KIND_MEMORY].counts =
		(struct seep_counts){1000, 10, 64000, 640};
	fixture.snapshot.min_age_ns = 30 * SEEP_NS_PER_S;
	fixture.snapshot.min_size_bytes = 16;
	fixture.snapshot.max_size_bytes = 1 << 20;
	golden_assert_report("report.filters.txt", &seep_report_text, &fixture.snapshot, &ten);
}

static void test_unknown_is_not_zero(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	fixture.processes[0].rss_bytes = SEEP_UNKNOWN;
	fixture.processes[0].pre_attach_bytes = SEEP_UNKNOWN;
	fixture.snapshot.overhead = (struct seep_overhead){
		.events_per_s = (double)NAN,
		.bpf_ns_per_event = SEEP_UNKNOWN,
		.probe_ns_per_event = SEEP_UNKNOWN,
		.target_cpu_pct = (double)NAN,
		.seep_cpu_pct = (double)NAN,
		.seep_rss_bytes = SEEP_UNKNOWN,
		.map_bytes = SEEP_UNKNOWN,
	};
	golden_assert_report("report.unknown.txt", &seep_report_text, &fixture.snapshot, &ten);
}

/* The widest of everything at once. */
static void test_width(void **state)
{
	static char long_word[5000];
	struct fixture fixture;

	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	fixture_init_two(&fixture);
	fixture.snapshot.scope_value = long_word;
	fixture.snapshot.final = false;
	fixture.snapshot.seq = UINT64_MAX;
	fixture.processes[0].comm = long_word;
	fixture.processes[0].pid = INT32_MAX;
	fixture.processes[0].totals[SEEP_KIND_MEMORY].live_bytes = UINT64_MAX - 1;
	fixture.processes[0].totals[SEEP_KIND_MEMORY].live_objects = UINT64_MAX - 1;
	fixture.sites[0].live_objects = UINT64_MAX - 1;
	fixture.sites[0].live_bytes = UINT64_MAX - 1;
	fixture.sites[0].live_bytes_change = INT64_MIN;
	fixture.sites[0].oldest_ns = UINT64_MAX - 1;
	fixture.snapshot.overhead.events_per_s = 1e14;
	fixture.snapshot.overhead.target_cpu_pct = 1e14;
	for (size_t i = 0; i < SEEP_LOSS_COUNT; i++)
		fixture.snapshot.losses[i] = UINT64_MAX;
	for (size_t i = 0; i < SEEP_END_COUNT; i++)
		fixture.snapshot.ends[i] = 1 + i;
	assert_narrow(&fixture.snapshot, &ten);
	assert_narrow(&fixture.snapshot, &verbose);
}

static void test_losses_expected_only_if_all_are_late(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_two(&fixture);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &buffer), 0);
	assert_null(strstr(buffer.data, "(expected)"));
	assert_non_null(strstr(buffer.data, seep_loss_text(SEEP_LOSS_UNMATCHED_FREES)));

	seep_buffer_reset(&buffer);
	fixture.processes[1].attached_late = true;
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &buffer), 0);
	assert_non_null(
		strstr(buffer.data, "releases of blocks from before the trace began (expected)"));
}

static void test_what_belongs_together(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_together(&fixture);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &ten, &buffer), 0);
	assert_non_null(strstr(buffer.data, "\n\n2 sites leak below buffer_grow (src/buffer.c): "
					    "427 B/s together.\n"));
	assert_non_null(strstr(buffer.data, "\n2 sites grow below worker_loop (src/server.c:131): "
					    "213 B/s together.\n\n#1 "));
	/* Two facts are enough for most readers. */
	assert_null(strstr(buffer.data, "it grows together with"));
	seep_buffer_reset(&buffer);
	assert_int_equal(seep_report_text.render(&fixture.snapshot, NULL, &verbose, &buffer), 0);
	assert_non_null(strstr(buffer.data,
			       "    - it grows together with: open descriptors (0.98), "
			       "buffer_grow (0.95)\n"));
	assert_narrow(&fixture.snapshot, &ten);
	assert_narrow(&fixture.snapshot, &verbose);
}

/* Of those that are accused only. */
static void test_verdict(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *sites[2];
	const struct seep_findings findings = {.sites = sites, .num = 2};
	struct fixture fixture;

	(void)state;
	fixture_init_together(&fixture);
	sites[0] = &fixture.sites[5];
	sites[1] = &fixture.sites[0];
	render_verdict(&fixture.snapshot, &findings, &ten, &buffer);
	assert_non_null(strstr(buffer.data, "server (PID 1234) leaks 427 B/s in buffer_grow; "));
	/* That they are of one function is said in the one entry that they have. */
	assert_null(strstr(buffer.data, "together."));
	assert_non_null(strstr(buffer.data, "\n    and 1 more site of this function; all of them "
					    "grow by 427 B/s and hold "));
	assert_null(strstr(buffer.data, "worker_loop (src"));
	assert_non_null(strstr(buffer.data, "\nAll sites: 3 leak, 1 growth, 5 not judged.\n"));
	/* What changed since the last look, a moment ago, tells nothing. */
	assert_null(strstr(buffer.data, "unchanged"));

	/* Two functions below one. */
	seep_buffer_reset(&buffer);
	sites[0] = &fixture.sites[1];
	sites[1] = &fixture.sites[2];
	render_verdict(&fixture.snapshot, &findings, &ten, &buffer);
	assert_non_null(strstr(buffer.data,
			       "\n\n2 sites grow below worker_loop (src/server.c:131): "
			       "213 B/s together.\n\n#1  "));
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(seep_report_find("text"), &seep_report_text);
	assert_ptr_equal(seep_report_find("flamegraph"), &seep_report_flamegraph);
	assert_null(seep_report_find("xml"));
}

/* Of several processes each has its name before it; one that has ended says nothing any more. */
static void test_go(void **state)
{
	const struct seep_report_options narrow = {.top = 1, .columns = 80};
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	fixture.processes[0].go = &fixture_go;
	golden_assert_report("report.go.txt", &seep_report_text, &fixture.snapshot, &narrow);
	fixture_init_two(&fixture);
	fixture.processes[0].go = &fixture_go;
	fixture.processes[1].go = &fixture_go;
	golden_assert_report("report.go_two.txt", &seep_report_text, &fixture.snapshot, &narrow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_several_processes),
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_place_of_a_process),
		cmocka_unit_test(test_code_of_no_file),
		cmocka_unit_test(test_first_report_has_no_change),
		cmocka_unit_test(test_long_stack_is_cut),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_unknown_is_not_zero),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_losses_expected_only_if_all_are_late),
		cmocka_unit_test(test_what_belongs_together),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
