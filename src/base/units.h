/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes, counts and durations as people write and read them. Sizes take K, M, G, T in either case
 * (powers of 1024, optionally followed by iB or B); durations take ns, us, ms, s, m, h, d and sums
 * of them ("1m30s"). A decimal fraction is accepted ("1.5s", "0.5M") and what it has of less than
 * a byte or nanosecond is cut, but there is no half byte or nanosecond as such. A bare number is
 * bytes or seconds.
 */
#ifndef SEEP_BASE_UNITS_H
#define SEEP_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define SEEP_NS_PER_S  1000000000ULL
#define SEEP_NS_PER_MS 1000000ULL
#define SEEP_NS_PER_US 1000ULL

/* 0; -EINVAL for text that is none (also negative or empty); -ERANGE past 64 bits. */
int seep_parse_size(const char *text, uint64_t *ret_bytes);
int seep_parse_duration(const char *text, uint64_t *ret_ns);
/* A whole number from @min to @max, decimal: 0, -EINVAL, -ERANGE. */
int seep_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *ret_count);
/*
 * A whole number, which may have K, M or G behind it: thousands, millions, thousands of millions.
 * 0; -EINVAL; -ERANGE, and *ret_number is undefined.
 */
int seep_parse_number(const char *text, uint64_t *ret_number);

/* Enough for every format below, with the final NUL. */
#define SEEP_UNIT_MAX 32

/* "0 B", "512 B", "1.50 KiB", "12.0 MiB": three significant digits, exact below 1 KiB. */
const char *seep_format_bytes(char buffer[SEEP_UNIT_MAX], uint64_t bytes);
/* The same with a sign: "+1.50 KiB", "-3 B", "0 B". */
const char *seep_format_bytes_change(char buffer[SEEP_UNIT_MAX], int64_t bytes);
/* "1,234,567" */
const char *seep_format_count(char buffer[SEEP_UNIT_MAX], uint64_t count);
/* "850 ns", "12.3 µs", "4.50 ms", "29.8 s", "3 min 20 s", "2 h 05 min", "3 d 04 h" */
const char *seep_format_duration(char buffer[SEEP_UNIT_MAX], uint64_t ns);
/* The same of seconds, at most some 30 years of them; "for ever" of INFINITY. */
const char *seep_format_seconds(char buffer[SEEP_UNIT_MAX], double seconds);
/*
 * @part of @whole: "12.3 %", "0.01 %", "100 %". "0 %" and "100 %" are exact, what only rounds to
 * them is "< 0.01 %" and "> 99.9 %"; more than 999 is "> 999 %"; "-" if @whole is 0.
 */
const char *seep_format_percent(char buffer[SEEP_UNIT_MAX], uint64_t part, uint64_t whole);

#endif
