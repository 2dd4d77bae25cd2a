// SPDX-License-Identifier: GPL-2.0-only
/* The text of a verdict: against a baseline, what is named once, and what is an estimate. */
#include "report/answered.h"
#include "report/golden.h"
#include "report/sampled.h"

static const struct seep_report_options ten = {.top = 10};

static const char *const fast_evidence[] = {"what is live grows by 2.00 KiB per second"};

static const struct seep_judgement fast = {
	.class = "leak",
	.pattern = "linear",
	.severity = "high",
	.confidence = 0.9,
	.rate = {2048, 2000, 2100},
	.num_evidence = 1,
	.evidence = fast_evidence,
};

static const struct seep_judgement slow = {
	.class = "leak",
	.pattern = "linear",
	.severity = "low",
	.confidence = 0.8,
	.rate = {0.5, 0.4, 0.6},
};

static const struct seep_judgement of_threads = {
	.class = "growth",
	.pattern = "linear",
	.confidence = 0.8,
	.rate = {0.25, 0.2, 0.3},
};

/* Sites that are new, worse and known, one of them of a kind that is counted. */
static void test_baseline(void **state)
{
	struct fixture fixture;
	const struct seep_site *sites[] = {&fixture.sites[0], &fixture.sites[2]};
	const struct seep_site *known[] = {&fixture.sites[1], &fixture.sites[7]};
	const struct seep_site *suppressed[] = {&fixture.sites[3]};
	const struct seep_baseline_status statuses[] = {
		{SEEP_BASELINE_WORSE, SEEP_CLASS_LEAK, {1024, 1000, 1050}},
		{SEEP_BASELINE_NEW, SEEP_CLASS_UNKNOWN, SEEP_INTERVAL_UNKNOWN},
	};
	const struct seep_baseline_status known_statuses[] = {
		{SEEP_BASELINE_KNOWN, SEEP_CLASS_LEAK, {0.5, 0.4, 0.6}},
		{SEEP_BASELINE_KNOWN, SEEP_CLASS_GROWTH, SEEP_INTERVAL_UNKNOWN},
	};
	const struct seep_findings findings = {
		.num = 2,
		.sites = sites,
		.num_suppressed = 1,
		.suppressed = suppressed,
		.baseline = "release\033[31m.seep",
		.statuses = statuses,
		.num_known = 2,
		.known = known,
		.known_statuses = known_statuses,
	};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].judgement = &fast;
	fixture.sites[1].judgement = &slow;
	fixture.sites[2].judgement = &slow;
	fixture.sites[7].judgement = &of_threads;
	fixture.sites[7].kind = SEEP_KIND_THREAD;
	render_verdict(&fixture.snapshot, &findings, &ten, &buffer);
	golden_assert("verdict.baseline.txt", buffer.data, buffer.length);
}

static void test_no_baseline(void **state)
{
	const struct seep_findings findings = {0};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	render_verdict(&fixture.snapshot, &findings, &ten, &buffer);
	assert_non_null(
		strstr(buffer.data, "server (PID 1234): no leak was found, and one of more than "));
	assert_null(strstr(buffer.data, "Compared with"));
}

/* The headline names what grows, and the list of what else grows does not repeat it. */
static void test_named_once(void **state)
{
	static const struct seep_judgement growing = {.class = "growth",
						      .pattern = "linear",
						      .confidence = 0.95,
						      .rate = {2e6, 1e6, 3e6}};
	static const struct seep_judgement slower = {.class = "growth",
						     .pattern = "linear",
						     .confidence = 0.95,
						     .rate = {1e6, 9e5, 2e6}};
	const struct seep_findings findings = {0};
	SEEP_AUTO_BUFFER struct seep_buffer alone = SEEP_BUFFER_INIT, both = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.sites[0].judgement = &growing;
	render_verdict(&fixture.snapshot, &findings, &ten, &alone);
	assert_non_null(strstr(alone.data, "server (PID 1234) grows by "));
	assert_null(strstr(alone.data, "Also growing"));
	fixture.sites[1].judgement = &slower;
	render_verdict(&fixture.snapshot, &findings, &ten, &both);
	assert_non_null(strstr(both.data, "Also growing, and not certain to leak: "));
	assert_null(strstr(strstr(both.data, "Also growing"), "buffer_grow"));
}

/* One process leaks, and that is an estimate; the other one is traced in full. */
static void test_estimates(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *sites[1];
	const struct seep_findings findings = {.num = 1, .sites = sites};
	struct fixture fixture;

	(void)state;
	fixture_init_sampled(&fixture);
	sites[0] = &fixture.sites[1];
	render_verdict(&fixture.snapshot, &findings, &ten, &buffer);
	golden_assert("verdict.sampled.txt", buffer.data, buffer.length);
}

/* One alone: the first sentence says that its numbers are not exact. */
static void test_headlines_of_estimates(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer leaking = SEEP_BUFFER_INIT, ended = SEEP_BUFFER_INIT;
	const struct seep_findings nobody = {0};
	const struct seep_site *sites[1];
	const struct seep_findings findings = {.num = 1, .sites = sites};
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	fixture.processes[0].sampled = true;
	fixture.sites[0].sampling = &leak_sampling;
	fixture.sites[0].judgement = &leak;
	fixture_sum(&fixture);
	sites[0] = &fixture.sites[0];
	render_verdict(&fixture.snapshot, &findings, &ten, &leaking);
	assert_non_null(
		strstr(leaking.data, "server (PID 1234) leaks about 213 B/s in buffer_grow; "));
	fixture.processes[0].exited = true;
	fixture.snapshot.num_sites = 0;
	fixture_sum(&fixture);
	render_verdict(&fixture.snapshot, &nobody, &ten, &ended);
	assert_non_null(strstr(ended.data, "had released all that was seen being allocated"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_no_baseline),
		cmocka_unit_test(test_named_once),
		cmocka_unit_test(test_estimates),
		cmocka_unit_test(test_headlines_of_estimates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
