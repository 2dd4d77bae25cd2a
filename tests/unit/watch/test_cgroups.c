// SPDX-License-Identifier: GPL-2.0-only
/* Control groups in a directory that stands in for the mount point of cgroup v2. */
#include <math.h>
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

#include "watch/cgroups.h"

#define MIB (1UL << 20)

static char root[64];

__attribute__((format(printf, 2, 3))) static void write_file(const char *name, const char *format,
							     ...)
{
	va_list arguments;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	va_start(arguments, format);
	assert_true(vfprintf(file, format, arguments) > 0);
	va_end(arguments);
	fclose(file);
}

static void make_directory(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* What the group "shop" has: so much anonymous memory and page cache. */
static void set(uint64_t anon_bytes, uint64_t file_bytes)
{
	write_file("shop/memory.current", "%lu\n", anon_bytes + file_bytes);
	write_file("shop/memory.stat", "anon %lu\nfile %lu\nshmem 0\nslab_reclaimable 5\nslab 7\n",
		   anon_bytes, file_bytes);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/seep_cgroups_XXXXXX");
	assert_non_null(mkdtemp(root));
	make_directory("shop");
	make_directory("bare"); /* without the controller of memory */
	write_file("shop/memory.max", "%lu\n", 1024 * MIB);
	write_file("shop/memory.events", "low 0\nmax 3\noom 2\noom_kill 0\n");
	write_file("shop/memory.pressure",
		   "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n");
	set(MIB, MIB);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {"shop/memory.max",
					    "shop/memory.current",
					    "shop/memory.stat",
					    "shop/memory.events",
					    "shop/memory.pressure",
					    "shop",
					    "bare",
					    ""};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, files[i]);
		remove(path);
	}
	return 0;
}

static char shop[] = "/shop", bare[] = "/bare", top[] = "/";

static void a_group_that_grows_is_named(void **state)
{
	struct seep_watch_process first = {.cgroup = shop}, second = {.cgroup = shop},
				  third = {.cgroup = bare}, fourth = {.cgroup = top}, fifth = {0};
	struct seep_watch_process *const processes[] = {&first, &second, &third, &fourth, &fifth};
	const struct seep_watch_cgroup *const *growing;
	struct seep_watch_cgroups *cgroups;

	(void)state;
	assert_int_equal(seep_watch_cgroups_new(root, &cgroups), 0);
	for (unsigned int i = 0; i < 12; i++) {
		set(MIB * (1 + i), MIB);
		assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 5, 10.0 * i), 0);
	}
	assert_int_equal(seep_watch_cgroups_count(cgroups), 2);
	assert_int_equal(seep_watch_cgroups_growing(cgroups, &growing), 1);
	assert_string_equal(growing[0]->path, "/shop");
	assert_int_equal(growing[0]->num_processes, 2);
	assert_int_equal(growing[0]->grows, SEEP_WATCH_CGROUP_ANON);
	assert_true(fabs(growing[0]->growth.rate.value - 0.1 * MIB) < 100);
	assert_int_equal(growing[0]->current_bytes, 13 * MIB);
	assert_int_equal(growing[0]->values[SEEP_WATCH_CGROUP_SLAB], 7);
	assert_int_equal(growing[0]->oom_events, 2);
	assert_true(growing[0]->pressure_pct == 1.5);
	/* 1,011 MiB are left, of which one goes in ten seconds. */
	assert_true(fabs(growing[0]->eta_s.value - 10110) < 50);
	/* The other one has nothing that could be read. */
	assert_string_equal(seep_watch_cgroups_at(cgroups, 0)->path, "/bare");
	assert_true(seep_watch_cgroups_at(cgroups, 0)->current_bytes == SEEP_UNKNOWN);
	seep_watch_cgroups_free(cgroups);
}

/* It fills what there is, as it should. */
static void the_page_cache_is_no_growth(void **state)
{
	struct seep_watch_process process = {.cgroup = shop};
	struct seep_watch_process *const processes[] = {&process};
	const struct seep_watch_cgroup *const *growing;
	struct seep_watch_cgroups *cgroups;

	(void)state;
	assert_int_equal(seep_watch_cgroups_new(root, &cgroups), 0);
	for (unsigned int i = 0; i < 12; i++) {
		set(MIB, 10 * MIB * (1 + i));
		assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 10.0 * i), 0);
	}
	assert_int_equal(seep_watch_cgroups_growing(cgroups, &growing), 0);
	assert_int_equal(seep_watch_cgroups_at(cgroups, 0)->values[SEEP_WATCH_CGROUP_FILE],
			 120 * MIB);
	seep_watch_cgroups_free(cgroups);
}

static void kills_are_told_once(void **state)
{
	struct seep_watch_process process = {.cgroup = shop};
	struct seep_watch_process *const processes[] = {&process};
	const struct seep_watch_cgroup *const *growing;
	struct seep_watch_cgroups *cgroups;

	(void)state;
	assert_int_equal(seep_watch_cgroups_new(root, &cgroups), 0);
	write_file("shop/memory.events", "oom 5\noom_kill 4\n"); /* before it was watched */
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 0), 0);
	assert_int_equal(seep_watch_cgroups_growing(cgroups, &growing), 0);
	write_file("shop/memory.events", "oom 6\noom_kill 6\n");
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 10), 0);
	assert_int_equal(seep_watch_cgroups_growing(cgroups, &growing), 1);
	assert_int_equal(growing[0]->new_oom_kills, 2);
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 20), 0);
	assert_int_equal(seep_watch_cgroups_growing(cgroups, &growing), 0);
	seep_watch_cgroups_free(cgroups);
}

static void what_nobody_is_in_is_forgotten(void **state)
{
	struct seep_watch_process process = {.cgroup = shop};
	struct seep_watch_process *const processes[] = {&process};
	struct seep_watch_cgroups *cgroups;

	(void)state;
	assert_int_equal(seep_watch_cgroups_new(root, &cgroups), 0);
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 0), 0);
	assert_int_equal(seep_watch_cgroups_count(cgroups), 1);
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 0, 10), 0);
	assert_int_equal(seep_watch_cgroups_count(cgroups), 0);
	seep_watch_cgroups_free(cgroups);
	/* Without cgroup v2 there are none. */
	assert_int_equal(seep_watch_cgroups_new(NULL, &cgroups), 0);
	assert_int_equal(seep_watch_cgroups_look(cgroups, processes, 1, 0), 0);
	assert_int_equal(seep_watch_cgroups_count(cgroups), 0);
	seep_watch_cgroups_free(cgroups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_group_that_grows_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_page_cache_is_no_growth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kills_are_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_nobody_is_in_is_forgotten, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
