/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two tables that the formats build their output from: 64-bit keys to small numbers, and strings to
 * small numbers (the string table of pprof, the names of a flame graph). Numbers are given in the
 * order of first sight, beginning with 0. Each table belongs to one rendering; one thread.
 */
#ifndef SEEP_REPORT_INTERN_H
#define SEEP_REPORT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct seep_numbers {
	struct seep_number_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* A zeroed struct is empty; this empties it again. */
void seep_numbers_done(struct seep_numbers *numbers);

/*
 * The number of @key, a new one (the count of keys before) if it has none; *ret_new tells which.
 * 0, -ENOMEM, or -E2BIG past 2^31 keys.
 */
int seep_numbers_get(struct seep_numbers *numbers, uint64_t key, uint32_t *ret_number,
		     bool *ret_new);

struct seep_strings {
	struct seep_numbers numbers; /* by hash */
	struct seep_buffer text;     /* the strings, each with its NUL */
	size_t *offsets;	     /* in text, by number */
	size_t capacity;
	size_t count;
};

void seep_strings_done(struct seep_strings *strings);

/* The number of @string (copied). 0, -ENOMEM or -E2BIG. */
int seep_strings_get(struct seep_strings *strings, const char *string, uint32_t *ret_number);

/* The string of a number; valid until the next seep_strings_get. */
const char *seep_strings_text(const struct seep_strings *strings, uint32_t number);

/*
 * Makes room for one more item in an array of @size byte items that holds @count of them. 0 or
 * -ENOMEM, then the array is as before.
 */
int seep_array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t size);

#endif
