// SPDX-License-Identifier: GPL-2.0-only
/* The roles of the sites of a trace: found once for a stack, and only where it is worth names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/snapshot.h"
#include "runtime/roles.h"
#include "symbol/symbolizer.h"

#define LIBC   "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define PYTHON "/usr/bin/python3.11"
#define JVM    "/usr/lib/jvm/lib/libzip.so"

#define MMAP	SEEP_FRAME(1, 16)
#define ARENA	SEEP_FRAME(2, 16)
#define MALLOC	SEEP_FRAME(1, 32)
#define DEFLATE SEEP_FRAME(3, 16)
#define CODE	(SEEP_FRAME_RAW | 0x1000)

static const struct seep_line mmap_line = {.function = "mmap64"},
			      arena_line = {.function = "_PyObject_ArenaMmap"},
			      malloc_line = {.function = "malloc"},
			      deflate_line = {.function = "Java_java_util_zip_Deflater_init"};

static const struct {
	uint64_t frame;
	struct seep_location location;
} known[] = {
	{MMAP, {.module = LIBC, .num_lines = 1, .lines = &mmap_line}},
	{ARENA, {.module = PYTHON, .num_lines = 1, .lines = &arena_line}},
	{MALLOC, {.module = LIBC, .num_lines = 1, .lines = &malloc_line}},
	{DEFLATE, {.module = JVM, .num_lines = 1, .lines = &deflate_line}},
};

struct roles {
	struct seep_symbolizer *symbolizer;
	struct seep_runtime_roles *roles;
};

static int set_up(void **state)
{
	static struct roles roles;

	assert_int_equal(seep_symbolizer_new(&roles.symbolizer), 0);
	/* Paths are looked at before names are. */
	assert_int_equal(seep_symbolizer_add_file(roles.symbolizer, 1, LIBC, -1, NULL), 0);
	assert_int_equal(seep_symbolizer_add_file(roles.symbolizer, 2, PYTHON, -1, NULL), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(seep_symbolizer_know(roles.symbolizer, known[i].frame,
						      &known[i].location),
				 0);
	assert_int_equal(seep_runtime_roles_new(roles.symbolizer, &roles.roles), 0);
	*state = &roles;
	return 0;
}

static int tear_down(void **state)
{
	struct roles *roles = *state;

	seep_runtime_roles_free(roles->roles);
	seep_symbolizer_free(roles->symbolizer);
	return 0;
}

static const struct seep_process python = {.id = 1}, other_python = {.id = 2};

/* Live objects of 1 MiB each. */
static struct seep_site site_of(enum seep_kind kind, const struct seep_stack *stack,
				uint64_t objects)
{
	return (struct seep_site){
		.kind = kind,
		.process = &python,
		.stack = stack,
		.counts = {.allocs = objects, .alloc_bytes = objects << 20},
	};
}

static void expect(struct roles *roles, struct seep_site *site, enum seep_site_role role,
		   enum seep_runtime runtime)
{
	assert_int_equal(seep_runtime_roles_fill(roles->roles, site), 0);
	assert_int_equal(site->role, role);
	assert_int_equal(site->runtime, runtime);
}

static void a_site_gets_its_role_when_it_is_large_enough(void **state)
{
	static const uint64_t frames[] = {MMAP, ARENA};
	static const struct seep_stack stack = {.hash = 7, .num_frames = 2, .frames = frames};
	struct seep_site site = site_of(SEEP_KIND_MAPPING, &stack, 0);

	expect(*state, &site, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
	site.counts = (struct seep_counts){.allocs = 1, .alloc_bytes = 4095};
	expect(*state, &site, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
	site.counts.alloc_bytes = 1 << 20;
	expect(*state, &site, SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_CPYTHON);
}

/* It rests on files, so it is that of the stack in all processes, and stays when the site shrinks.
 */
static void a_role_is_found_once(void **state)
{
	static const uint64_t frames[] = {MMAP, ARENA};
	static const struct seep_stack stack = {.hash = 7, .num_frames = 2, .frames = frames};
	/* The same hash, and nothing in it that would tell the role. */
	static const struct seep_stack nameless = {.hash = 7, .num_frames = 1, .frames = frames};
	struct seep_site site = site_of(SEEP_KIND_MAPPING, &stack, 3);
	struct seep_site other = site_of(SEEP_KIND_MAPPING, &nameless, 0);
	struct seep_site memory = site_of(SEEP_KIND_MEMORY, &nameless, 3);

	expect(*state, &site, SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_CPYTHON);
	other.process = &other_python;
	expect(*state, &other, SEEP_SITE_ROLE_ARENA, SEEP_RUNTIME_CPYTHON);
	/* Of another kind it is another site. */
	expect(*state, &memory, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
}

static void what_java_calls_natively_is_found_below_its_code(void **state)
{
	static const uint64_t frames[] = {MALLOC, DEFLATE, CODE};
	static const struct seep_stack stack = {.hash = 8, .num_frames = 3, .frames = frames};
	static const struct seep_stack without = {.hash = 9, .num_frames = 2, .frames = frames};
	struct seep_site site = site_of(SEEP_KIND_MEMORY, &stack, 1);
	struct seep_site other = site_of(SEEP_KIND_MEMORY, &without, 1);

	expect(*state, &site, SEEP_SITE_ROLE_COLLECTED, SEEP_RUNTIME_HOTSPOT);
	/* No code of no file: somebody else has called it. */
	expect(*state, &other, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
}

static void some_sites_have_none(void **state)
{
	static const uint64_t frames[] = {MMAP, ARENA};
	static const uint64_t before[] = {SEEP_ORIGIN_FRAME(SEEP_ORIGIN_BEFORE)};
	static const struct seep_stack stack = {.hash = 7, .num_frames = 2, .frames = frames};
	static const struct seep_stack empty = {.hash = 10};
	static const struct seep_stack origin = {.hash = 11, .num_frames = 1, .frames = before};
	struct seep_site thread = site_of(SEEP_KIND_THREAD, &stack, 1);
	struct seep_site unknown = site_of(SEEP_KIND_MAPPING, &empty, 1);
	struct seep_site unseen = site_of(SEEP_KIND_MAPPING, &origin, 1);

	expect(*state, &thread, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
	expect(*state, &unknown, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
	expect(*state, &unseen, SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_site_gets_its_role_when_it_is_large_enough),
		TEST(a_role_is_found_once),
		TEST(what_java_calls_natively_is_found_below_its_code),
		TEST(some_sites_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
