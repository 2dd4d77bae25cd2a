// SPDX-License-Identifier: GPL-2.0-only
/*
 * JUnit XML of verdicts: the golden file, which sites are failed and which are skipped tests, and
 * hostile names, which must stay well-formed XML.
 */
#include "report/answered.h"
#include "report/golden.h"
#include "report/sampled.h"

static const struct seep_report_options ten = {.top = 10};

static void render(const struct fixture *fixture, const struct seep_findings *findings,
		   struct seep_buffer *buffer)
{
	render_junit(&fixture->snapshot, findings, &ten, buffer);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		found++;
	return found;
}

/* By libxml2, which knows nothing of seep. */
static void assert_well_formed(const struct seep_buffer *buffer)
{
	char path[64];
	pid_t child;
	int status;

	snprintf(path, sizeof(path), "/tmp/seep-junit-%d.xml", (int)getpid());
	assert_int_equal(seep_file_write(path, buffer->data, buffer->length), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		execlp("xmllint", "xmllint", "--noout", "--nonet", path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(path);
	assert_int_equal(status, 0);
}

static void test_leaks(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *sites[2], *suppressed[1];
	const struct seep_findings findings = {
		.num = 2, .sites = sites, .num_suppressed = 1, .suppressed = suppressed};
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	fixture.snapshot.totals[SEEP_KIND_FD].traced = true;
	sites[0] = &fixture.sites[0];
	sites[1] = &fixture.sites[4];
	suppressed[0] = &fixture.sites[1];
	render(&fixture, &findings, &buffer);
	assert_well_formed(&buffer);
	golden_assert("report.junit.xml", buffer.data, buffer.length);
}

/* The rate and what is alive are estimates. */
static void test_estimates(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *sites[1];
	const struct seep_findings findings = {.num = 1, .sites = sites};
	struct fixture fixture;

	(void)state;
	fixture_init_sampled(&fixture);
	sites[0] = &fixture.sites[1];
	render(&fixture, &findings, &buffer);
	assert_well_formed(&buffer);
	golden_assert("report.sampled.junit.xml", buffer.data, buffer.length);
}

/* What a baseline knows already fails nothing. */
static void test_known(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *known[1];
	const struct seep_baseline_status statuses[] = {
		{SEEP_BASELINE_KNOWN, SEEP_CLASS_LEAK, {213, 210, 216}}};
	const struct seep_findings findings = {
		.baseline = "release.seep",
		.num_known = 1,
		.known = known,
		.known_statuses = statuses,
	};
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	known[0] = &fixture.sites[0];
	render(&fixture, &findings, &buffer);
	assert_well_formed(&buffer);
	assert_int_equal(
		count(buffer.data, "tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""), 2);
	assert_int_equal(count(buffer.data, "<skipped message=\"known in the baseline: leak"), 1);
	assert_non_null(strstr(buffer.data, "2 of 2 processes do not leak;"));
}

/* Each kind that was traced is a test that has passed. */
static void test_nothing_leaks(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_findings nobody = {0};
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	fixture.snapshot.totals[SEEP_KIND_THREAD].traced = true;
	render(&fixture, &nobody, &buffer);
	assert_well_formed(&buffer);
	assert_int_equal(count(buffer.data, "tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\" "
					    "time=\"30.000\""),
			 2);
	assert_int_equal(count(buffer.data, "<testcase"), 2);
	assert_int_equal(count(buffer.data, "classname=\"seep.memory\" name=\"no leak found\""), 1);
	assert_int_equal(count(buffer.data, "classname=\"seep.thread\" name=\"no leak found\""), 1);
	assert_int_equal(count(buffer.data, "<failure"), 0);
	assert_non_null(strstr(buffer.data, "no leak was found, and one of"));
}

/* Whatever a target is called: XML 1.0 has no control characters, not even as references. */
static void test_hostile_text(void **state)
{
	static char everything[256 + sizeof(EVIL_NAME)];
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_site *sites[1];
	const struct seep_findings findings = {.num = 1, .sites = sites};
	struct fixture fixture;

	(void)state;
	for (int c = 1; c < 256; c++)
		everything[c - 1] = (char)c;
	strcpy(everything + 255, EVIL_NAME);
	fixture_init_judged(&fixture);
	fixture.processes[0].comm = everything;
	fixture.snapshot.scope_value = everything;
	fixture.snapshot.host_name = everything;
	sites[0] = &fixture.sites[4];
	render(&fixture, &findings, &buffer);
	assert_well_formed(&buffer);
	assert_null(strstr(buffer.data, "<script"));
	for (size_t i = 0; i < buffer.length; i++)
		assert_true((unsigned char)buffer.data[i] >= ' ' || buffer.data[i] == '\n');
}

/* Sites that look alike are tests of different names; and they are not without number. */
static void test_many(void **state)
{
	static const struct seep_site *sites[SEEP_JUNIT_MAX_SITES + 5];
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_findings findings = {.num = SEEP_JUNIT_MAX_SITES + 5, .sites = sites};
	struct fixture fixture;

	(void)state;
	fixture_init_judged(&fixture);
	for (size_t i = 0; i < findings.num; i++)
		sites[i] = &fixture.sites[0];
	render(&fixture, &findings, &buffer);
	assert_well_formed(&buffer);
	assert_int_equal(count(buffer.data, "<testcase"), SEEP_JUNIT_MAX_SITES + 1);
	assert_int_equal(count(buffer.data, "tests=\"1001\" failures=\"1001\""), 2);
	assert_int_equal(count(buffer.data, "in server\" time"), 1);
	assert_int_equal(count(buffer.data, "in server #2\" time"), 1);
	assert_int_equal(count(buffer.data, "in server #1000\" time"), 1);
	assert_int_equal(count(buffer.data, "message=\"5 more\""), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaks),	      cmocka_unit_test(test_known),
		cmocka_unit_test(test_nothing_leaks), cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_many),	      cmocka_unit_test(test_estimates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
