// SPDX-License-Identifier: GPL-2.0-only
/* When an exec counts as missed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/lifecycle.h"

#define MEMORY SEEP_KIND_BIT(SEEP_KIND_MEMORY)
#define FD     SEEP_KIND_BIT(SEEP_KIND_FD)

static const struct {
	int added;
	bool late;
	uint32_t kinds;
	bool probed_before;
	bool expected;
} cases[] = {
	/* Its probes were there from its exec on. */
	{0, false, MEMORY, false, false},
	/* Functions were found that it may have called. */
	{3, false, MEMORY, false, true},
	{3, false, FD, false, true},
	/* The probes were placed in the middle of the exec. */
	{0, true, MEMORY, false, true},
	/* It ended before its files were looked at. */
	{-ESRCH, false, MEMORY, false, true},
	{-ESRCH, false, MEMORY | FD, false, true},
	/* System calls need no probes. */
	{-ESRCH, false, FD, false, false},
	/* A launched command, or all processes have the probes. */
	{-ESRCH, false, MEMORY, true, false},
	{-ESRCH, true, MEMORY, true, true},
	/* Another failure is reported where it happens. */
	{-ENOMEM, false, MEMORY, false, false},
};

static void test_missed_exec(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(seep_lifecycle_missed_exec(cases[i].added, cases[i].late,
							    cases[i].kinds, cases[i].probed_before),
				 cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_missed_exec)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
