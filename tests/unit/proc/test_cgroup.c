// SPDX-License-Identifier: GPL-2.0-only
/* Paths of cgroups, as users write them and as /proc shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "proc/cgroup.h"

static const struct {
	const char *given;
	const char *expected;
} paths[] = {
	{"/sys/fs/cgroup/a/b", "/a/b"},
	{"a/b", "/a/b"},
	{"/a/b/", "/a/b"},
	{"/a/b///", "/a/b"},
	{"//a", "/a"},
	{"/sys/fs/cgroup", "/"},
	{"/sys/fs/cgroup/", "/"},
	{"/", "/"},
	{"", "/"},
	/* Another directory whose name begins alike is a path in the hierarchy. */
	{"/sys/fs/cgroup2/a", "/sys/fs/cgroup2/a"},
};

static void test_path_in_hierarchy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		SEEP_AUTO_FREE char *path =
			seep_cgroup_path_in_hierarchy(paths[i].given, "/sys/fs/cgroup");

		assert_non_null(path);
		assert_string_equal(path, paths[i].expected);
	}
}

static void test_is_within(void **state)
{
	(void)state;
	assert_true(seep_cgroup_is_within("/a/b", "/a/b"));
	assert_true(seep_cgroup_is_within("/a/b", "/a"));
	assert_true(seep_cgroup_is_within("/a/b", "/"));
	assert_true(seep_cgroup_is_within("/", "/"));
	assert_false(seep_cgroup_is_within("/a", "/a/b"));
	assert_false(seep_cgroup_is_within("/ab", "/a"));
	assert_false(seep_cgroup_is_within("/", "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_in_hierarchy),
		cmocka_unit_test(test_is_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
