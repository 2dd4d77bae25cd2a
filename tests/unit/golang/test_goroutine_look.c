// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golang/goroutine_look.h"

/* What each status of a goroutine (runtime2.go) stands for. */
static void each_status_is_told(void **state)
{
	static const struct {
		const char *word; /* as a report has it; NULL: it is not alive */
		bool stands;
	} known[] = {
		{NULL, false}, /* idle */
		{"runnable", false},  {"running", false}, {"syscall", true},
		{"waiting", true},    {NULL, false},			 /* unused */
		{NULL, false},						 /* dead */
		{NULL, false},						 /* enqueue, unused */
		{"running", false},					 /* copystack */
		{"preempted", false}, {"leaked", true},	  {NULL, false}, /* dead, extra */
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct seep_go_look look = {
			.id = 1,
			.status = i,
			.stack_low = 4096,
			.frame = {.sp = 5000, .limit = 8192},
		};
		struct seep_goroutine goroutine = {.state = (uint8_t)seep_go_look_state(&look)};
		const struct seep_go go = {.num_reasons = 0};
		const char *reason;

		assert_false(seep_go_look_is_odd(&look));
		assert_int_equal(seep_go_look_is_alive(&look), known[i].word != NULL);
		assert_int_equal(seep_go_look_stands(&look), known[i].stands);
		if (!known[i].word)
			continue;
		assert_string_equal(seep_goroutine_state(&go, &goroutine, &reason), known[i].word);
		assert_string_equal(reason, "");
	}
}

static void what_cannot_be_is_odd(void **state)
{
	const struct seep_go_look good = {
		.id = 1,
		.status = 4,
		.stack_low = 4096,
		.frame = {.sp = 5000, .limit = 8192},
	};
	struct seep_go_look look = good;

	(void)state;
	assert_false(seep_go_look_is_odd(&look));
	look.status = 12;
	assert_true(seep_go_look_is_odd(&look));
	look = good;
	look.id = 0;
	assert_true(seep_go_look_is_odd(&look));
	look = good;
	look.stack_low = look.frame.limit;
	assert_true(seep_go_look_is_odd(&look));
	look = good;
	look.frame.sp = 4088;
	assert_true(seep_go_look_is_odd(&look));
	look.frame.sp = 8200;
	assert_true(seep_go_look_is_odd(&look));
	/* Where one that runs was is not where it is. */
	look.status = 2;
	assert_false(seep_go_look_is_odd(&look));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_is_told),
		cmocka_unit_test(what_cannot_be_is_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
