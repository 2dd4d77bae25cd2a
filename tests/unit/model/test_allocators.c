// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions are traced, and the specifications of functions that users write (--alloc,
 * --free): each part, and each mistake with its sentence.
 */
#include "model/allocators.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct seep_allocators *new_table(void)
{
	struct seep_allocators *allocators;

	assert_int_equal(seep_allocators_new(&allocators), 0);
	return allocators;
}

static void test_no_name_twice(void **state)
{
	struct seep_allocators *allocators = new_table();
	size_t count = seep_allocators_count(allocators);

	(void)state;
	assert_true(count > 200);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(seep_allocators_at(allocators, i)->name,
				   seep_allocators_at(allocators, j)->name) == 0)
				fail_msg("%s twice", seep_allocators_at(allocators, i)->name);
		}
	}
	seep_allocators_free(allocators);
}

/* A function of threads is given one, or what it begins with. */
static bool fits_threads(const struct seep_allocator *allocator)
{
	bool creates = allocator->role == SEEP_ROLE_CREATE;

	return allocator->role >= SEEP_ROLE_CREATE && allocator->pointer_arg &&
	       !allocator->size_arg && !allocator->count_arg && (creates || !allocator->out_arg);
}

static bool fits_memory(const struct seep_allocator *allocator)
{
	bool takes = allocator->role == SEEP_ROLE_REALLOC ||
		     allocator->role == SEEP_ROLE_REALLOCF || allocator->role == SEEP_ROLE_RENEW ||
		     allocator->role == SEEP_ROLE_RESIZE || allocator->role == SEEP_ROLE_FREE;
	bool sized = allocator->role != SEEP_ROLE_FREE && allocator->role != SEEP_ROLE_STRING;

	return allocator->role < SEEP_ROLE_CREATE && takes == (allocator->pointer_arg != 0) &&
	       sized == (allocator->size_arg != 0 || allocator->bytes != 0) &&
	       (sized || (!allocator->count_arg && !allocator->out_arg));
}

/* What a role needs is there, what it does not know is not, and each argument has one meaning. */
static void check_arguments(const struct seep_allocator *allocator)
{
	const uint8_t arguments[] = {allocator->size_arg, allocator->count_arg,
				     allocator->pointer_arg, allocator->out_arg};

	for (size_t i = 0; i < sizeof(arguments); i++) {
		if (arguments[i] > SEEP_MAX_ARGUMENT)
			fail_msg("%s: argument %u", allocator->name, arguments[i]);
		for (size_t j = 0; j < i; j++) {
			bool pointer_and_out = j == 2 && i == 3;

			if (arguments[i] && arguments[i] == arguments[j] && !pointer_and_out)
				fail_msg("%s: argument %u has two meanings", allocator->name,
					 arguments[i]);
		}
	}
	if (allocator->kind == SEEP_KIND_THREAD ? !fits_threads(allocator) :
						  !fits_memory(allocator))
		fail_msg("%s: arguments and role do not fit", allocator->name);
}

static void test_arguments(void **state)
{
	struct seep_allocators *allocators = new_table();

	(void)state;
	for (size_t i = 0; i < seep_allocators_count(allocators); i++)
		check_arguments(seep_allocators_at(allocators, i));
	seep_allocators_free(allocators);
}

static void test_find(void **state)
{
	struct seep_allocators *allocators = new_table();
	const struct seep_allocator *found;

	(void)state;
	for (size_t i = 0; i < seep_allocators_count(allocators); i++) {
		const struct seep_allocator *allocator = seep_allocators_at(allocators, i);

		assert_ptr_equal(seep_allocators_find(allocators, allocator->name,
						      strlen(allocator->name)),
				 allocator);
	}
	found = seep_allocators_find(allocators, "free@@GLIBC_2.2.5", 4);
	assert_string_equal(found->name, "free");
	assert_int_equal(seep_allocator_num_args(found), 1);
	found = seep_allocators_find(allocators, "posix_memalign", 14);
	assert_int_equal(seep_allocator_num_args(found), 3);
	assert_null(seep_allocators_find(allocators, "fre", 3));
	assert_null(seep_allocators_find(allocators, "", 0));
	assert_null(seep_allocators_find(allocators, "freedom", 7));
	assert_null(seep_allocators_find(allocators, "zzz", 3));
	seep_allocators_free(allocators);
}

/* Only functions of the kinds that are traced are found. */
static void test_select(void **state)
{
	struct seep_allocators *allocators = new_table();

	(void)state;
	seep_allocators_select(allocators, SEEP_KIND_BIT(SEEP_KIND_THREAD));
	assert_int_equal(seep_allocators_find(allocators, "pthread_join", 12)->role,
			 SEEP_ROLE_JOIN);
	assert_null(seep_allocators_find(allocators, "malloc", 6));
	seep_allocators_select(allocators,
			       SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_KIND_BIT(SEEP_KIND_FD));
	assert_null(seep_allocators_find(allocators, "pthread_join", 12));
	assert_non_null(seep_allocators_find(allocators, "malloc", 6));
	seep_allocators_free(allocators);
}

/* A probe at the return costs more, and must not stand where an exception may pass. */
static void test_returns(void **state)
{
	(void)state;
	assert_true(seep_role_returns(SEEP_ROLE_ALLOC));
	assert_false(seep_role_returns(SEEP_ROLE_FREE));
	assert_true(seep_role_returns(SEEP_ROLE_CREATE));
	assert_false(seep_role_returns(SEEP_ROLE_JOIN));
	assert_true(seep_role_returns(SEEP_ROLE_TRYJOIN));
	assert_false(seep_role_returns(SEEP_ROLE_DETACH));
	assert_true(seep_role_throws(SEEP_ROLE_NEW));
	assert_true(seep_role_throws(SEEP_ROLE_RENEW));
	assert_false(seep_role_throws(SEEP_ROLE_ALLOC));
	assert_false(seep_role_throws(SEEP_ROLE_REALLOC));
}

struct example {
	const char *text;
	enum seep_role role; /* asked for */
	struct seep_allocator expected;
};

static const struct example good[] = {
	{"pool_get:size=arg2,ret=ptr",
	 SEEP_ROLE_ALLOC,
	 {"pool_get", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 2, 0, 0, 0, SEEP_KIND_MEMORY, false, 0}},
	{"f:ret=ptr,count=arg1,size=arg6",
	 SEEP_ROLE_ALLOC,
	 {"f", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 6, 1, 0, 0, SEEP_KIND_MEMORY, false, 0}},
	{"f:size=arg1,out=arg2",
	 SEEP_ROLE_ALLOC,
	 {"f", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 1, 0, 0, 2, SEEP_KIND_MEMORY, false, 0}},
	{"f:ptr=arg1,size=arg3,count=arg2,ret=ptr",
	 SEEP_ROLE_ALLOC,
	 {"f", SEEP_FAMILY_USER, SEEP_ROLE_REALLOC, 3, 2, 1, 0, SEEP_KIND_MEMORY, false, 0}},
	{"f:ptr=arg1,size=arg2,out=arg1",
	 SEEP_ROLE_ALLOC,
	 {"f", SEEP_FAMILY_USER, SEEP_ROLE_REALLOC, 2, 0, 1, 1, SEEP_KIND_MEMORY, false, 0}},
	{"store::Pool<char>::take:size=arg2,ret=ptr",
	 SEEP_ROLE_ALLOC,
	 {"store::Pool<char>::take", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 2, 0, 0, 0,
	  SEEP_KIND_MEMORY, false, 0}},
	{"item_get:size=4294967295,ret=ptr",
	 SEEP_ROLE_ALLOC,
	 {"item_get", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 0, 0, 0, 0, SEEP_KIND_MEMORY, false,
	  UINT32_MAX}},
	{"items_get:count=arg1,size=24,ret=ptr",
	 SEEP_ROLE_ALLOC,
	 {"items_get", SEEP_FAMILY_USER, SEEP_ROLE_ALLOC, 0, 1, 0, 0, SEEP_KIND_MEMORY, false, 24}},
	{"pool_put:ptr=arg4",
	 SEEP_ROLE_FREE,
	 {"pool_put", SEEP_FAMILY_USER, SEEP_ROLE_FREE, 0, 0, 4, 0, SEEP_KIND_MEMORY, false, 0}},
};

static void test_good_descriptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct seep_allocator *expected = &good[i].expected, *found;
		struct seep_allocators *allocators = new_table();
		const char *reason = NULL;

		if (seep_allocators_add(allocators, good[i].text, good[i].role, &reason))
			fail_msg("%s: %s", good[i].text, reason);
		assert_int_equal(seep_allocators_num_user(allocators), 1);
		found = seep_allocators_at(allocators, 0);
		assert_string_equal(found->name, expected->name);
		assert_int_equal(found->family, SEEP_FAMILY_USER);
		assert_int_equal(found->role, expected->role);
		assert_int_equal(found->size_arg, expected->size_arg);
		assert_int_equal(found->count_arg, expected->count_arg);
		assert_int_equal(found->pointer_arg, expected->pointer_arg);
		assert_int_equal(found->out_arg, expected->out_arg);
		assert_int_equal(found->bytes, expected->bytes);
		check_arguments(found);
		seep_allocators_free(allocators);
	}
}

static const struct {
	const char *text;
	enum seep_role role;
} bad[] = {
	{"", SEEP_ROLE_ALLOC},
	{"f", SEEP_ROLE_ALLOC},
	{"f:", SEEP_ROLE_ALLOC},
	{":size=arg1,ret=ptr", SEEP_ROLE_ALLOC},
	{"a::b", SEEP_ROLE_ALLOC},
	{"f:size", SEEP_ROLE_ALLOC},
	{"f:size=", SEEP_ROLE_ALLOC},
	{"f:size=arg,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg0,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg7,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg11,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=0,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=1x,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=-1,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=4294967296,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=8,size=arg1,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1,size=8,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=8,size=8,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1", SEEP_ROLE_ALLOC},
	{"f:ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1,ret=size", SEEP_ROLE_ALLOC},
	{"f:size=arg1,ret=ptr,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1,out=arg2,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1,size=arg2,ret=ptr", SEEP_ROLE_ALLOC},
	{"f:size=arg1,ret=ptr,", SEEP_ROLE_ALLOC},
	{"f:size=arg1,ret=ptr,colour=arg2", SEEP_ROLE_ALLOC},
	{"f:", SEEP_ROLE_FREE},
	{"f:size=arg1", SEEP_ROLE_FREE},
	{"f:ptr=arg1,size=arg2", SEEP_ROLE_FREE},
	{"f:ptr=ptr", SEEP_ROLE_FREE},
};

static void test_bad_descriptions(void **state)
{
	struct seep_allocators *allocators = new_table();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *reason = NULL;

		if (seep_allocators_add(allocators, bad[i].text, bad[i].role, &reason) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i].text);
		assert_non_null(reason);
	}
	assert_int_equal(seep_allocators_num_user(allocators), 0);
	seep_allocators_free(allocators);
}

/* The user may describe a known function anew, but none twice. */
static void test_precedence(void **state)
{
	struct seep_allocators *allocators = new_table();
	const char *reason = NULL;

	(void)state;
	assert_int_equal(seep_allocators_add(allocators, "malloc:size=arg2,ret=ptr",
					     SEEP_ROLE_ALLOC, &reason),
			 0);
	assert_int_equal(seep_allocators_find(allocators, "malloc", 6)->size_arg, 2);
	assert_int_equal(seep_allocators_add(allocators, "malloc:ptr=arg1", SEEP_ROLE_FREE,
					     &reason),
			 -EINVAL);
	assert_string_equal(reason, "the function is given twice");
	seep_allocators_free(allocators);
}

static void test_families(void **state)
{
	(void)state;
	for (int i = 0; i < SEEP_FAMILY_COUNT; i++)
		assert_true(strlen(seep_family_text((enum seep_family)i)) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_name_twice),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_returns),
		cmocka_unit_test(test_good_descriptions),
		cmocka_unit_test(test_bad_descriptions),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
