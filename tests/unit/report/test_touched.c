// SPDX-License-Identifier: GPL-2.0-only
/* Growth stacks in one sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/touched.h"
#include "watch/touched.h"

static void assert_sentence(const struct touched *touched, const char *expected)
{
	struct seep_buffer text = SEEP_BUFFER_INIT;

	seep_touched_append(&text, &touched->touches);
	assert_int_equal(text.error, 0);
	assert_string_equal(text.data, expected);
	seep_buffer_done(&text);
}

/* memset says nothing, so its caller is named; what a program calls itself is cleaned. */
static void stacks_of_a_function_are_joined(void **state)
{
	struct touched touched;

	(void)state;
	assert_int_equal(touched_init(&touched), 0);
	assert_sentence(&touched, "New memory is first written in: make_session (app.c:41) 70 %, "
				  "par\xef\xbf\xbdse (server) 30 %, of 400 samples in 10.0 s.");
	seep_symbolizer_free(touched.touches.symbolizer);
}

static void the_order_is_that_of_functions(void **state)
{
	struct touched touched;

	(void)state;
	assert_int_equal(touched_init(&touched), 0);
	/* No stack of make_session has as much as that of parse. */
	touched.sites[0].faults = 1100;
	touched.sites[1].faults = 1500;
	touched.sites[2].faults = 1400;
	assert_sentence(&touched, "New memory is first written in: make_session (app.c:41) 62 %, "
				  "par\xef\xbf\xbdse (server) 38 %, of 400 samples in 10.0 s.");
	seep_symbolizer_free(touched.touches.symbolizer);
}

/* If nothing else is in the stack the library has to do. */
static void one_sample_in_a_library(void **state)
{
	struct touched touched;

	(void)state;
	assert_int_equal(touched_init(&touched), 0);
	touched.stacks[0].num_frames = 1;
	touched.touches.num_sites = 1;
	touched.touches.samples = 1;
	touched.touches.faults = touched.sites[0].faults;
	assert_sentence(&touched, "New memory is first written in: memset (libc.so.6) 100 %, of 1 "
				  "sample in 10.0 s.");
	seep_symbolizer_free(touched.touches.symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_of_a_function_are_joined),
		cmocka_unit_test(the_order_is_that_of_functions),
		cmocka_unit_test(one_sample_in_a_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
