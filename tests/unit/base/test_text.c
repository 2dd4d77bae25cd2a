// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text of other programs, made harmless for a terminal and cut to a number of columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"

#define R "\xef\xbf\xbd" /* U+FFFD */

static void assert_clean(const char *text, size_t length, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *exact = NULL;

	/* In memory that ends with the text, so that the sanitizer sees a byte read too far. */
	if (length == SIZE_MAX) {
		exact = strdup(text);
	} else {
		exact = malloc(length ? length : 1);
		if (exact)
			memcpy(exact, text, length);
	}
	assert_non_null(exact);
	seep_text_append_clean(&buffer, exact, length);
	assert_int_equal(buffer.error, 0);
	assert_string_equal(buffer.data, expected);
}

static void harmless_text_is_kept(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		" ~plain ASCII~ ",
		"\xc2\xa0",	      /* U+00A0, first behind C1 */
		"\xdf\xbf",	      /* U+07FF, last of two bytes */
		"\xe0\xa0\x80",	      /* U+0800, first of three */
		"\xed\x9f\xbf",	      /* U+D7FF, last before the surrogates */
		"\xee\x80\x80",	      /* U+E000, first behind them */
		"\xef\xbf\xbf",	      /* U+FFFF */
		"\xf0\x90\x80\x80",   /* U+10000, first of four */
		"\xf4\x8f\xbf\xbf",   /* U+10FFFF, last of all */
		"\xe2\x80\x8d",	      /* U+200D, next to the bidi marks */
		"\xe2\x80\xaf",	      /* U+202F */
		"\xe2\x81\xa5",	      /* U+2065 */
		"\xe2\x81\xaa",	      /* U+206A */
		"gr\xc3\xbc\xc3\x9f", /* gruess */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_clean(texts[i], SIZE_MAX, texts[i]);
}

static void control_characters_are_replaced(void **state)
{
	(void)state;
	for (int c = 1; c < 0x20; c++) {
		char text[] = {'a', (char)c, 'b', '\0'};

		assert_clean(text, SIZE_MAX, "a" R "b");
	}
	for (int c = 0x80; c < 0xa0; c++) { /* C1, as two bytes */
		char text[] = {'a', '\xc2', (char)c, 'b', '\0'};

		assert_clean(text, SIZE_MAX, "a" R "b");
	}
	assert_clean("\x7f", SIZE_MAX, R);
	assert_clean("\x1b[31mred\x1b[0m", SIZE_MAX, R "[31mred" R "[0m");
	assert_clean("a\0b", 3, "a" R "b");
}

static void separators_and_bidi_controls_are_replaced(void **state)
{
	static const char *const texts[] = {
		"\xd8\x9c",			/* U+061C */
		"\xe2\x80\x8e",			/* U+200E */
		"\xe2\x80\x8f", "\xe2\x80\xa8", /* U+2028 */
		"\xe2\x80\xa9", "\xe2\x80\xaa", /* U+202A */
		"\xe2\x80\xae", "\xe2\x81\xa6", /* U+2066 */
		"\xe2\x81\xa9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_clean(texts[i], SIZE_MAX, R);
}

static void malformed_bytes_are_replaced_one_by_one(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
		{"\x80", R},			     /* continuation alone */
		{"\xbf\xbf", R R},		     /* */
		{"\xc0\x80", R R},		     /* overlong NUL */
		{"\xc1\xbf", R R},		     /* overlong DEL */
		{"\xe0\x9f\xbf", R R R},	     /* overlong U+07FF */
		{"\xf0\x8f\xbf\xbf", R R R R},	     /* overlong U+FFFF */
		{"\xed\xa0\x80", R R R},	     /* U+D800 */
		{"\xed\xbf\xbf", R R R},	     /* U+DFFF */
		{"\xf4\x90\x80\x80", R R R R},	     /* U+110000 */
		{"\xf5\x80\x80\x80", R R R R},	     /* */
		{"\xf8\x88\x80\x80\x80", R R R R R}, /* five bytes, of RFC 2279 */
		{"\xfe\xff", R R},		     /* */
		{"\xe2\x82", R R},		     /* cut off */
		{"\xe2\x82zw", R R "zw"},	     /* the byte that breaks it is kept */
		{"\xe2\xc3\xa4", R "\xc3\xa4"},	     /* ... also if it begins a character */
		{"\xf0\x9f\x98", R R R},	     /* */
		{"ok\xffok", "ok" R "ok"},	     /* */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_clean(cases[i].text, SIZE_MAX, cases[i].expected);
}

static void length_bounds_the_text(void **state)
{
	(void)state;
	assert_clean("abc", 0, "");
	assert_clean("abc", 2, "ab");
	assert_clean("\xe2\x82\xac", 3, "\xe2\x82\xac");
	assert_clean("\xe2\x82\xac", 2, R R);
	assert_clean("\xe2\x82\xac", 1, R);
}

static void clean_dup_is_a_copy(void **state)
{
	SEEP_AUTO_FREE char *clean = seep_text_clean_dup("a\nb");
	SEEP_AUTO_FREE char *empty = seep_text_clean_dup("");

	(void)state;
	assert_string_equal(clean, "a" R "b");
	assert_string_equal(empty, "");
}

static void columns_are_code_points(void **state)
{
	(void)state;
	assert_int_equal(seep_text_columns(""), 0);
	assert_int_equal(seep_text_columns("abc"), 3);
	assert_int_equal(seep_text_columns("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void assert_elided(const char *text, size_t columns, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	seep_text_append_elided(&buffer, text, columns);
	assert_string_equal(buffer.data, expected);
	assert_true(seep_text_columns(buffer.data) <= columns);
}

static void elided_keeps_both_ends(void **state)
{
	(void)state;
	assert_elided("", 0, "");
	assert_elided("abcdefgh", 0, "");
	assert_elided("abcdefgh", 1, "\xe2\x80\xa6");
	assert_elided("abcdefgh", 2, "a\xe2\x80\xa6");
	assert_elided("abcdefgh", 3, "a\xe2\x80\xa6h");
	assert_elided("abcdefgh", 6, "abc\xe2\x80\xa6gh");
	assert_elided("abcdefgh", 7,
		      "abc\xe2\x80\xa6"
		      "fgh");
	assert_elided("abcdefgh", 8, "abcdefgh");
	assert_elided("abcdefgh", SIZE_MAX, "abcdefgh");
	assert_elided("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xe2\x82\xac", 3,
		      "\xc3\xa4\xe2\x80\xa6\xe2\x82\xac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harmless_text_is_kept),
		cmocka_unit_test(control_characters_are_replaced),
		cmocka_unit_test(separators_and_bidi_controls_are_replaced),
		cmocka_unit_test(malformed_bytes_are_replaced_one_by_one),
		cmocka_unit_test(length_bounds_the_text),
		cmocka_unit_test(clean_dup_is_a_copy),
		cmocka_unit_test(columns_are_code_points),
		cmocka_unit_test(elided_keeps_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
