// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/limits.h"

#define HEAD	  "Limit                     Soft Limit           Hard Limit           Units     \n"
#define TIME	  "Max cpu time              unlimited            unlimited            seconds   \n"
#define PROCESSES "Max processes             95851                95851                processes \n"
#define FILES	  "Max open files            1024                 524288               files     \n"
#define SPACE	  "Max address space         unlimited            unlimited            bytes     \n"

static void reads_the_soft_limits(void **state)
{
	struct seep_proc_limits limits;

	(void)state;
	assert_int_equal(seep_proc_parse_limits(HEAD TIME PROCESSES FILES SPACE, &limits), 0);
	assert_int_equal(limits.open_files, 1024);
	assert_int_equal(limits.processes, 95851);
	assert_true(limits.address_space_bytes == UINT64_MAX);
}

static void refuses_what_it_does_not_know(void **state)
{
	static const char *const texts[] = {
		"",
		HEAD PROCESSES SPACE,
		HEAD PROCESSES FILES,
		HEAD FILES SPACE "Max processes",
		HEAD FILES SPACE "Max processes             ",
		HEAD FILES SPACE "Max processes             -1                   5  processes \n",
		HEAD FILES SPACE "Max processes             99999999999999999999 5  processes \n",
		HEAD FILES SPACE "Max processes             12x                  5  processes \n",
		HEAD FILES SPACE "Max processesX            12                   5  processes \n",
		HEAD FILES SPACE "Max processes             unlimitedly          5  processes \n",
	};
	struct seep_proc_limits limits = {.open_files = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (seep_proc_parse_limits(texts[i], &limits) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(limits.open_files, 7);
	}
}

static void knows_our_own(void **state)
{
	struct seep_proc_limits limits;
	struct rlimit own;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &own), 0);
	own.rlim_cur = 123;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &own), 0);
	assert_int_equal(seep_proc_limits_read(getpid(), &limits), 0);
	assert_int_equal(limits.open_files, 123);
}

static void says_that_a_process_is_gone(void **state)
{
	struct seep_proc_limits limits;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(seep_proc_limits_read(pid, &limits), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_soft_limits),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(knows_our_own),
		cmocka_unit_test(says_that_a_process_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
