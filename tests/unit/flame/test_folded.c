// SPDX-License-Identifier: GPL-2.0-only
#include "flame/flame.h"
#include "report/fixture.h"
#include "report/fold.h"
#include "report/golden.h"

static const struct seep_report_options live_bytes = {.metric = SEEP_METRIC_LIVE_BYTES};
static const struct seep_report_options alloc_objects = {.metric = SEEP_METRIC_ALLOC_OBJECTS};

static void test_golden(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	golden_assert_report("report.folded", &seep_report_folded, &fixture.snapshot, &live_bytes);
	golden_assert_report("report.allocs.folded", &seep_report_folded, &fixture.snapshot,
			     &alloc_objects);
	fixture_init_two(&fixture);
	golden_assert_report("report.two.folded", &seep_report_folded, &fixture.snapshot,
			     &live_bytes);
}

static void test_same_path_is_one_line(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture);
	assert_int_equal(seep_report_folded.render(&fixture.snapshot, NULL, &live_bytes, &buffer),
			 0);
	/* 6553600 of one line of buffer_grow, 3000 of another */
	assert_non_null(
		strstr(buffer.data, ";handle_request;buffer_grow;xmalloc;malloc 6556600\n"));
}

static void test_code_of_no_file(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_jit(&fixture);
	assert_int_equal(seep_report_folded.render(&fixture.snapshot, NULL, &live_bytes, &buffer),
			 0);
	assert_non_null(strstr(buffer.data, ";[partial: jit];~render view.js:7;malloc 3000\n"));
	assert_non_null(strstr(buffer.data, ";[partial: jit];0x7f0012345678;malloc 2000\n"));
}

static void test_nothing(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct fixture fixture;

	(void)state;
	fixture_init_empty(&fixture);
	assert_int_equal(seep_report_folded.render(&fixture.snapshot, NULL, &live_bytes, &buffer),
			 0);
	assert_int_equal(buffer.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_same_path_is_one_line),
		cmocka_unit_test(test_code_of_no_file),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
