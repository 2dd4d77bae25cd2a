// SPDX-License-Identifier: GPL-2.0-only
#include "report/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/*
 * The number of a slot is stored plus one in 32 bits, which the limit of 2^31 keeps from wrapping.
 */
#define CAPACITY_MIN 256
#define NUMBERS_MAX  (1U << 31)

/* Open addressing with linear probing; entries are never removed. */
struct seep_number_slot {
	uint64_t key;
	uint32_t number_plus_one; /* 0: free */
};

void seep_numbers_done(struct seep_numbers *numbers)
{
	free(numbers->slots);
	memset(numbers, 0, sizeof(*numbers));
}

/* The slot of @key or the free one where it belongs. The table is never more than half full. */
static struct seep_number_slot *find_slot(struct seep_number_slot *slots, size_t capacity,
					  uint64_t key)
{
	/* Keys are hashed because they have a pattern: two numbers side by side, or an address. */
	size_t i = XXH3_64bits(&key, sizeof(key)) & (capacity - 1);

	while (slots[i].number_plus_one && slots[i].key != key)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

/* Doubles the table; the numbers stay as they are. After -ENOMEM the table is as before. */
static int grow_numbers(struct seep_numbers *numbers)
{
	size_t capacity = numbers->capacity ? numbers->capacity * 2 : CAPACITY_MIN;
	struct seep_number_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < numbers->capacity; i++) {
		if (numbers->slots[i].number_plus_one)
			*find_slot(slots, capacity, numbers->slots[i].key) = numbers->slots[i];
	}
	free(numbers->slots);
	numbers->slots = slots;
	numbers->capacity = capacity;
	return 0;
}

int seep_numbers_get(struct seep_numbers *numbers, uint64_t key, uint32_t *ret_number,
		     bool *ret_new)
{
	struct seep_number_slot *slot;
	bool is_new;
	int error;

	/* Before the search, so that there is always a free slot that ends it. */
	if (numbers->count * 2 >= numbers->capacity) {
		error = numbers->count >= NUMBERS_MAX ? -E2BIG : grow_numbers(numbers);
		if (error)
			return error;
	}
	slot = find_slot(numbers->slots, numbers->capacity, key);
	is_new = slot->number_plus_one == 0;
	/* Numbers follow each other, so they can index an array of the caller. */
	if (is_new) {
		slot->key = key;
		slot->number_plus_one = (uint32_t)++numbers->count;
	}
	*ret_number = slot->number_plus_one - 1;
	*ret_new = is_new;
	return 0;
}

/*
 * The pointer is copied as bytes: the caller's type is not void *, so it must not be read as one.
 */
int seep_array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t size)
{
	size_t wanted;
	void *array;

	if (count < *capacity)
		return 0;
	memcpy(&array, array_pointer, sizeof(array));
	/* Doubling keeps the cost of all additions linear. */
	wanted = *capacity ? *capacity * 2 : CAPACITY_MIN;
	array = reallocarray(array, wanted, size);
	if (!array)
		return -ENOMEM;
	memcpy(array_pointer, &array, sizeof(array));
	*capacity = wanted;
	return 0;
}

void seep_strings_done(struct seep_strings *strings)
{
	seep_numbers_done(&strings->numbers);
	seep_buffer_done(&strings->text);
	free(strings->offsets);
	memset(strings, 0, sizeof(*strings));
}

/* Keys are hashes of the strings, so the table of numbers stores no text of its own. */
int seep_strings_get(struct seep_strings *strings, const char *string, uint32_t *ret_number)
{
	size_t length = strlen(string);
	uint64_t hash = XXH3_64bits(string, length);
	uint32_t number;
	bool is_new;
	int error;

	if (strings->text.error)
		return strings->text.error;
	/* Room first: a number that was given must have its string. */
	error = seep_array_reserve(&strings->offsets, &strings->capacity, strings->count,
				   sizeof(*strings->offsets));
	if (error)
		return error;
	/* Names are made by strangers, so equal hashes are possible: then the next key is tried. */
	for (;; hash++) {
		error = seep_numbers_get(&strings->numbers, hash, &number, &is_new);
		if (error)
			return error;
		if (is_new || strcmp(seep_strings_text(strings, number), string) == 0)
			break;
	}
	if (is_new) {
		/* An offset, not a pointer: the text moves when its buffer grows. */
		strings->offsets[strings->count++] = strings->text.length;
		seep_buffer_append(&strings->text, string, length + 1);
		if (strings->text.error)
			return strings->text.error;
	}
	*ret_number = number;
	return 0;
}

const char *seep_strings_text(const struct seep_strings *strings, uint32_t number)
{
	return strings->text.data + strings->offsets[number];
}
