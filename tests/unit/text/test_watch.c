// SPDX-License-Identifier: GPL-2.0-only
/*
 * What seep watch shows, 80 columns wide: the whole text of a view, and what changes with its
 * parts. The views are those of tests/unit/watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "text/watch.h"
#include "watch/touched.h"
#include "watch/viewed.h"

static const struct seep_report_options options = {.top = 10, .columns = 80};

static void everything_in_its_place(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_string_equal(
		text.data,
		"2027-01-15T08:00:00.123Z: the whole machine\n"
		"1 trace found a leak. server (PID 4242) grows by 50.0 KiB/s of memory, and the\n"
		"memory of the machine is used up in 1 d 00 h: 300 processes watched for\n"
		"1 min 30 s.\n"
		"\n"
		"   PID  command  grows             now             rate   full in  state\n"
		"  4242  server   memory       12.0 MiB       50.0 KiB/s  1 d 00 h  convicted\n"
		"  4242  server   descriptors       340  2 descriptors/s         -  convicted\n"
		"        server (PID 4242) leaks 50.0 KiB/s in \"read_headers\".\n"
		"     5  wor\xef\xbf\xbdker  -                                              -  cleared\n"
		"\n"
		"cgroup /system.slice/shop.service: 600 MiB, memory grows by 50.0 KiB/s, full\n"
		"  in 2 h 25 min, waits for memory 1.5 % of the time, 1 killed for want of memory\n"
		"\n"
		"== server (PID 4242), traced for 40.1 s\n"
		"server (PID 4242) leaks.\n"
		"\n"
		"#1  1.03 MiB\n"
		"\n"
		"Probed: 2 of 312 processes, 0 of them now; no probe in any other. seep took\n"
		"0.031 % of the machine's CPU time.\n"
		"\n");
}

/* Its verdict stays with its process, its text is shown again at the end only. */
static void what_is_known_is_not_repeated(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	viewed.view.first_new = 4;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(strstr(text.data, "leaks 50.0 KiB/s in \"read_headers\""));
	assert_null(strstr(text.data, "traced for"));
	seep_buffer_reset(&text);
	viewed.view.final = true;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(strstr(text.data, "traced for 40.1 s\nserver (PID 4242) leaks.\n"));
}

/* Below the row of its process, behind the verdict if there is one. */
static void growth_stacks_are_a_sentence(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;
	struct touched touched;

	(void)state;
	viewed_init(&viewed);
	assert_int_equal(touched_init(&touched), 0);
	viewed.server.touches = &touched.touches;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(strstr(
		text.data, "        server (PID 4242) leaks 50.0 KiB/s in \"read_headers\". New "
			   "memory is\n"
			   "        first written in: make_session (app.c:41) 70 %, "
			   "par\xef\xbf\xbdse (server) 30 %, of\n"
			   "        400 samples in 10.0 s.\n"
			   "     5  wor"));
	/* Before the first sample there is nothing to say. */
	touched.touches.samples = 0;
	seep_buffer_reset(&text);
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_null(strstr(text.data, "memory is first"));
	seep_symbolizer_free(touched.touches.symbolizer);
}

static void nothing_to_say(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	viewed.view.num_growing = 0;
	viewed.view.num_cgroups = 0;
	viewed.view.num_probed = 0;
	viewed.view.num_unwatched = 3;
	viewed.results.num = 0;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_string_equal(text.data,
			    "2027-01-15T08:00:00.123Z: the whole machine\n"
			    "Nothing grows: 300 processes watched for 1 min 30 s.\n"
			    "\n"
			    "No probe in anybody. seep took 0.031 % of the machine's CPU time. "
			    "3 more could\n"
			    "not be watched.\n"
			    "\n");
	/* After two looks nobody knows. */
	seep_buffer_reset(&text);
	viewed.view.seq = 1;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(strstr(text.data, "\nToo early to say what grows: 300 processes watched"));
}

static void the_rest_is_counted(void **state)
{
	const struct seep_report_options few = {.top = 1, .columns = 80};
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	assert_int_equal(seep_text_watch(&viewed.view, &few, &text), 0);
	assert_non_null(strstr(text.data, "  ... 1 more process\n"));
	assert_null(strstr(text.data, "cleared"));
}

static void a_killed_process_is_told(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct viewed viewed;

	(void)state;
	viewed_init(&viewed);
	viewed.results.list[0].ended = true;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(strstr(text.data, "traced for 40.1 s, has ended: its last report\n"));
	seep_buffer_reset(&text);
	viewed.results.list[0].oom_killed = true;
	viewed.results.list[0].traced_s = 0;
	viewed.results.list[0].text = NULL;
	assert_int_equal(seep_text_watch(&viewed.view, &options, &text), 0);
	assert_non_null(
		strstr(text.data,
		       "== server (PID 4242), killed by the kernel for want of memory: its last\n"
		       "   report\n"
		       "server (PID 4242) leaks 50.0 KiB/s in \"read_headers\".\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_in_its_place),
		cmocka_unit_test(what_is_known_is_not_repeated),
		cmocka_unit_test(growth_stacks_are_a_sentence),
		cmocka_unit_test(nothing_to_say),
		cmocka_unit_test(the_rest_is_counted),
		cmocka_unit_test(a_killed_process_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
