// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of allocators in files that the tests compile: by every kind of symbol table, in debug
 * files that may not be believed, and by names that a user gives.
 */
#include "symbol/search.h"

#include <errno.h>

#include "compile.h"

static const struct seep_root our_root = SEEP_ROOT_OURS;
static char directory[PATH_MAX];

static const char source[] =
	"#include <stddef.h>\n"
	"void *mi_malloc(size_t size) { (void)size; return NULL; }\n"
	"void *malloc(size_t size) { (void)size; return NULL; }\n"
	"void *calloc(size_t count, size_t size) __attribute__((alias(\"malloc\")));\n"
	"__attribute__((used)) static void free(void *block) { __asm__ volatile(\"\" : : \"r\"(block)); }\n"
	"__attribute__((used)) static void *hidden_get(size_t size) { return (void *)size; }\n"
	"void _dl_debug_state(void) {}\n";

static const char strangers[] =
	"__attribute__((used, noinline)) static void free(void *x) { __asm__ volatile(\"\" : : \"r\"(x)); }\n"
	"void use(void) { free(0); }\n";

static const char threads[] =
	"int pthread_create(void) { return 0; }\n"
	"int __pthread_create_2_1(void) __attribute__((alias(\"pthread_create\")));\n"
	"__attribute__((used)) static int pthread_join(void) { return 1; }\n"
	"__attribute__((used)) static void free(void *block) { __asm__ volatile(\"\" : : \"r\"(block)); }\n";

static const char plusplus[] =
	"#include <cstddef>\n"
	"namespace store {\n"
	"template <typename T> struct Pool { void *take(size_t); };\n"
	"template <typename T> void *Pool<T>::take(size_t n) { return (void *)n; }\n"
	"template struct Pool<char>;\n"
	"void *take(size_t n) { return (void *)n; }\n"
	"void *take(int n) { return (void *)(size_t)n; }\n"
	"void *untaken(size_t n) { return (void *)n; }\n"
	"}\n";

/* Two symbols in the middle of a function, and code without CFI. */
static const char places[] =
	"void *malloc(unsigned long size) { __asm__(\".globl free\\n.type free, @function\\n\"\n"
	"\"nop\\nfree: nop\\n.size free, 1\"); return (void *)size; }\n"
	"__asm__(\".text\\n.globl calloc\\n.type calloc, @function\\ncalloc: push %rbx\\npop %rbx\\n\"\n"
	"\"ret\\n.size calloc, 3\");\n";

static int setup(void **state)
{
	(void)state;
	enter_directory(directory);
	write_text("a.c", source);
	write_text("strangers.c", strangers);
	write_text("threads.c", threads);
	write_text("plus.cc", plusplus);
	write_text("places.c", places);
	shell("gcc -w -fno-builtin -O1 -fPIC -shared -Wl,--build-id a.c -o a.so");
	shell("gcc -w -fno-builtin -O1 -fPIC -shared strangers.c -o strangers.so");
	shell("gcc -w -fno-builtin -O1 -fPIC -shared threads.c -o threads.so");
	shell("gcc -w -fno-builtin -O1 -fPIC -shared -Wl,--build-id places.c -o places.so");
	shell("gcc -w -O1 -fPIC -shared plus.cc -o plus.so");
	shell("objcopy --only-keep-debug a.so a.debug");
	shell("strip --strip-all -o stripped.so a.so");
	shell("objcopy --remove-section=.note.gnu.build-id --strip-all "
	      "--add-gnu-debuglink=a.debug a.so linked.so");
	shell("objcopy --strip-debug a.so mini && xz --force mini && objcopy --strip-all "
	      "--add-section .gnu_debugdata=mini.xz a.so packed.so");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

static struct seep_allocators *table_with(const char *description)
{
	struct seep_allocators *allocators;
	const char *reason;

	assert_int_equal(seep_allocators_new(&allocators), 0);
	if (description)
		assert_int_equal(
			seep_allocators_add(allocators, description, SEEP_ROLE_ALLOC, &reason), 0);
	return allocators;
}

/* The names found in the file, in their order, each with a space behind it. */
static void search(const char *name, const char *description, char *ret_names, size_t size)
{
	struct seep_allocators *allocators = table_with(description);
	char path[PATH_MAX + 32];
	struct seep_search found;
	struct seep_image *image;
	size_t length = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &image), 0);
	assert_int_equal(seep_search_run(allocators, image, path, &our_root, &found), 0);
	ret_names[0] = '\0';
	for (size_t i = 0; i < found.count; i++)
		length += (size_t)snprintf(ret_names + length, size - length, "%s ",
					   found.list[i].allocator->name);
	if (found.rendezvous)
		snprintf(ret_names + length, size - length, "!");
	seep_search_done(&found);
	seep_image_close(image);
	seep_allocators_free(allocators);
	close(fd);
}

#define assert_found(name, description, expected)                                                  \
	do {                                                                                       \
		char found_names[512];                                                             \
		search(name, description, found_names, sizeof(found_names));                       \
		assert_string_equal(found_names, expected);                                        \
	} while (0)

static void test_tables(void **state)
{
	(void)state;
	/* calloc is an alias of malloc; the local free counts beside global names */
	assert_found("a.so", NULL, "malloc free mi_malloc !");
	assert_found("stripped.so", NULL, "malloc mi_malloc !");
	assert_found("packed.so", NULL, "malloc free mi_malloc !");
	assert_found("strangers.so", NULL, "");
	/* what is local counts beside global names for the same kind of objects only */
	assert_found("threads.so", NULL, "pthread_create pthread_join ");
}

static void test_separate_file(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_found("linked.so", NULL, "malloc free mi_malloc !");
}

/* What is refused for @reason, in the file @name. */
static size_t count_refused(const char *name, enum seep_distrust reason, const char *first)
{
	struct seep_allocators *allocators = table_with(NULL);
	char path[PATH_MAX + 32];
	struct seep_search found;
	struct seep_image *image;
	size_t count;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &image), 0);
	assert_int_equal(seep_search_run(allocators, image, path, &our_root, &found), 0);
	count = found.refused[reason].count;
	if (count)
		assert_string_equal(found.refused[reason].first->name, first);
	if (reason == SEEP_DISTRUST_DEBUG_FILE && count)
		assert_non_null(found.refused_path);
	seep_search_done(&found);
	seep_image_close(image);
	seep_allocators_free(allocators);
	close(fd);
	return count;
}

static void test_where_functions_begin(void **state)
{
	(void)state;
	/* free is inside malloc; nothing is said of calloc, and the symbol is the file's own */
	assert_found("places.so", NULL, "malloc calloc ");
	assert_int_equal(count_refused("places.so", SEEP_DISTRUST_NO_ENTRY, "free"), 1);
	/* of a debug file it is not enough */
	shell("objcopy --only-keep-debug a.so lying && "
	      "objcopy --add-symbol aligned_alloc=.text:3,function,global lying lying.debug && "
	      "objcopy --remove-section=.note.gnu.build-id --strip-all "
	      "--add-gnu-debuglink=lying.debug a.so lied_to.so");
	if (geteuid() != 0)
		skip();
	assert_found("lied_to.so", NULL, "malloc free mi_malloc !");
	assert_int_equal(count_refused("lied_to.so", SEEP_DISTRUST_NO_ENTRY, "aligned_alloc"), 1);
}

static void test_debug_files_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(count_refused("linked.so", SEEP_DISTRUST_DEBUG_FILE, ""), 0);
	shell("chown 12345 a.debug");
	/* free is local, so only the debug file has it */
	assert_found("linked.so", NULL, "malloc mi_malloc !");
	assert_int_equal(count_refused("linked.so", SEEP_DISTRUST_DEBUG_FILE, "free"), 1);
	shell("chown 0 a.debug && chmod 666 a.debug");
	assert_found("linked.so", NULL, "malloc mi_malloc !");
	shell("chmod 644 a.debug");
	assert_found("linked.so", NULL, "malloc free mi_malloc !");
}

static void test_functions_of_the_user(void **state)
{
	(void)state;
	assert_found("a.so", "hidden_get:size=arg1,ret=ptr", "hidden_get malloc free mi_malloc !");
	assert_found("packed.so", "hidden_get:size=arg1,ret=ptr",
		     "hidden_get malloc free mi_malloc !");
	assert_found("a.so", "mi_malloc:size=arg2,ret=ptr", "mi_malloc malloc free !");
	assert_found("a.so", "nothing:size=arg1,ret=ptr", "malloc free mi_malloc !");
}

static void test_names_of_cplusplus(void **state)
{
	(void)state;
	assert_found("plus.so", "store::Pool<char>::take:size=arg2,ret=ptr",
		     "store::Pool<char>::take ");
	assert_found("plus.so", "_ZN5store4takeEm:size=arg1,ret=ptr", "_ZN5store4takeEm ");
	/* all overloads */
	assert_found("plus.so", "store::take:size=arg1,ret=ptr", "store::take store::take ");
	assert_found("plus.so", "take:size=arg1,ret=ptr", "");
}

/* operator delete of the C++ library only goes on as free. */
static void test_forwarding(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6";
	struct seep_allocators *allocators = table_with(NULL);
	struct seep_search found;
	struct seep_image *image;
	size_t releases = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(seep_image_open(fd, &image), 0);
	assert_int_equal(seep_search_run(allocators, image, path, &our_root, &found), 0);
	assert_true(found.count >= 20);
	for (size_t i = 0; i < found.count; i++) {
		const struct seep_found *function = &found.list[i];

		assert_int_equal(function->allocator->family, SEEP_FAMILY_CXX);
		releases += function->allocator->role == SEEP_ROLE_FREE;
		assert_int_equal(seep_search_releases_at(allocators, image, &found,
							 function->address),
				 function->allocator->role == SEEP_ROLE_FREE);
		assert_false(
			seep_search_releases_at(allocators, image, &found, function->address + 1));
	}
	assert_int_equal(releases, 12);
	seep_search_done(&found);
	seep_image_close(image);
	seep_allocators_free(allocators);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_separate_file),
		cmocka_unit_test(test_where_functions_begin),
		cmocka_unit_test(test_debug_files_of_others),
		cmocka_unit_test(test_functions_of_the_user),
		cmocka_unit_test(test_names_of_cplusplus),
		cmocka_unit_test(test_forwarding),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
