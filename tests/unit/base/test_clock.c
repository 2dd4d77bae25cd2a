// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"

static uint64_t gettime_ns(clockid_t clock)
{
	struct timespec now;

	assert_return_code(clock_gettime(clock, &now), 0);
	return (uint64_t)now.tv_sec * SEEP_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void assert_reads(uint64_t (*read_ns)(void), clockid_t clock)
{
	uint64_t before = gettime_ns(clock);
	uint64_t now = read_ns();

	assert_in_range(now, before, gettime_ns(clock));
}

static void clocks_are_what_they_say(void **state)
{
	(void)state;
	assert_reads(seep_clock_monotonic_ns, CLOCK_MONOTONIC);
	assert_reads(seep_clock_boot_ns, CLOCK_BOOTTIME);
	assert_reads(seep_clock_utc_ns, CLOCK_REALTIME);
	assert_reads(seep_clock_cpu_ns, CLOCK_PROCESS_CPUTIME_ID);
}

static void times_are_formatted(void **state)
{
	static const struct {
		uint64_t utc_ns;
		const char *text;
		const char *file;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z", "19700101T000000.000Z"},
		{1795168800123999999, "2026-11-20T10:00:00.123Z", "20261120T100000.123Z"},
		{951782399999999999, "2000-02-28T23:59:59.999Z", "20000228T235959.999Z"},
		{UINT64_MAX, "2554-07-21T23:34:33.709Z", "25540721T233433.709Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[SEEP_CLOCK_TEXT_MAX];

		assert_ptr_equal(seep_clock_format_utc(buffer, cases[i].utc_ns), buffer);
		assert_string_equal(buffer, cases[i].text);
		assert_ptr_equal(seep_clock_format_file(buffer, cases[i].utc_ns), buffer);
		assert_string_equal(buffer, cases[i].file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_are_what_they_say),
		cmocka_unit_test(times_are_formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
