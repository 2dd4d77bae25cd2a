// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of memory groups in a directory that stands in for /sys/fs/cgroup, and our own share.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/usage.h"

static char root[64];

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void make_directory(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* Files with the names and the text of those of cgroup v2. */
static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/seep_usage_XXXXXX");
	assert_non_null(mkdtemp(root));
	make_directory("a");
	make_directory("a/b");
	make_directory("a/b/c");
	write_file("memory.max", "1\n"); /* of the root: does not count */
	write_file("memory.current", "1\n");
	write_file("a/memory.max", "1000\n");
	write_file("a/memory.current", "900\n");
	write_file("a/b/memory.max", "500\n");
	write_file("a/b/memory.current", "300\n");
	write_file("a/b/pids.max", "max\n");
	write_file("a/b/pids.current", "3\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"memory.max",
					    "memory.current",
					    "a/memory.max",
					    "a/memory.current",
					    "a/b/memory.max",
					    "a/b/memory.current",
					    "a/b/pids.max",
					    "a/b/pids.current",
					    "a/b/c",
					    "a/b",
					    "a",
					    ""};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		remove(path);
	}
	return 0;
}

static void the_tightest_group_counts(void **state)
{
	struct seep_proc_usage usage;
	char directory[128];

	(void)state;
	snprintf(directory, sizeof(directory), "%s/a/b/c", root);
	assert_int_equal(seep_cgroup_usage_read(directory, root, "memory", &usage), 0);
	assert_int_equal(usage.max, 1000);
	assert_int_equal(usage.used, 900);
	write_file("a/b/memory.current", "499\n");
	assert_int_equal(seep_cgroup_usage_read(directory, root, "memory", &usage), 0);
	assert_int_equal(usage.max, 500);
	assert_int_equal(usage.used, 499);
}

static void no_limit_is_unknown(void **state)
{
	struct seep_proc_usage usage;
	char directory[128];

	(void)state;
	snprintf(directory, sizeof(directory), "%s/a/b/c", root);
	assert_int_equal(seep_cgroup_usage_read(directory, root, "pids", &usage), 0);
	assert_true(usage.max == UINT64_MAX);
	assert_int_equal(seep_cgroup_usage_read(root, root, "memory", &usage), 0);
	assert_true(usage.max == UINT64_MAX && usage.used == UINT64_MAX);
	write_file("a/b/memory.current", "nonsense\n");
	write_file("a/memory.max", "-1\n");
	assert_int_equal(seep_cgroup_usage_read(directory, root, "memory", &usage), 0);
	assert_true(usage.max == UINT64_MAX);
}

static void shared_memory(void **state)
{
	uint64_t bytes = 7;

	(void)state;
	assert_int_equal(seep_machine_shared_parse("MemTotal: 9 kB\nShmem:    12 kB\n", &bytes), 0);
	assert_int_equal(bytes, 12 * 1024);
	assert_int_equal(seep_machine_shared_parse("ShmemHugePages: 4 kB\n", &bytes), -EINVAL);
	assert_int_equal(seep_cgroup_shared_parse("anon 4096\nshmem 8192\nshmem_thp 0\n", &bytes),
			 0);
	assert_int_equal(bytes, 8192);
	assert_int_equal(seep_cgroup_shared_parse("shmem 1\n", &bytes), 0);
	assert_int_equal(bytes, 1);
	assert_int_equal(seep_cgroup_shared_parse("anon 4096\nshmem_thp 3\n", &bytes), -EINVAL);
	assert_int_equal(seep_cgroup_shared_parse("", &bytes), -EINVAL);
	assert_int_equal(bytes, 1);
	assert_int_equal(seep_machine_shared_read(&bytes), 0);
}

static void memory_of_the_machine(void **state)
{
	static const char *const bad[] = {
		"",
		"MemTotal:       100 kB\n",
		"MemAvailable:   100 kB\n",
		"MemTotal:       100 kB\nMemAvailable:   101 kB\n",
		"MemTotal:       100\nMemAvailable:   10 kB\n",
		"MemTotal:       x kB\nMemAvailable:   10 kB\n",
		"MemTotal:       99999999999999999999 kB\nMemAvailable:   10 kB\n",
		"MemTotal:       18014398509481985 kB\nMemAvailable:   10 kB\n",
	};
	struct seep_proc_usage usage = {7, 7};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seep_machine_memory_parse(bad[i], &usage), -EINVAL);
	assert_int_equal(usage.used, 7);
	assert_int_equal(seep_machine_memory_parse(
				 "MemTotal:       100 kB\nMemFree: 1 kB\nMemAvailable:   40 kB\n",
				 &usage),
			 0);
	assert_int_equal(usage.used, 60 * 1024);
	assert_int_equal(usage.max, 100 * 1024);
	assert_int_equal(seep_machine_memory_read(&usage), 0);
	assert_in_range(usage.used, 1, usage.max);
}

static void limit_of_mappings(void **state)
{
	uint64_t mappings = 0;

	(void)state;
	assert_int_equal(seep_max_map_count_read(&mappings), 0);
	assert_in_range(mappings, 1000, INT32_MAX);
}

static void our_own_share(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(seep_proc_pss_read(getpid(), &bytes), 0);
	assert_in_range(bytes, 100 << 10, UINT64_MAX / 2);
	assert_int_equal(seep_proc_pss_read(0x7fffffff, &bytes), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_tightest_group_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_limit_is_unknown, set_up, tear_down),
		cmocka_unit_test(shared_memory),
		cmocka_unit_test(memory_of_the_machine),
		cmocka_unit_test(limit_of_mappings),
		cmocka_unit_test(our_own_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
