// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golang/layout.h"
#include "golang/program.h"
#include "golang/wait_reasons.h"

static void versions_are_told_by_their_number(void **state)
{
	(void)state;
	assert_int_equal(seep_go_version_minor("go1.19.8"), 19);
	assert_int_equal(seep_go_version_minor("go1.27"), 27);
	assert_int_equal(seep_go_version_minor("go1.26.1 X:greenteagc"), 26);
	assert_int_equal(seep_go_version_minor("devel go1.25-a1b2c3 Mon"), 25);
	assert_int_equal(seep_go_version_minor(""), 0);
	assert_int_equal(seep_go_version_minor("go1."), 0);
	assert_int_equal(seep_go_version_minor("go2.1"), 0);
	assert_int_equal(seep_go_version_minor("go1.99999999999999999999"), 0);
}

/* As debug information of programs has it (facts of the runtime's sources). */
static void layouts_are_those_of_their_version(void **state)
{
	static const struct {
		unsigned int minor;
		unsigned int status, gopc, labels;
	} known[] = {
		{18, 144, 296, 360}, {19, 144, 296, 360}, {20, 144, 296, 360}, {21, 144, 280, 344},
		{22, 144, 280, 344}, {23, 152, 288, 352}, {24, 152, 288, 352}, {25, 144, 280, 344},
		{26, 144, 288, 352}, {27, 144, 288, 352},
	};
	struct seep_go_layout layout;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(seep_go_layout_of_version(known[i].minor, &layout));
		assert_int_equal(layout.offsets[SEEP_GO_G_STATUS], known[i].status);
		assert_int_equal(layout.offsets[SEEP_GO_G_GOPC], known[i].gopc);
		assert_int_equal(layout.offsets[SEEP_GO_G_LABELS], known[i].labels);
		/* All that is read of a goroutine ends with the labels. */
		for (int field = 0; field < SEEP_GO_HEAP_TINY; field++)
			assert_true(layout.offsets[field] <= known[i].labels);
	}
	assert_true(seep_go_layout_of_version(20, &layout));
	assert_int_equal(layout.offsets[SEEP_GO_GC_HEAP], 248);
	assert_int_equal(layout.offsets[SEEP_GO_MSPAN_COUNT], 96);
	assert_false(seep_go_layout_of_version(17, &layout));
	assert_false(seep_go_layout_of_version(28, &layout));
	assert_false(seep_go_layout_of_version(0, &layout));
}

static void reasons_are_those_of_their_version(void **state)
{
	(void)state;
	/* The same number is another reason in another version. */
	assert_string_equal(seep_go_wait_reason(19, 14), "chan receive");
	assert_string_equal(seep_go_wait_reason(27, 0), "");
	for (unsigned int minor = 19; minor <= 27; minor++) {
		bool has_receive = false;

		for (unsigned int i = 0; seep_go_wait_reason(minor, i); i++)
			has_receive |= strcmp(seep_go_wait_reason(minor, i), "chan receive") == 0;
		assert_int_equal(has_receive, minor != 20);
	}
	assert_null(seep_go_wait_reason(27, 1000));
	assert_null(seep_go_wait_reason(28, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_told_by_their_number),
		cmocka_unit_test(layouts_are_those_of_their_version),
		cmocka_unit_test(reasons_are_those_of_their_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
