// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes, durations and counts, from text and to text, at the limits of rounding and of 64 bits.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define UNTOUCHED 0x5eedULL

#define S SEEP_NS_PER_S

struct parse_case {
	const char *text;
	int error;
	uint64_t value;
};

static void assert_parsed(int (*parse)(const char *text, uint64_t *ret_value),
			  const struct parse_case *cases, size_t num_cases)
{
	for (size_t i = 0; i < num_cases; i++) {
		uint64_t value = UNTOUCHED;
		int error = parse(cases[i].text, &value);
		uint64_t expected = cases[i].error ? UNTOUCHED : cases[i].value;

		if (error != cases[i].error || value != expected)
			fail_msg("\"%s\": %d, %llu instead of %d, %llu", cases[i].text, error,
				 (unsigned long long)value, cases[i].error,
				 (unsigned long long)expected);
	}
}

static void sizes_are_parsed(void **state)
{
	static const struct parse_case cases[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"007", 0, 7},
		{"512B", 0, 512},
		{"1K", 0, 1024},
		{"1k", 0, 1024},
		{"1KB", 0, 1024},
		{"1KiB", 0, 1024},
		{"64m", 0, 64 << 20},
		{"3G", 0, 3ULL << 30},
		{"2TiB", 0, 2ULL << 40},
		{"0.5M", 0, 512 << 10},
		{"1.5K", 0, 1536},
		{"0.001K", 0, 1}, /* 1.024 bytes, cut */
		{"0.3333333333333333333333333333K", 0, 341},
		{"0.99999999999999999999999T", 0, (1ULL << 40) - 1},
		{"18446744073709551615", 0, UINT64_MAX},
		{"16777215.999T", 0, 18446742974197923840ULL + 1098412116148ULL},
	};

	(void)state;
	assert_parsed(seep_parse_size, cases, LENGTH(cases));
}

static void other_sizes_are_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{".5K", -EINVAL, 0},
		{"5.K", -EINVAL, 0},
		{"1.2.3K", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1.5B", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"1Ki", -EINVAL, 0},
		{"1iB", -EINVAL, 0},
		{"1KK", -EINVAL, 0},
		{"1KBB", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"1s", -EINVAL, 0},
		{"99999999999999999999x", -EINVAL, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999999999999999999999K", -ERANGE, 0},
		{"18014398509481984K", -ERANGE, 0}, /* 2^54 KiB */
		{"16777216T", -ERANGE, 0},
	};

	(void)state;
	assert_parsed(seep_parse_size, cases, LENGTH(cases));
}

static void durations_are_parsed(void **state)
{
	static const struct parse_case cases[] = {
		{"0", 0, 0},
		{"10", 0, 10 * S},
		{"1.5", 0, 1500000000},
		{"1ns", 0, 1},
		{"2us", 0, 2000},
		{"3ms", 0, 3000000},
		{"4s", 0, 4 * S},
		{"5m", 0, 300 * S},
		{"6h", 0, 21600 * S},
		{"7d", 0, 604800 * S},
		{"1m30s", 0, 90 * S},
		{"30s1m", 0, 90 * S},
		{"1.5h0.5m1ms", 0, 5430 * S + 1000000},
		{"0.000000001s", 0, 1},
		{"0.0000000019", 0, 1},
		{"18446744073709551615ns", 0, UINT64_MAX},
		{"213503d23h34m33.709551615s", 0, UINT64_MAX},
	};

	(void)state;
	assert_parsed(seep_parse_duration, cases, LENGTH(cases));
}

static void other_durations_are_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1m30", -EINVAL, 0},
		{"30 1m", -EINVAL, 0},
		{"1m-30s", -EINVAL, 0},
		{"1mm", -EINVAL, 0},
		{"1M", -EINVAL, 0},
		{"1w", -EINVAL, 0},
		{"1min", -EINVAL, 0},
		{"1.5ns", -EINVAL, 0},
		{"1..5s", -EINVAL, 0},
		{"99999999999999999999s1x", -EINVAL, 0},
		{"99999999999999999999s1.5ns", -EINVAL, 0},
		{"18446744073709551616ns", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
		{"213504d", -ERANGE, 0},
		{"213503d23h34m33.709551616s", -ERANGE, 0},
		{"18446744073709551615ns1ns", -ERANGE, 0},
	};

	(void)state;
	assert_parsed(seep_parse_duration, cases, LENGTH(cases));
}

static void counts_are_parsed_within_limits(void **state)
{
	static const struct {
		const char *text;
		uint64_t min;
		uint64_t max;
		int error;
		uint64_t value;
	} cases[] = {
		{"1", 1, 10, 0, 1},
		{"10", 1, 10, 0, 10},
		{"0", 1, 10, -ERANGE, 0},
		{"11", 1, 10, -ERANGE, 0},
		{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
		{"18446744073709551625", 0, 10, -ERANGE, 0}, /* wraps to 9 */
		{"", 0, 10, -EINVAL, 0},
		{" 5", 0, 10, -EINVAL, 0},
		{"5 ", 0, 10, -EINVAL, 0},
		{"-5", 0, 10, -EINVAL, 0},
		{"+5", 0, 10, -EINVAL, 0},
		{"5.0", 0, 10, -EINVAL, 0},
		{"0x5", 0, 10, -EINVAL, 0},
		{"99999999999999999999x", 0, 10, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(seep_parse_count(cases[i].text, cases[i].min, cases[i].max,
						  &value),
				 cases[i].error);
		assert_int_equal(value, cases[i].error ? UNTOUCHED : cases[i].value);
	}
}

struct format_case {
	uint64_t value;
	const char *text;
};

static void assert_formatted(const char *(*format)(char *buffer, uint64_t value),
			     const struct format_case *cases, size_t num_cases)
{
	for (size_t i = 0; i < num_cases; i++) {
		char buffer[SEEP_UNIT_MAX];

		assert_ptr_equal(format(buffer, cases[i].value), buffer);
		assert_string_equal(buffer, cases[i].text);
	}
}

static void bytes_have_three_digits(void **state)
{
	static const struct format_case cases[] = {
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1.00 KiB"},
		{1536, "1.50 KiB"},
		{10234, "9.99 KiB"},
		{10235, "10.0 KiB"}, /* 9.995 */
		{12 << 20, "12.0 MiB"},
		{102348, "99.9 KiB"},
		{102349, "100 KiB"}, /* 99.95 */
		{1000 << 10, "1000 KiB"},
		{(1 << 20) - 513, "1023 KiB"},
		{(1 << 20) - 512, "1.00 MiB"}, /* 1023.5 */
		{3373259426ULL, "3.14 GiB"},
		{1ULL << 40, "1.00 TiB"},
		{1ULL << 50, "1.00 PiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	(void)state;
	assert_formatted(seep_format_bytes, cases, LENGTH(cases));
}

static void changes_have_a_sign(void **state)
{
	char buffer[SEEP_UNIT_MAX];

	(void)state;
	assert_string_equal(seep_format_bytes_change(buffer, 0), "0 B");
	assert_string_equal(seep_format_bytes_change(buffer, 1536), "+1.50 KiB");
	assert_string_equal(seep_format_bytes_change(buffer, -3), "-3 B");
	assert_string_equal(seep_format_bytes_change(buffer, INT64_MAX), "+8.00 EiB");
	assert_string_equal(seep_format_bytes_change(buffer, INT64_MIN), "-8.00 EiB");
}

static void counts_have_separators(void **state)
{
	static const struct format_case cases[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1,000"},
		{999999, "999,999"},
		{1234567, "1,234,567"},
		{UINT64_MAX, "18,446,744,073,709,551,615"},
	};

	(void)state;
	assert_formatted(seep_format_count, cases, LENGTH(cases));
}

static void durations_grow_into_larger_units(void **state)
{
	static const struct format_case cases[] = {
		{0, "0 ns"},
		{850, "850 ns"},
		{999, "999 ns"},
		{1000, "1.00 \xc2\xb5s"},
		{12345, "12.3 \xc2\xb5s"},
		{999499, "999 \xc2\xb5s"},
		{999500, "1.00 ms"},
		{4500000, "4.50 ms"},
		{29800000000, "29.8 s"},
		{59949999999, "59.9 s"},
		{59950000000, "1 min 00 s"},
		{200 * S, "3 min 20 s"},
		{3599 * S, "59 min 59 s"},
		{3600 * S - 1, "1 h 00 min"},
		{7500 * S, "2 h 05 min"},
		{86400 * S - 31 * S, "23 h 59 min"},
		{86400 * S - 30 * S, "1 d 00 h"},
		{3 * 86400 * S + 4 * 3600 * S, "3 d 04 h"},
		{UINT64_MAX, "213504 d 00 h"},
	};

	(void)state;
	assert_formatted(seep_format_duration, cases, LENGTH(cases));
}

static void percentages_do_not_round_to_nothing_or_all(void **state)
{
	static const struct {
		uint64_t part;
		uint64_t whole;
		const char *text;
	} cases[] = {
		{0, 0, "-"},
		{5, 0, "-"},
		{0, 5, "0 %"},
		{5, 5, "100 %"},
		{1, 8, "12.5 %"},
		{1, 3, "33.3 %"},
		{1, 10000, "0.01 %"},
		{1, 20000, "0.01 %"},
		{1, 20001, "< 0.01 %"},
		{1, UINT64_MAX, "< 0.01 %"},
		{9994, 10000, "99.9 %"},
		{9995, 10000, "> 99.9 %"},
		{UINT64_MAX - 1, UINT64_MAX, "> 99.9 %"},
		{UINT64_MAX, UINT64_MAX, "100 %"},
		{5, 2, "250 %"},
		{9994, 1000, "999 %"},
		{9995, 1000, "> 999 %"},
		{UINT64_MAX, 1, "> 999 %"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char buffer[SEEP_UNIT_MAX];

		seep_format_percent(buffer, cases[i].part, cases[i].whole);
		assert_string_equal(buffer, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(other_sizes_are_refused),
		cmocka_unit_test(durations_are_parsed),
		cmocka_unit_test(other_durations_are_refused),
		cmocka_unit_test(counts_are_parsed_within_limits),
		cmocka_unit_test(bytes_have_three_digits),
		cmocka_unit_test(changes_have_a_sign),
		cmocka_unit_test(counts_have_separators),
		cmocka_unit_test(durations_grow_into_larger_units),
		cmocka_unit_test(percentages_do_not_round_to_nothing_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
