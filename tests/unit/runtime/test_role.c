// SPDX-License-Identifier: GPL-2.0-only
/* What sites are to runtimes, by the innermost functions of their stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/role.h"

#define LIBC   "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define PYTHON "/usr/bin/python3.11"
#define NODE   "/usr/bin/node"
#define JVM    "/usr/lib/jvm/lib/server/libjvm.so"
#define GLIB   "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0.7400.6"

#define MAPPING SEEP_KIND_MAPPING
#define MEMORY	SEEP_KIND_MEMORY

#define CHECK(kind, bytes_each, expected_role, expected_runtime, ...)                              \
	do {                                                                                       \
		const struct seep_runtime_name names[] = {__VA_ARGS__};                            \
		struct seep_runtime_role role = seep_runtime_role_find(                            \
			kind, bytes_each, names, sizeof(names) / sizeof(names[0]));                \
		assert_int_equal(role.role, SEEP_SITE_ROLE_##expected_role);                       \
		assert_int_equal(role.runtime, SEEP_RUNTIME_##expected_runtime);                   \
	} while (0)

static void arenas_are_known_by_what_grows_the_heap(void **state)
{
	(void)state;
	CHECK(MAPPING, 1 << 20, ARENA, CPYTHON, {LIBC, "mmap64"},
	      {"/opt/lib/libpython3.11.so.1.0", "_PyObject_ArenaMmap"},
	      {"/opt/lib/libpython3.11.so.1.0", "new_arena"});
	CHECK(MAPPING, 0, ARENA, GO, {"/srv/shop", "runtime.sysMmap.abi0"},
	      {"/srv/shop", "runtime.mmap.func1"}, {"/srv/shop", "runtime.sysMapOS"},
	      {"/srv/shop", "runtime.(*mheap).sysAlloc"});
	CHECK(MEMORY, 64, ARENA, V8, {LIBC, "malloc"}, {NODE, "operator new(unsigned long)"},
	      {NODE, "v8::internal::MemoryAllocator::AllocateBasicChunk(v8::internal::Heap*)"});
	CHECK(MAPPING, 0, ARENA, V8, {LIBC, "mmap64"}, {NODE, NULL},
	      {NODE, "v8::base::OS::Allocate(void*, unsigned long, unsigned long)"});
	CHECK(MAPPING, 0, ARENA, HOTSPOT, {LIBC, "mmap64"},
	      {JVM, "os::Linux::commit_memory_impl(char*, unsigned long, bool)"});
	CHECK(MAPPING, 2 << 20, ARENA, PHP, {LIBC, "mmap64"}, {"/usr/bin/php8.2", NULL},
	      {"/usr/bin/php8.2", NULL}, {"/usr/bin/php8.2", "_emalloc_large"});
	CHECK(MAPPING, 0, ARENA, JEMALLOC, {LIBC, "mmap64"}, {"/srv/shop", "_rjem_je_pages_map"});
}

/* Packages have no names of static functions; and a call at the end of one may be a jump. */
static void arenas_without_names_are_known_by_their_size(void **state)
{
	(void)state;
	/* One frame of libc may have two functions. */
	CHECK(MAPPING, 1 << 20, ARENA, CPYTHON, {LIBC, "__GI___mmap64"}, {LIBC, "mmap"},
	      {PYTHON, NULL}, {PYTHON, "PyUnicode_New"});
	CHECK(MAPPING, 1 << 20, ARENA, CPYTHON, {LIBC, "mmap64"}, {PYTHON, NULL}, {PYTHON, NULL},
	      {PYTHON, "PyUnicode_New"});
	CHECK(MAPPING, 1 << 18, ARENA, CPYTHON, {LIBC, "mmap64"}, {"/usr/bin/python3.9", NULL});
	CHECK(MAPPING, 2 << 20, ARENA, PHP, {LIBC, "mmap64"}, {"/usr/bin/php8.2", NULL},
	      {"/usr/bin/php8.2", "zend_hash_real_init_mixed"});
	CHECK(MAPPING, 4096, NONE, NONE, {LIBC, "mmap64"}, {PYTHON, NULL});
	CHECK(MAPPING, 1 << 20, NONE, NONE, {LIBC, "mmap64"}, {PYTHON, "new_mmap_object"});
	CHECK(MAPPING, 1 << 20, NONE, NONE, {LIBC, "mmap64"}, {"/srv/shop", NULL});
	/* By an extension. */
	CHECK(MAPPING, 1 << 20, NONE, NONE, {LIBC, "mmap64"}, {"/srv/_pool.so", NULL},
	      {PYTHON, NULL});
}

static void slabs_are_told_from_large_blocks(void **state)
{
	(void)state;
	CHECK(MEMORY, 4096, ARENA, GLIB, {LIBC, "posix_memalign"}, {GLIB, NULL}, {GLIB, NULL},
	      {GLIB, "g_slice_alloc"});
	CHECK(MEMORY, 4096, NONE, NONE, {LIBC, "malloc"}, {GLIB, "g_malloc"},
	      {GLIB, "g_slice_alloc"});
}

/* While nobody traces malloc: what it takes from the kernel for many blocks, not for one. */
static void the_heap_of_malloc_is_known(void **state)
{
	(void)state;
	CHECK(MAPPING, 135168, ARENA, GLIBC, {LIBC, "brk"}, {LIBC, "sbrk"}, {LIBC, NULL},
	      {LIBC, NULL}, {LIBC, "malloc"}, {"/srv/shop", "serve"});
	CHECK(MAPPING, 64 << 20, ARENA, GLIBC, {LIBC, "mmap64"}, {LIBC, NULL}, {LIBC, "calloc"},
	      {"/srv/shop", "serve"});
	CHECK(MAPPING, 0, ARENA, GLIBC, {LIBC, "__brk"}, {LIBC, "posix_memalign"});
	CHECK(MAPPING, 1 << 20, NONE, NONE, {LIBC, "mmap64"}, {LIBC, "malloc"},
	      {"/srv/shop", "load_image"});
	CHECK(MAPPING, 135168, NONE, NONE, {LIBC, "brk"}, {LIBC, "sbrk"},
	      {"/srv/shop", "my_alloc"});
	/* What a runtime takes by malloc is its own. */
	CHECK(MAPPING, 0, ARENA, V8, {LIBC, "brk"}, {LIBC, "malloc"},
	      {NODE, "v8::base::OS::Allocate(void*, unsigned long, unsigned long)"});
}

static void collected_memory_goes_before_the_heap(void **state)
{
	(void)state;
	CHECK(MEMORY, 0, COLLECTED, V8, {LIBC, "calloc"},
	      {NODE, "node::NodeArrayBufferAllocator::Allocate(unsigned long)"});
	CHECK(MAPPING, 0, COLLECTED, V8, {LIBC, "mmap64"},
	      {NODE, "v8::base::OS::Allocate(void*, unsigned long)"},
	      {NODE, "v8::internal::BackingStore::TryAllocateAndPartiallyCommitMemory()"});
	CHECK(MEMORY, 0, COLLECTED, HOTSPOT, {LIBC, "malloc"},
	      {JVM, "os::malloc(unsigned long, MEMFLAGS)"}, {JVM, "Unsafe_AllocateMemory0"});
	assert_int_equal(seep_runtime_role_of_native("Java_java_util_zip_Deflater_init").role,
			 SEEP_SITE_ROLE_COLLECTED);
	assert_int_equal(seep_runtime_role_of_native("deflateInit2_").role, SEEP_SITE_ROLE_NONE);
	assert_int_equal(seep_runtime_role_of_native(NULL).role, SEEP_SITE_ROLE_NONE);
}

static void other_memory_has_no_role(void **state)
{
	(void)state;
	CHECK(MEMORY, 64, NONE, NONE, {LIBC, "malloc"}, {"/srv/shop", "add_session"});
	CHECK(MAPPING, 4096, NONE, NONE, {LIBC, "mmap64"}, {"/srv/shop", "syscall.mmap"});
	CHECK(MEMORY, 64, NONE, NONE, {LIBC, "malloc"}, {PYTHON, "PyObject_Malloc"});
	CHECK(MEMORY, 64, NONE, NONE, {NULL, NULL});
}

/* Names cost: those of most files are never asked for. */
static void names_are_needed_where_a_runtime_is(void **state)
{
	(void)state;
	assert_true(seep_runtime_role_may_depend_on(MAPPING, "/srv/shop"));
	assert_true(seep_runtime_role_may_depend_on(MEMORY, NODE));
	assert_true(seep_runtime_role_may_depend_on(MEMORY, GLIB));
	assert_false(seep_runtime_role_may_depend_on(MEMORY, LIBC));
	assert_false(seep_runtime_role_may_depend_on(MEMORY, "/srv/shop"));
	assert_false(seep_runtime_role_may_depend_on(MEMORY, NULL));
	assert_false(seep_runtime_role_may_depend_on(SEEP_KIND_FD, NODE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arenas_are_known_by_what_grows_the_heap),
		cmocka_unit_test(arenas_without_names_are_known_by_their_size),
		cmocka_unit_test(slabs_are_told_from_large_blocks),
		cmocka_unit_test(the_heap_of_malloc_is_known),
		cmocka_unit_test(collected_memory_goes_before_the_heap),
		cmocka_unit_test(other_memory_has_no_role),
		cmocka_unit_test(names_are_needed_where_a_runtime_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
