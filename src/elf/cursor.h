/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader over bytes from an untrusted file. It never goes past the end: what is not there reads
 * as 0 and sets failed, which whoever reads looks at before the value is put to use.
 */
#ifndef SEEP_ELF_CURSOR_H
#define SEEP_ELF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct seep_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline size_t seep_cursor_left(const struct seep_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* The next @length bytes, which it moves behind; NULL if there are fewer. */
static inline const uint8_t *seep_cursor_take(struct seep_cursor *cursor, uint64_t length)
{
	const uint8_t *bytes = cursor->at;

	if (length > seep_cursor_left(cursor)) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += length;
	return bytes;
}

/* A number of @length bytes, at most 8, little-endian as is the machine. */
static inline uint64_t seep_cursor_unsigned(struct seep_cursor *cursor, size_t length)
{
	const uint8_t *bytes = seep_cursor_take(cursor, length);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, length);
	return value;
}

static inline int64_t seep_cursor_signed(struct seep_cursor *cursor, size_t length)
{
	unsigned int unused_bits = 64 - 8 * (unsigned int)length;

	return (int64_t)(seep_cursor_unsigned(cursor, length) << unused_bits) >> unused_bits;
}

static inline uint8_t seep_cursor_u8(struct seep_cursor *cursor)
{
	if (cursor->at == cursor->end) {
		cursor->failed = true;
		return 0;
	}
	return *cursor->at++;
}

/* LEB128 (DWARF 5, 7.6) of at most 10 bytes, which hold 64 bits. */
static inline uint64_t seep_cursor_uleb(struct seep_cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint8_t byte = seep_cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	cursor->failed = true;
	return 0;
}

static inline int64_t seep_cursor_sleb(struct seep_cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint8_t byte = seep_cursor_u8(cursor);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte & 0x40 && shift + 7 < 64)
			value |= UINT64_MAX << (shift + 7);
		return (int64_t)value;
	}
	cursor->failed = true;
	return 0;
}

#endif
