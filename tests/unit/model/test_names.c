// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/snapshot.h"

/* Keys are fields in JSON and labels in metrics. */
static bool is_key(const char *text, char separator)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_-");

	return length > 0 && text[length] == '\0' && !strchr(text, separator == '_' ? '-' : '_');
}

static void every_loss_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++) {
		assert_true(is_key(seep_loss_key(i), '_'));
		assert_true(strlen(seep_loss_text(i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seep_loss_key(i), seep_loss_key(j));
	}
	assert_string_equal(seep_loss_key(SEEP_LOSS_RING_FULL), "ring_full");
}

static void every_end_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_END_COUNT; i++) {
		assert_true(is_key(seep_end_key(i), '_'));
		assert_true(strlen(seep_end_text(i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seep_end_key(i), seep_end_key(j));
	}
	assert_string_equal(seep_end_key(SEEP_END_READ), "read_error");
}

static void kinds_are_those_of_the_interface(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_KIND_COUNT; i++)
		assert_non_null(seep_kind_key(i));
	assert_string_equal(seep_kind_key(SEEP_KIND_MEMORY), "memory");
}

static void metrics_are_those_of_the_command_line(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_METRIC_COUNT; i++)
		assert_true(is_key(seep_metric_key(i), '-'));
	assert_string_equal(seep_metric_key(SEEP_METRIC_LIVE_BYTES), "live-bytes");
	assert_string_equal(seep_metric_key(SEEP_METRIC_LIVE_OBJECTS), "live-objects");
	assert_string_equal(seep_metric_key(SEEP_METRIC_ALLOC_BYTES), "alloc-bytes");
	assert_string_equal(seep_metric_key(SEEP_METRIC_ALLOC_OBJECTS), "alloc-objects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_loss_has_a_name_of_its_own),
		cmocka_unit_test(every_end_has_a_name_of_its_own),
		cmocka_unit_test(kinds_are_those_of_the_interface),
		cmocka_unit_test(metrics_are_those_of_the_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
