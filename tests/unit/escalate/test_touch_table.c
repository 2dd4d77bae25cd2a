// SPDX-License-Identifier: GPL-2.0-only
/* Samples of the test itself: of which memory they are, and which stacks they make. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "escalate/touch_table.h"

#define BYTES  4096
#define NOBODY 4194304

/* More than a table holds. */
#define MANY 300

static struct seep_touch_event event;

/* A sample in the code of @function; nothing of its stack was copied. */
static struct seep_touch_event *touch(const void *address, uintptr_t function)
{
	event = (struct seep_touch_event){
		.period = 4,
		.address = (uintptr_t)address,
		.exact = 1,
		.registers = {.ip = function, .sp = (uintptr_t)&event},
	};
	return &event;
}

static struct seep_touch_table *table_of_test(void)
{
	struct seep_touch_table *table;

	assert_int_equal(seep_touch_table_new(getpid(), &table), 0);
	return table;
}

static void *map(int fd)
{
	void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void only_memory_of_no_file_counts(void **state)
{
	struct seep_touch_table *table = table_of_test();
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *anonymous = map(-1), *of_file = map(fd), *gone = map(-1);
	const struct seep_touches *touches;

	(void)state;
	munmap(gone, BYTES);
	assert_int_equal(seep_touch_table_refresh(table), 0);
	seep_touch_table_add(table, touch(anonymous, (uintptr_t)table_of_test), 0.5);
	seep_touch_table_add(table, touch(of_file, (uintptr_t)table_of_test), 0.5);
	seep_touch_table_add(table, touch(gone, (uintptr_t)table_of_test), 0.5);
	touches = seep_touch_table_touches(table);
	assert_int_equal(touches->samples, 1);
	assert_int_equal(touches->of_files, 1);
	assert_int_equal(touches->returned, 1);
	/* Faults that a sample stands for, of a time of which half was seen. */
	assert_true(touches->faults == 8);
	munmap(anonymous, BYTES);
	munmap(of_file, BYTES);
	close(fd);
	seep_touch_table_free(table);
}

static void the_function_is_named(void **state)
{
	struct seep_touch_table *table = table_of_test();
	const struct seep_location *location;
	const struct seep_touches *touches;
	void *anonymous = map(-1);

	(void)state;
	assert_int_equal(seep_touch_table_refresh(table), 0);
	seep_touch_table_add(table, touch(anonymous, (uintptr_t)map), 1);
	seep_touch_table_add(table, touch(anonymous, (uintptr_t)table_of_test), 1);
	seep_touch_table_add(table, touch(anonymous, (uintptr_t)table_of_test), 1);
	/* The process may end; what was found stays. */
	seep_touch_table_finish(table);
	touches = seep_touch_table_touches(table);
	assert_int_equal(touches->num_sites, 2);
	assert_int_equal(touches->sites[0].samples, 2);
	assert_int_equal(touches->sites[1].samples, 1);
	assert_int_equal(touches->partial, 3);
	location = seep_symbolizer_resolve(touches->symbolizer, 1,
					   touches->sites[0].site.stack->frames[0]);
	assert_string_equal(seep_location_function(location)->function, "table_of_test");
	munmap(anonymous, BYTES);
	seep_touch_table_free(table);
}

static void too_many_stacks_are_counted(void **state)
{
	struct seep_touch_table *table = table_of_test();
	const struct seep_touches *touches;
	void *anonymous = map(-1);

	(void)state;
	assert_int_equal(seep_touch_table_refresh(table), 0);
	/* Of no file: each address is a stack of its own. */
	for (uintptr_t i = 0; i < MANY; i++)
		seep_touch_table_add(table, touch(anonymous, (uintptr_t)anonymous + i), 1);
	touches = seep_touch_table_touches(table);
	assert_int_equal(touches->samples, MANY);
	assert_true(touches->num_sites < MANY);
	assert_int_equal(touches->crowded, MANY - touches->num_sites);
	munmap(anonymous, BYTES);
	seep_touch_table_free(table);
}

static void nobody_has_no_table(void **state)
{
	struct seep_touch_table *table = NULL;

	(void)state;
	assert_int_equal(seep_touch_table_new(NOBODY, &table), -ESRCH);
	assert_null(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_memory_of_no_file_counts),
		cmocka_unit_test(the_function_is_named),
		cmocka_unit_test(too_many_stacks_are_counted),
		cmocka_unit_test(nobody_has_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
