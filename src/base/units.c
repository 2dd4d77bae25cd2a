// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantities as people write them, for options and reports. Parsing cuts what is less than one byte
 * or nanosecond and refuses what does not fit into 64 bits: -EINVAL for text that is no quantity,
 * -ERANGE for one that is too large. Formatting rounds to three digits, and compares after
 * rounding, so that no amount is shown as 1024 KiB or 60.0 s.
 *
 * Products are computed in 128 bits, so nothing overflows before it is compared.
 */
#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Products of two 64-bit numbers: nothing below may overflow before it is compared. */
typedef unsigned __int128 wide;

#define MINUTE_NS (60 * SEEP_NS_PER_S)
#define HOUR_NS	  (60 * MINUTE_NS)
#define DAY_NS	  (24 * HOUR_NS)

/* A unit of time and how many nanoseconds it has. */
struct unit {
	const char *name;
	uint64_t factor;
};

/*
 * A decimal number as written: whole + fraction / scale. The parts are kept apart, because
 * together with 18 digits of fraction the whole may not fit into 64 bits.
 */
struct decimal {
	uint64_t whole;
	uint64_t fraction;
	uint64_t scale;
	bool overflow;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits up to the first other character, which is returned. Without any the value is 0. */
static const char *parse_whole(const char *text, uint64_t *ret_value, bool *ret_overflow)
{
	uint64_t value = 0;
	bool overflow = false;

	for (; is_digit(*text); text++) {
		/*
		 * Goes on to the end of the digits: text that is no quantity at all is the worse
		 * error.
		 */
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value);
	}
	*ret_value = value;
	*ret_overflow = overflow;
	return text;
}

/* Parses "12" or "12.34" and returns what follows, or NULL if @text begins with no number. */
static const char *parse_decimal(const char *text, struct decimal *ret_decimal)
{
	struct decimal decimal = {.scale = 1};

	if (!is_digit(*text))
		return NULL;
	text = parse_whole(text, &decimal.whole, &decimal.overflow);
	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return NULL;
		/* What 18 digits do not say is less than one byte or nanosecond of any unit. */
		for (; is_digit(*text); text++) {
			if (decimal.scale >= 1000000000000000000ULL)
				continue;
			decimal.fraction = decimal.fraction * 10 + (uint64_t)(*text - '0');
			decimal.scale *= 10;
		}
	}
	*ret_decimal = decimal;
	return text;
}

/* The value in units of @factor, its fraction cut. */
static int scale_decimal(const struct decimal *decimal, uint64_t factor, uint64_t *ret_value)
{
	wide value;

	/* The smallest unit has no fractions, not even ".0". */
	if (factor == 1 && decimal->scale > 1) /* half a byte */
		return -EINVAL;
	if (decimal->overflow)
		return -ERANGE;
	value = (wide)decimal->whole * factor + (wide)decimal->fraction * factor / decimal->scale;
	if (value > UINT64_MAX)
		return -ERANGE;
	*ret_value = (uint64_t)value;
	return 0;
}

int seep_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const char prefixes[] = "KMGT";
	struct decimal decimal;
	uint64_t factor = 1;
	const char *prefix;

	text = parse_decimal(text, &decimal);
	if (!text)
		return -EINVAL;

	/* strchr would find the NUL, too. */
	prefix = *text ? strchr(prefixes, *text >= 'a' ? *text - 'a' + 'A' : *text) : NULL;
	if (prefix) {
		factor = 1ULL << (10 * (prefix - prefixes + 1));
		text++;
		/* "Ki" without the B is not taken. */
		if (text[0] == 'i' && text[1] == 'B')
			text++;
	}
	/* After a prefix or a bare number: "4KB" is 4096 bytes as well. */
	if (*text == 'B')
		text++;
	if (*text)
		return -EINVAL;
	return scale_decimal(&decimal, factor, ret_bytes);
}

/* What follows the unit; NULL for a word that is none. */
static const char *parse_duration_unit(const char *text, uint64_t *ret_factor)
{
	static const struct unit units[] = {
		{"ns", 1},
		{"us", SEEP_NS_PER_US},
		{"ms", SEEP_NS_PER_MS},
		{"s", SEEP_NS_PER_S},
		{"m", MINUTE_NS},
		{"h", HOUR_NS},
		{"d", DAY_NS},
	};
	/* The whole word, so that "m" does not match the beginning of "ms". */
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == length && memcmp(units[i].name, text, length) == 0) {
			*ret_factor = units[i].factor;
			return text + length;
		}
	}
	return NULL;
}

int seep_parse_duration(const char *text, uint64_t *ret_ns)
{
	const char *start = text;
	uint64_t sum = 0;
	int result = 0;

	do {
		struct decimal decimal;
		/* Of a bare number. */
		uint64_t factor = SEEP_NS_PER_S;
		uint64_t ns = 0;
		bool first = text == start;
		int error;

		text = parse_decimal(text, &decimal);
		if (!text)
			return -EINVAL;
		/* A bare number is seconds, but only alone: "1m30" could mean anything. */
		if (*text || !first)
			text = parse_duration_unit(text, &factor);
		if (!text)
			return -EINVAL;

		error = scale_decimal(&decimal, factor, &ns);
		if (error == -EINVAL)
			return error;
		if (error || __builtin_add_overflow(sum, ns, &sum))
			result = -ERANGE; /* but the rest of the text may still be none */
	} while (*text);

	/* Nothing is set for a sum that overflows, though its parts are durations. */
	if (result == 0)
		*ret_ns = sum;
	return result;
}

int seep_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count)
{
	uint64_t count;
	bool overflow;

	if (!is_digit(*text))
		return -EINVAL;
	text = parse_whole(text, &count, &overflow);
	if (*text)
		return -EINVAL;
	/* Whatever the limits are, what overflows is out of range. */
	if (overflow || count < min || count > max)
		return -ERANGE;
	*ret_count = count;
	return 0;
}

int seep_parse_number(const char *text, uint64_t *ret_number)
{
	static const struct {
		char unit;
		uint64_t of;
	} units[] = {{'\0', 1}, {'k', 1000}, {'K', 1000}, {'M', 1000000}, {'G', 1000000000}};
	uint64_t count;
	bool overflow;

	if (!is_digit(*text))
		return -EINVAL;
	text = parse_whole(text, &count, &overflow);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*text != units[i].unit || (*text && text[1]))
			continue;
		if (overflow || __builtin_mul_overflow(count, units[i].of, ret_number))
			return -ERANGE;
		return 0;
	}
	return -EINVAL;
}

/* @value / @divisor, rounded half up. */
static wide divide(wide value, wide divisor)
{
	return (value + divisor / 2) / divisor;
}

/* @value / @divisor with three significant digits, or as a whole number from 1000 on. */
static void format_ratio(char buffer[SEEP_UNIT_MAX], wide value, wide divisor, const char *suffix)
{
	/*
	 * Each precision is rounded from the value itself: rounding twice may go up where once does
	 * not.
	 */
	wide hundredths = divide(value * 100, divisor);
	wide tenths = divide(value * 10, divisor);

	if (hundredths < 1000)
		snprintf(buffer, SEEP_UNIT_MAX, "%u.%02u%s", (unsigned int)hundredths / 100,
			 (unsigned int)hundredths % 100, suffix);
	else if (tenths < 1000)
		snprintf(buffer, SEEP_UNIT_MAX, "%u.%u%s", (unsigned int)tenths / 10,
			 (unsigned int)tenths % 10, suffix);
	else
		snprintf(buffer, SEEP_UNIT_MAX, "%llu%s",
			 (unsigned long long)divide(value, divisor), suffix);
}

/* Units are powers of 1024 and are called so (IEC 80000-13). */
static void format_signed_bytes(char buffer[SEEP_UNIT_MAX], const char *sign, uint64_t bytes)
{
	static const char *const suffixes[] = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
	size_t last = sizeof(suffixes) / sizeof(suffixes[0]) - 1;
	char number[SEEP_UNIT_MAX];
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buffer, SEEP_UNIT_MAX, "%s%u B", sign, (unsigned int)bytes);
		return;
	}
	/* Compared after rounding, for 1023.9 KiB is 1.00 MiB. */
	while (i < last && divide(bytes, (wide)1 << (10 * (i + 1))) >= 1024)
		i++;
	format_ratio(number, bytes, (wide)1 << (10 * (i + 1)), suffixes[i]);
	/* The precision leaves room for the sign and the NUL. */
	snprintf(buffer, SEEP_UNIT_MAX, "%s%.*s", sign, SEEP_UNIT_MAX - 2, number);
}

const char *seep_format_bytes(char buffer[SEEP_UNIT_MAX], uint64_t bytes)
{
	format_signed_bytes(buffer, "", bytes);
	return buffer;
}

const char *seep_format_bytes_change(char buffer[SEEP_UNIT_MAX], int64_t bytes)
{
	/* Negated without a sign, for INT64_MIN has no positive counterpart. */
	uint64_t magnitude = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;

	format_signed_bytes(buffer, bytes < 0 ? "-" : bytes > 0 ? "+" : "", magnitude);
	return buffer;
}

const char *seep_format_count(char buffer[SEEP_UNIT_MAX], uint64_t count)
{
	char digits[SEEP_UNIT_MAX];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	char *at = buffer;

	for (int i = 0; i < length; i++) {
		/* A comma before each group of three digits, counted from the end. */
		if (i > 0 && (length - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return buffer;
}

const char *seep_format_duration(char buffer[SEEP_UNIT_MAX], uint64_t ns)
{
	unsigned long long seconds = divide(ns, SEEP_NS_PER_S);
	unsigned long long minutes = divide(ns, MINUTE_NS);
	unsigned long long hours = divide(ns, HOUR_NS);

	/* Each limit is that of the rounded number: 999.9 µs is 1.00 ms, 59.96 s is 1 min 00 s. */
	if (ns < SEEP_NS_PER_US)
		snprintf(buffer, SEEP_UNIT_MAX, "%u ns", (unsigned int)ns);
	else if (divide(ns, SEEP_NS_PER_US) < 1000)
		format_ratio(buffer, ns, SEEP_NS_PER_US, " \xc2\xb5s"); /* U+00B5 */
	else if (divide(ns, SEEP_NS_PER_MS) < 1000)
		format_ratio(buffer, ns, SEEP_NS_PER_MS, " ms");
	else if (divide((wide)ns * 10, SEEP_NS_PER_S) < 600)
		format_ratio(buffer, ns, SEEP_NS_PER_S, " s");
	else if (seconds < 3600)
		snprintf(buffer, SEEP_UNIT_MAX, "%llu min %02llu s", seconds / 60, seconds % 60);
	else if (minutes < 24 * 60)
		snprintf(buffer, SEEP_UNIT_MAX, "%llu h %02llu min", minutes / 60, minutes % 60);
	else
		snprintf(buffer, SEEP_UNIT_MAX, "%llu d %02llu h", hours / 24, hours % 24);
	return buffer;
}

/* Nanoseconds of more than a thousand million seconds would not be worth the digits. */
#define MOST_SECONDS 1e9

const char *seep_format_seconds(char buffer[SEEP_UNIT_MAX], double seconds)
{
	if (isinf(seconds))
		return "for ever";
	return seep_format_duration(
		buffer, (uint64_t)(fmin(seconds, MOST_SECONDS) * (double)SEEP_NS_PER_S));
}

const char *seep_format_percent(char buffer[SEEP_UNIT_MAX], uint64_t part, uint64_t whole)
{
	wide percent = (wide)part * 100;

	if (whole == 0)
		return strcpy(buffer, "-");
	if (part == 0)
		return strcpy(buffer, "0 %");
	/* Only what is nothing or all is shown as such. */
	if (divide(percent * 100, whole) == 0)
		return strcpy(buffer, "< 0.01 %");
	if (part < whole && divide(percent * 10, whole) >= 1000)
		return strcpy(buffer, "> 99.9 %");
	if (divide(percent, whole) > 999)
		return strcpy(buffer, "> 999 %");
	format_ratio(buffer, percent, whole, " %");
	return buffer;
}
