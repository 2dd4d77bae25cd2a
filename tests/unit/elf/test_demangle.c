// SPDX-License-Identifier: GPL-2.0-only
#include "elf/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *name, const char *expected)
{
	char *text = seep_demangle(name);

	if (expected) {
		assert_non_null(text);
		assert_string_equal(text, expected);
	} else {
		assert_null(text);
	}
	free(text);
}

static void test_cxx(void **state)
{
	(void)state;
	expect("_Znwm", "operator new(unsigned long)");
	expect("_Z3fooiPKc", "foo(int, char const*)");
	expect("_ZNSt6vectorIiSaIiEE9push_backERKi",
	       "std::vector<int, std::allocator<int> >::push_back(int const&)");
	expect("_ZN5cache4LineC2Ev", "cache::Line::Line()");
	expect("_Z3foov.constprop.0", "foo() [clone .constprop.0]");
}

static void test_rust(void **state)
{
	(void)state;
	expect("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
	expect("_ZN5alloc5alloc15exchange_malloc17hfedcba9876543210E",
	       "alloc::alloc::exchange_malloc");
	expect("_RNvC4main3run", "main::run");
}

static void test_d(void **state)
{
	(void)state;
	expect("_D3std5stdio7writelnFZv", "std.stdio.writeln()");
}

static void test_not_mangled(void **state)
{
	(void)state;
	expect("", NULL);
	expect("malloc", NULL);
	expect("_", NULL);
	expect("_start", NULL);
	expect("_Z", NULL);
	expect("_ZN3foo", NULL);
	expect("_R", NULL);
	expect("_D", NULL);
	expect("main._Z3foov", NULL);
}

/* Each parameter is a pair of the one before it: the output doubles with every one. */
static void test_explosion(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[1024] = "_Z1f1AIiE";
	size_t length = strlen(name);

	(void)state;
	for (size_t i = 0; i < 34; i++)
		length += (size_t)snprintf(name + length, sizeof(name) - length, "S_IS%c_S%c_E",
					   digits[i], digits[i]);
	expect(name, NULL);
}

static void test_explosion_d(void **state)
{
	char name[1024] = "_D1a1fFHii";

	(void)state;
	for (size_t i = 0; i < 60; i++)
		strcat(name, "HQcQe");
	strcat(name, "Zv");
	expect(name, NULL);
}

static void test_long_name(void **state)
{
	size_t length = 70000;
	char *name = malloc(length + 1);

	(void)state;
	assert_non_null(name);
	memset(name, 'a', length);
	memcpy(name, "_Z69000", 7);
	name[length] = '\0';
	expect(name, NULL);
	free(name);
}

/*
 * Whatever a symbol table holds: an answer, in bounded time, and no overrun under the sanitizers.
 */
static void test_random(void **state)
{
	static const char alphabet[] = "_ZRDNSIEKPcivFHQst0123456789LXTpJ.$u";
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char name[128] = "_Z";
		size_t length;

		random = random * 1664525 + 1013904223;
		length = 2 + random % (sizeof(name) - 3);
		name[1] = "ZRDG"[random >> 30];
		for (size_t i = 2; i < length; i++) {
			random = random * 1664525 + 1013904223;
			name[i] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
		}
		name[length] = '\0';
		free(seep_demangle(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cxx),	  cmocka_unit_test(test_rust),
		cmocka_unit_test(test_d),	  cmocka_unit_test(test_not_mangled),
		cmocka_unit_test(test_explosion), cmocka_unit_test(test_explosion_d),
		cmocka_unit_test(test_long_name), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
