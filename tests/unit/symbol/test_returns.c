// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of many shapes, by gcc and clang at several levels: how their returns are seen. That no
 * return instruction is missed is checked against objdump.
 */
#include "symbol/returns.h"

#include <errno.h>

#include "compile.h"
#include "effort.h"

static char directory[PATH_MAX];

static const struct seep_root our_root = SEEP_ROOT_OURS;

/* Replaced operators, as programs have them, with and without malloc. */
static const char plusplus[] =
	"#include <cstddef>\n#include <cstdlib>\n#include <new>\n"
	"extern \"C\" int printf(const char *, ...);\n"
	"static size_t budget = 100, used; static char arena[1000];\n"
	"#ifdef PLAIN\n"
	"void *operator new(size_t n)\n"
	"{ void *p; while (!(p = malloc(n ? n : 1))) { auto h = std::get_new_handler();\n"
	"  if (!h) throw std::bad_alloc(); h(); } return p; }\n"
	"#elif defined BUDGET\n"
	"void *operator new(size_t n)\n"
	"{ if (used + n > budget) throw std::bad_alloc(); void *p = malloc(n);\n"
	"  if (!p) throw std::bad_alloc(); used += n; printf(\"%zu\", n); return p; }\n"
	"#elif defined HELPER\n"
	"__attribute__((noinline)) static void *helper(size_t n) { void *p = malloc(n);\n"
	"  if (p) used += n; return p; }\n"
	"void *operator new(size_t n)\n"
	"{ void *p = helper(n); if (!p) throw std::bad_alloc(); return p; }\n"
	"#elif defined HEADER\n" /* of its own in front of each block */
	"void *operator new(size_t n)\n"
	"{ size_t *p = (size_t *)malloc(n + 16); if (!p) throw std::bad_alloc(); *p = n; return p + 2; }\n"
	"#elif defined MIXED\n"
	"void *operator new(size_t n)\n"
	"{ if (n < 64 && used + n < sizeof(arena)) return arena + (used += n);\n"
	"  void *p = malloc(n); if (!p) throw std::bad_alloc(); return p; }\n"
	"#elif defined ARENA\n"
	"void *operator new(size_t n)\n"
	"{ if (used + n > sizeof(arena)) throw std::bad_alloc(); return arena + (used += n); }\n"
	"#endif\n"
	"void *operator new[](size_t n) { return operator new(n); }\n"
	"void *operator new(size_t n, const std::nothrow_t &) noexcept\n"
	"{ try { return operator new(n); } catch (...) { return nullptr; } }\n";

/* Functions of the user; what their names say. */
static const char pool[] =
	"#include <stddef.h>\n#include <stdlib.h>\n#include <setjmp.h>\n"
	"static char arena[65536]; static size_t used; jmp_buf out; void *(*hook)(size_t);\n"
	"__attribute__((cold, noinline)) static void *refill(size_t n) { used = 0; return n ? arena : 0; }\n"
	"void *pool_plain(size_t n) { return arena + (used += n); }\n"
	"void *pool_branches(size_t n)\n"
	"{ if (!n) return 0; if (n > 1000) return arena; if (n & 1) { used++; return arena + n; }\n"
	"  return arena + used; }\n"
	"void *pool_refill(size_t n) { if (used + n > sizeof(arena)) return refill(n); return arena + n; }\n"
	"void *pool_switch(size_t n)\n"
	"{ switch (n) { case 1: return arena + 7; case 2: return arena + used; case 3: used++; return 0;\n"
	"  case 4: return arena + 11; case 5: used += 9; return arena; case 6: return &used;\n"
	"  case 7: used = 3; return arena + 1; default: return arena + 99; } }\n"
	"void *pool_wraps(size_t n) { return malloc(n + 8); }\n"
	"void *pool_hook(size_t n) { return hook(n); }\n"
	"void *pool_elsewhere(size_t n) { return (void *)(size_t)strtoul((char *)n, 0, 10); }\n"
	"void *pool_jumps(size_t n) { if (n > 100) longjmp(out, 1); return arena + n; }\n"
	"_Noreturn void *pool_never(size_t n) { longjmp(out, (int)n); }\n";

static int setup(void **state)
{
	(void)state;
	enter_directory(directory);
	write_text("plus.cc", plusplus);
	write_text("pool.c", pool);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

struct file {
	struct seep_allocators *allocators;
	struct seep_image *image;
	struct seep_search search;
	struct seep_returns *returns;
};

static void open_file(struct file *file, const char *path, const char *const *names)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(seep_allocators_new(&file->allocators), 0);
	for (; names && *names; names++) {
		const char *reason;
		char text[128];

		snprintf(text, sizeof(text), "%s:size=arg1,ret=ptr", *names);
		assert_int_equal(
			seep_allocators_add(file->allocators, text, SEEP_ROLE_ALLOC, &reason), 0);
	}
	assert_int_equal(seep_image_open(fd, &file->image), 0);
	close(fd);
	assert_int_equal(
		seep_search_run(file->allocators, file->image, path, &our_root, &file->search), 0);
	assert_int_equal(
		seep_returns_new(file->allocators, file->image, &file->search, &file->returns), 0);
}

static void close_file(struct file *file)
{
	seep_returns_free(file->returns);
	seep_search_done(&file->search);
	seep_image_close(file->image);
	seep_allocators_free(file->allocators);
}

static const struct seep_found *find(const struct file *file, const char *name)
{
	for (size_t i = 0; i < file->search.count; i++) {
		if (strcmp(file->search.list[i].allocator->name, name) == 0)
			return &file->search.list[i];
	}
	fail_msg("no function %s", name);
	return NULL;
}

static void look(const struct file *file, const char *name, struct seep_return *ret_return)
{
	assert_int_equal(seep_returns_of(file->returns, find(file, name), ret_return), 0);
}

static bool has_exit(const struct seep_return *how, uint64_t address)
{
	for (size_t i = 0; i < how->exits.count; i++) {
		if (how->exits.addresses[i] == address)
			return true;
	}
	return false;
}

/* Every ret that objdump shows in the function is among the exits. */
static void check_against_objdump(const struct file *file, const char *path, const char *name,
				  const struct seep_return *how)
{
	const struct seep_found *found = find(file, name);
	char command[512];
	FILE *lines;
	unsigned long long address;
	size_t count = 0;

	snprintf(command, sizeof(command),
		 "objdump -d --no-show-raw-insn --start-address=%#llx --stop-address=%#llx %s | "
		 "sed -nE 's/^ *([0-9a-f]+):\t(repz |bnd )?ret.*/\\1/p'",
		 (unsigned long long)found->address,
		 (unsigned long long)(found->address + found->size), path);
	lines = popen(command, "r");
	assert_non_null(lines);
	while (fscanf(lines, "%llx", &address) == 1) {
		if (!has_exit(how, address))
			fail_msg("%s: the return at %#llx was not found", name, address);
		count++;
	}
	assert_int_equal(pclose(lines), 0);
	assert_true(count > 0 || how->exits.num_tails > 0 || how->exits.count > 0);
}

static const char *const levels[] = {
	"g++ -O2",
	"g++ -O1",
	"g++ -O0",
	"g++ -O3",
	"g++ -Os",
	"clang++ -O2",
	"g++ -O2 -fcf-protection",
	"clang++ -O0",
};

static void each_level(const char *define, enum seep_return_way expected)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i += effort(1, 5)) {
		struct seep_return how;
		struct file file;

		shell("%s -w -std=c++17 -fPIC -shared -D%s plus.cc -o plus.so", levels[i], define);
		open_file(&file, "plus.so", NULL);
		look(&file, "_Znwm", &how);
		if (how.way != expected)
			fail_msg("%s -D%s: way %d, %s", levels[i], define, how.way,
				 how.exits.reason ? how.exits.reason : "");
		if (how.way == SEEP_RETURN_EXITS)
			check_against_objdump(&file, "plus.so", "_Znwm", &how);
		/* whatever operator new gives out was counted there */
		look(&file, "_Znam", &how);
		/* or operator new is inlined in it */
		if (how.way != SEEP_RETURN_PASSED && how.way != expected)
			fail_msg("%s -D%s: new[] has way %d", levels[i], define, how.way);
		look(&file, "_ZnwmRKSt9nothrow_t", &how);
		if (how.way != SEEP_RETURN_PASSED && how.way != expected)
			fail_msg("%s -D%s: new(nothrow) has way %d", levels[i], define, how.way);
		close_file(&file);
	}
}

static void new_that_passes_on_what_malloc_made(void **state)
{
	(void)state;
	each_level("PLAIN", SEEP_RETURN_PASSED);
}

static void new_with_a_budget_passes_it_on_too(void **state)
{
	(void)state;
	each_level("BUDGET", SEEP_RETURN_PASSED);
}

static void new_by_a_helper_function(void **state)
{
	(void)state;
	each_level("HELPER", SEEP_RETURN_PASSED);
}

static void new_with_headers_gives_out_something_else(void **state)
{
	(void)state;
	each_level("HEADER", SEEP_RETURN_EXITS);
}

static void new_that_uses_malloc_sometimes(void **state)
{
	(void)state;
	each_level("MIXED", SEEP_RETURN_EXITS);
}

static void new_with_memory_of_its_own(void **state)
{
	(void)state;
	each_level("ARENA", SEEP_RETURN_EXITS);
}

static void check_library(const char *path, const char *name, enum seep_return_way expected)
{
	struct seep_return how;
	struct file file;

	if (access(path, R_OK) != 0) {
		print_message("%s is not here\n", path);
		return;
	}
	open_file(&file, path, NULL);
	look(&file, name, &how);
	if (how.way != expected)
		fail_msg("%s of %s: way %d, %s", name, path, how.way,
			 how.exits.reason ? how.exits.reason : "");
	if (how.way == SEEP_RETURN_EXITS)
		check_against_objdump(&file, path, name, &how);
	close_file(&file);
}

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

static void libraries_of_the_system(void **state)
{
	(void)state;
	check_library(LIBRARIES "libstdc++.so.6", "_Znwm", SEEP_RETURN_PASSED);
	check_library(LIBRARIES "libstdc++.so.6", "_Znam", SEEP_RETURN_PASSED);
	check_library(LIBRARIES "libstdc++.so.6", "_ZnwmSt11align_val_t", SEEP_RETURN_PASSED);
	check_library(LIBRARIES "libstdc++.so.6", "_ZnwmRKSt9nothrow_t", SEEP_RETURN_PASSED);
	check_library(LIBRARIES "libc.so.6", "malloc", SEEP_RETURN_PROBE);
	check_library(LIBRARIES "libc.so.6", "free", SEEP_RETURN_UNUSED);
	check_library(LIBRARIES "libc.so.6", "pthread_create", SEEP_RETURN_EXITS);
	check_library(LIBRARIES "libc.so.6", "pthread_timedjoin_np", SEEP_RETURN_EXITS);
	check_library(LIBRARIES "libc.so.6", "pthread_join", SEEP_RETURN_UNUSED);
	check_library(LIBRARIES "libjemalloc.so.2", "_Znwm", SEEP_RETURN_EXITS);
	check_library(LIBRARIES "libtcmalloc_minimal.so.4", "_Znwm", SEEP_RETURN_EXITS);
	check_library(LIBRARIES "libmimalloc.so.2", "_Znwm", SEEP_RETURN_EXITS);
	check_library(LIBRARIES "libmimalloc.so.2", "mi_new_reallocn", SEEP_RETURN_EXITS);
}

struct expectation {
	const char *name;
	enum seep_return_way way;
	const char *level; /* with which it is so; NULL: with all */
};

static const struct expectation expectations[] = {
	{"pool_plain", SEEP_RETURN_EXITS, NULL},
	{"pool_branches", SEEP_RETURN_EXITS, NULL},
	{"pool_refill", SEEP_RETURN_EXITS, NULL},
	{"pool_switch", SEEP_RETURN_EXITS, NULL},
	{"pool_wraps", SEEP_RETURN_EXITS, NULL},
	{"pool_jumps", SEEP_RETURN_EXITS, NULL},
	{"pool_never", SEEP_RETURN_UNSEEN, NULL},
	{"pool_hook", SEEP_RETURN_EXITS, "gcc -O0"},
	{"pool_hook", SEEP_RETURN_UNSEEN, "gcc -O2"},
	{"pool_elsewhere", SEEP_RETURN_EXITS, "gcc -O0"},
	{"pool_elsewhere", SEEP_RETURN_UNSEEN, "gcc -O2"},
};

static const char *const pool_names[] = {
	"pool_plain", "pool_branches",	"pool_refill", "pool_switch", "pool_wraps",
	"pool_hook",  "pool_elsewhere", "pool_jumps",  "pool_never",  NULL,
};

static void functions_of_the_user(void **state)
{
	static const char *const compilers[] = {
		"gcc -O0",	    "gcc -O1",	       "gcc -O2",
		"gcc -O3",	    "gcc -Os",	       "gcc -O2 -fcf-protection",
		"gcc -O2 -fno-plt", "gcc -O2 -static", "clang -O0",
		"clang -O2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(compilers) / sizeof(compilers[0]); i++) {
		bool is_static = strstr(compilers[i], "-static");
		struct file file;

		shell("echo 'int main(void) { return 0; }' > main.c");
		shell("%s -w %s pool.c %s -o pool.so", compilers[i],
		      is_static ? "" : "-fPIC -shared", is_static ? "main.c" : "");
		open_file(&file, "pool.so", pool_names);
		for (size_t j = 0; j < sizeof(expectations) / sizeof(expectations[0]); j++) {
			const struct expectation *expected = &expectations[j];
			struct seep_return how;

			if (expected->level && strcmp(expected->level, compilers[i]) != 0)
				continue;
			look(&file, expected->name, &how);
			if (how.way != expected->way)
				fail_msg("%s: %s: way %d, %s", compilers[i], expected->name,
					 how.way, how.exits.reason ? how.exits.reason : "");
			if (how.way == SEEP_RETURN_EXITS)
				check_against_objdump(&file, "pool.so", expected->name, &how);
			else
				assert_non_null(how.exits.reason);
		}
		close_file(&file);
	}
}

static void wrapper_ends_in_a_jump_to_malloc(void **state)
{
	struct seep_return how;
	struct file file;
	const char *name;

	(void)state;
	shell("gcc -w -O2 -fPIC -shared pool.c -o pool.so");
	open_file(&file, "pool.so", pool_names);
	look(&file, "pool_wraps", &how);
	assert_int_equal(how.way, SEEP_RETURN_EXITS);
	assert_int_equal(how.exits.count, 0);
	assert_int_equal(how.exits.num_tails, 1);
	look(&file, "pool_elsewhere", &how);
	assert_int_equal(how.way, SEEP_RETURN_UNSEEN);
	name = how.leads_to;
	assert_non_null(name);
	assert_non_null(strstr(name, "strtoul"));
	close_file(&file);
}

static void stripped_functions_have_extents(void **state)
{
	struct seep_extents extents;
	const struct seep_range *range;
	struct seep_return how;
	struct file file;

	(void)state;
	shell("gcc -w -O2 -fPIC -shared pool.c -o pool.so && strip pool.so");
	open_file(&file, "pool.so", pool_names);
	look(&file, "pool_refill", &how);
	assert_int_equal(how.way, SEEP_RETURN_EXITS);
	/* The cold part has no symbol any more: it returns at a place outside the function. */
	assert_true(how.exits.count > 1);
	assert_int_equal(seep_extents_read(file.image, &extents), 0);
	for (size_t i = 0; i < file.search.count; i++) {
		range = seep_extents_find(&extents, file.search.list[i].address);
		assert_non_null(range);
		assert_int_equal(range->start, file.search.list[i].address);
	}
	assert_null(seep_extents_find(&extents, 0));
	assert_null(seep_extents_find(&extents, UINT64_MAX));
	seep_extents_done(&extents);
	close_file(&file);
}

/* As musl's functions are: without unwind information, and one goes on as the other by a jump. */
static void symbols_stand_in_for_unwind_information(void **state)
{
	struct seep_return how;
	struct file file;

	(void)state;
	shell("gcc -w -O2 -fPIC -shared -fno-asynchronous-unwind-tables -fno-unwind-tables "
	      "-fvisibility=hidden pool.c -o pool.so");
	open_file(&file, "pool.so", pool_names);
	look(&file, "pool_refill", &how);
	assert_int_equal(how.way, SEEP_RETURN_EXITS);
	/* Its cold part is one more function, which returns as well. */
	assert_true(how.exits.count > 1);
	close_file(&file);
	shell("strip pool.so");
	open_file(&file, "pool.so", NULL);
	assert_int_equal(file.search.count, 0);
	close_file(&file);
}

static void user_may_ask_for_return_probes(void **state)
{
	struct seep_allocators *allocators;
	const char *reason;

	(void)state;
	assert_int_equal(seep_allocators_new(&allocators), 0);
	assert_int_equal(seep_allocators_add(allocators, "a:size=arg1,ret=ptr,via=retprobe",
					     SEEP_ROLE_ALLOC, &reason),
			 0);
	assert_int_equal(seep_allocators_add(allocators, "b:size=arg1,ret=ptr,via=exits",
					     SEEP_ROLE_ALLOC, &reason),
			 0);
	assert_int_equal(seep_allocators_add(allocators, "c:size=arg1,ret=ptr,via=magic",
					     SEEP_ROLE_ALLOC, &reason),
			 -EINVAL);
	assert_true(seep_allocators_at(allocators, 0)->return_probe);
	assert_false(seep_allocators_at(allocators, 1)->return_probe);
	seep_allocators_free(allocators);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_that_passes_on_what_malloc_made),
		cmocka_unit_test(new_with_a_budget_passes_it_on_too),
		cmocka_unit_test(new_by_a_helper_function),
		cmocka_unit_test(new_with_headers_gives_out_something_else),
		cmocka_unit_test(new_that_uses_malloc_sometimes),
		cmocka_unit_test(new_with_memory_of_its_own),
		cmocka_unit_test(libraries_of_the_system),
		cmocka_unit_test(functions_of_the_user),
		cmocka_unit_test(wrapper_ends_in_a_jump_to_malloc),
		cmocka_unit_test(stripped_functions_have_extents),
		cmocka_unit_test(symbols_stand_in_for_unwind_information),
		cmocka_unit_test(user_may_ask_for_return_probes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
