// SPDX-License-Identifier: GPL-2.0-only
#include "report/go_words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "report/go_figures.h"

static void assert_words(const struct seep_go_figures *figures, const char *heap,
			 const char *collections)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	seep_go_words_append_heap(&buffer, figures);
	assert_string_equal(buffer.data, heap);
	seep_buffer_reset(&buffer);
	seep_go_words_append_collections(&buffer, figures);
	assert_string_equal(buffer.data, collections);
}

#define HEAP	    "1.24.4: heap 12.3 MiB live, 26.1 MiB held, collects at 24.0 MiB"
#define COLLECTIONS "12 collections, 1.3 per minute, paused 200 µs each"

static void what_matters_is_said(void **state)
{
	struct seep_go_figures figures = fixture_go;

	(void)state;
	assert_words(&figures, HEAP, "limit 64.0 MiB; " COLLECTIONS);
	figures.gomemlimit_bytes = SEEP_UNKNOWN;
	assert_words(&figures, HEAP, COLLECTIONS);
	figures.gc_cpu_fraction = 0.25;
	assert_words(&figures, HEAP, COLLECTIONS ", 25.0 % of its CPU time");
}

static void rare_collections_are_told_by_the_hour(void **state)
{
	struct seep_go_figures figures = fixture_go;

	(void)state;
	figures.gomemlimit_bytes = SEEP_UNKNOWN;
	figures.collections_per_min = 0.5;
	assert_words(&figures, HEAP, "12 collections, 30.0 per hour, paused 200 µs each");
	figures.collections_per_min = 0;
	assert_words(&figures, HEAP, "12 collections, paused 200 µs each");
	figures.collections_per_min = NAN;
	assert_words(&figures, HEAP, "12 collections, paused 200 µs each");
	figures.memstats[SEEP_MEMSTAT_NUM_GC] = 1;
	assert_words(&figures, HEAP, "1 collection, paused 2.40 ms each");
	figures.memstats[SEEP_MEMSTAT_NUM_GC] = 0;
	assert_words(&figures, HEAP, "no collection yet");
}

/* Without a limit the runtime says of GOGC=off that the heap may have all that can be addressed. */
static void a_collector_that_is_off_has_no_goal(void **state)
{
	struct seep_go_figures figures = fixture_go;

	(void)state;
	figures.gogc = -1;
	figures.memstats[SEEP_MEMSTAT_NEXT_GC] = 9223372036842194495ULL;
	assert_words(&figures, "1.24.4: heap 12.3 MiB live, 26.1 MiB held, GOGC is off",
		     "limit 64.0 MiB; " COLLECTIONS);
}

/* A capture may have any number. */
static void what_cannot_be_is_left_out(void **state)
{
	struct seep_go_figures figures = {.collections_per_min = 1e300, .gc_cpu_fraction = 7};

	(void)state;
	strcpy(figures.version, "go\033[31m1.24");
	figures.gomemlimit_bytes = SEEP_UNKNOWN;
	memset(figures.memstats, 0xff, sizeof(figures.memstats));
	assert_words(&figures, "\uFFFD[31m1.24", "no collection yet");
	figures.memstats[SEEP_MEMSTAT_NUM_GC] = 5;
	figures.memstats[SEEP_MEMSTAT_HEAP_SYS] = 5;
	figures.memstats[SEEP_MEMSTAT_HEAP_RELEASED] = 6;
	assert_words(&figures, "\uFFFD[31m1.24", "5 collections");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matters_is_said),
		cmocka_unit_test(rare_collections_are_told_by_the_hour),
		cmocka_unit_test(a_collector_that_is_off_has_no_goal),
		cmocka_unit_test(what_cannot_be_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
