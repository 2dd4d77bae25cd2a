// SPDX-License-Identifier: GPL-2.0-only
#include "report/answered.h"
#include "report/golden.h"
#include "verdict/judgement.h"

static const struct seep_report_options ten = {.top = 10};

static const char *const evidence[] = {"what is live grows by 2.00 KiB per second"};

static const struct seep_judgement leak = {
	.class = "leak",
	.pattern = "linear",
	.severity = "high",
	.confidence = 0.9,
	.rate = {2048, 2000, 2100},
	.num_evidence = 1,
	.evidence = evidence,
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
	fixture.sites[0].judgement = &leak;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_no_baseline),
		cmocka_unit_test(test_named_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
