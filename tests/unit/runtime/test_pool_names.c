// SPDX-License-Identifier: GPL-2.0-only
/* Which function may take back what another one hands out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/pool_names.h"

static bool has_partner(const char *function, const char *partner)
{
	char name[SEEP_POOL_NAME_MAX];

	for (size_t i = 0; seep_pool_partner(function, i, name); i++) {
		if (strcmp(name, partner) == 0)
			return true;
	}
	return false;
}

static void words_have_partners(void **state)
{
	(void)state;
	assert_true(has_partner("pool_get", "pool_put"));
	assert_true(has_partner("pool_get", "pool_release"));
	assert_true(has_partner("get_item", "put_item"));
	assert_true(has_partner("ngx_palloc", "ngx_pfree"));
	assert_true(has_partner("PyObject_Malloc", "PyObject_Free"));
	assert_true(has_partner("PoolGet", "PoolPut"));
	assert_true(has_partner("itemAcquire", "itemRelease"));
	assert_true(has_partner("kmem_cache_alloc", "kmem_cache_free"));
	assert_true(has_partner("conn_create", "conn_destroy"));
	/* The last of two. */
	assert_true(has_partner("get_pool_get", "get_pool_put"));
}

static void parts_of_other_words_have_none(void **state)
{
	char name[SEEP_POOL_NAME_MAX];

	(void)state;
	assert_false(seep_pool_partner("target", 0, name));
	assert_false(seep_pool_partner("renew_lease", 0, name));
	assert_false(seep_pool_partner("allocator_of", 0, name));
	assert_false(seep_pool_partner("", 0, name));
}

static void long_names_have_none(void **state)
{
	char function[2 * SEEP_POOL_NAME_MAX], name[SEEP_POOL_NAME_MAX];

	(void)state;
	memset(function, 'x', sizeof(function));
	strcpy(function + sizeof(function) - sizeof("_get"), "_get");
	assert_false(seep_pool_partner(function, 0, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_have_partners),
		cmocka_unit_test(parts_of_other_words_have_none),
		cmocka_unit_test(long_names_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
