// SPDX-License-Identifier: GPL-2.0-only
/*
 * jit_source.c feeds a map with pieces of the file and goes on from where this one got to. Of a
 * perf map that is after the last whole line ("START SIZE name", hexadecimal), of a jitdump after
 * the last whole record; code bytes in a jitdump are stepped over without being read. Ranges and
 * names go to jit_ranges.c, which has the caps.
 *
 * Everything here is written by the target. A line that makes no sense is skipped; a record whose
 * size makes none ends a jitdump, because the next one cannot be found.
 */
#include "symbol/jit_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/cursor.h"
#include "symbol/jit_ranges.h"

/* Of a 64-bit number. */
#define HEX_DIGITS_MAX 16
/* Two numbers and the name. Behind that, a line has nothing to tell. */
#define LINE_MAX_BYTES (2 * (HEX_DIGITS_MAX + sizeof("0x")) + SEEP_JIT_NAME_MAX_BYTES)

/* jitdump-specification.txt, III to VI; sizes with the record's header */
#define DUMP_MAGIC	  0x4a695444
#define DUMP_VERSION	  1
#define DUMP_HEADER_BYTES 40
#define RECORD_LOAD	  0
#define RECORD_MOVE	  1
#define RECORD_BYTES	  16
#define LOAD_BYTES	  56
#define MOVE_BYTES	  64

/* Each one is a search. Compilers that move code at all do it at garbage collections. */
#define MOVES_MAX 65536

_Static_assert(SEEP_JIT_PIECE_BYTES > LINE_MAX_BYTES, "a piece holds a line");
_Static_assert(SEEP_JIT_PIECE_BYTES > LOAD_BYTES + SEEP_JIT_NAME_MAX_BYTES, "... or a record");

/* The two flags say where in the format the last piece ended. */
struct seep_jit_map {
	enum seep_jit_format format;
	struct seep_jit_ranges ranges;
	bool in_long_line; /* whose end is to be skipped */
	bool in_records;   /* behind the header of a jitdump */
	uint32_t num_moves;
};

int seep_jit_map_new(enum seep_jit_format format, struct seep_jit_map **ret_map)
{
	struct seep_jit_map *map = calloc(1, sizeof(*map));

	if (!map)
		return -ENOMEM;
	map->format = format;
	*ret_map = map;
	return 0;
}

void seep_jit_map_free(struct seep_jit_map *map)
{
	if (!map)
		return;
	seep_jit_ranges_done(&map->ranges);
	free(map);
}

void seep_jit_map_clear(struct seep_jit_map *map)
{
	/* All that outlives the contents of the file. */
	enum seep_jit_format format = map->format;

	seep_jit_ranges_done(&map->ranges);
	*map = (struct seep_jit_map){.format = format};
}

int seep_jit_map_settle(struct seep_jit_map *map)
{
	return seep_jit_ranges_settle(&map->ranges);
}

const char *seep_jit_map_find(const struct seep_jit_map *map, uint64_t address)
{
	return seep_jit_ranges_find(&map->ranges, address);
}

size_t seep_jit_map_bytes(const struct seep_jit_map *map)
{
	return sizeof(*map) + seep_jit_ranges_bytes(&map->ranges);
}

bool seep_jit_map_is_full(const struct seep_jit_map *map)
{
	return map->ranges.full;
}

/* The value of the digit, -1 if it is none. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Takes a hexadecimal number and the space behind it; some programs put 0x before it. */
static bool take_hex(const char **at, const char *end, uint64_t *ret_value)
{
	const char *text = *at, *digits;
	uint64_t value = 0;

	if (end - text > 2 && text[0] == '0' && text[1] == 'x')
		text += 2;
	for (digits = text; text < end && hex_digit(*text) >= 0; text++) {
		/* More digits than an address has: the line is skipped. */
		if (text - digits == HEX_DIGITS_MAX)
			return false;
		value = value << 4 | (uint64_t)hex_digit(*text);
	}
	if (text == digits || text == end || *text != ' ')
		return false;
	*at = text + 1;
	*ret_value = value;
	return true;
}

/* A line that makes no sense is no error. 0 or -ENOMEM. */
static int add_line(struct seep_jit_map *map, const char *line, const char *end)
{
	uint64_t start, size;

	if (end > line && end[-1] == '\r')
		end--;
	if (!take_hex(&line, end, &start) || !take_hex(&line, end, &size))
		return 0;
	return seep_jit_ranges_add(&map->ranges, start, size, line, (size_t)(end - line));
}

/* A line longer than LINE_MAX_BYTES is taken in cut, and the rest of it skipped as it comes. */
static int add_text(struct seep_jit_map *map, const char *text, size_t length, uint64_t *ret_used)
{
	const char *at = text, *end = text + length;
	int error = 0;

	while (at < end && !error) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		bool whole = line_end != NULL;

		if (!whole && !map->in_long_line && (size_t)(end - at) < LINE_MAX_BYTES)
			break; /* the rest is still to come */
		if (!whole)
			line_end = end;
		if (!map->in_long_line)
			error = add_line(map, at, line_end);
		/* What comes up to the next line break belongs to the line that was cut. */
		map->in_long_line = !whole;
		at = line_end + whole;
	}
	*ret_used = (uint64_t)(at - text);
	return error;
}

/* The beginning of a record, of which the code bytes at its end may be missing. */
struct record {
	uint32_t type;
	uint32_t size;
	const uint8_t *bytes;
	size_t length; /* of these, at most size */
};

/* Its size is in it, as later versions may make it longer. 0 or -EINVAL. */
static int take_dump_header(struct seep_jit_map *map, const uint8_t *bytes, size_t length,
			    uint64_t *ret_used)
{
	struct seep_cursor cursor = {bytes, bytes + length, false};
	uint64_t magic, version, size;

	if (length < DUMP_HEADER_BYTES)
		return 0;
	magic = seep_cursor_unsigned(&cursor, 4);
	version = seep_cursor_unsigned(&cursor, 4);
	size = seep_cursor_unsigned(&cursor, 4);
	/*
	 * A file in the other byte order is refused as well: no process of this machine writes it.
	 */
	if (magic != DUMP_MAGIC || version != DUMP_VERSION || size < DUMP_HEADER_BYTES)
		return -EINVAL;
	/* Behind the header come records, up to the end of the file. */
	map->in_records = true;
	*ret_used = size;
	return 0;
}

/* False: the record is not there as far as it is needed. */
static bool add_load(struct seep_jit_map *map, const struct record *record, int *ret_error)
{
	struct seep_cursor cursor = {record->bytes, record->bytes + record->length, false};
	uint64_t address, size;
	const char *name;
	size_t room;

	seep_cursor_take(&cursor, RECORD_BYTES + 4 + 4 + 8); /* header, pid, tid, vma */
	address = seep_cursor_unsigned(&cursor, 8);
	size = seep_cursor_unsigned(&cursor, 8);
	seep_cursor_take(&cursor, 8); /* code_index */
	if (cursor.failed)
		return record->size < LOAD_BYTES; /* too short for one: skipped */
	name = (const char *)cursor.at;
	room = seep_cursor_left(&cursor);
	/* The rest of the name is still to come, unless the record is all there. */
	if (room < SEEP_JIT_NAME_MAX_BYTES && strnlen(name, room) == room)
		return record->length == record->size; /* a name without an end */
	*ret_error = seep_jit_ranges_add(&map->ranges, address, size, name, room);
	return true;
}

/* Code that has moved keeps its name. As add_load. */
static bool add_move(struct seep_jit_map *map, const struct record *record, int *ret_error)
{
	struct seep_cursor cursor = {record->bytes, record->bytes + record->length, false};
	uint64_t old_address, new_address, size;

	/* Header, pid, tid, vma. */
	seep_cursor_take(&cursor, RECORD_BYTES + 4 + 4 + 8);
	old_address = seep_cursor_unsigned(&cursor, 8);
	new_address = seep_cursor_unsigned(&cursor, 8);
	size = seep_cursor_unsigned(&cursor, 8);
	if (cursor.failed)
		return record->size < MOVE_BYTES;
	/* Names of moved code would be wrong from here on, so the map counts as full. */
	if (map->num_moves == MOVES_MAX) {
		map->ranges.full = true;
		return true;
	}
	map->num_moves++;
	*ret_error = seep_jit_ranges_add_like(&map->ranges, new_address, size, old_address);
	return true;
}

/* Goes from record to record, as far as they are there. 0, -EINVAL or -ENOMEM. */
static int add_records(struct seep_jit_map *map, const uint8_t *bytes, size_t length,
		       uint64_t *ret_used)
{
	uint64_t used = 0;
	int error = 0;

	while (!error && used < length && length - used >= RECORD_BYTES) {
		struct seep_cursor cursor = {bytes + used, bytes + length, false};
		struct record record = {.bytes = cursor.at};
		bool taken = true;

		record.type = (uint32_t)seep_cursor_unsigned(&cursor, 4);
		record.size = (uint32_t)seep_cursor_unsigned(&cursor, 4);
		/* As much of it as is in this piece. */
		record.length = length - used < record.size ? length - used : record.size;
		if (!record.size) /* not written yet, in a file that was made larger before */
			break;
		/* Too short for its own header, so the next one cannot be found. */
		if (record.size < RECORD_BYTES)
			error = -EINVAL;
		else if (record.type == RECORD_LOAD)
			taken = add_load(map, &record, &error);
		else if (record.type == RECORD_MOVE)
			taken = add_move(map, &record, &error);
		/* The next piece begins with this record. */
		if (!taken || error)
			break;
		/*
		 * May lead behind the piece: the caller reads on there, past code bytes that nobody
		 * needs.
		 */
		used += record.size;
	}
	*ret_used = used;
	return error;
}

int seep_jit_map_add(struct seep_jit_map *map, const void *bytes, size_t length, uint64_t *ret_used)
{
	*ret_used = 0;
	if (map->format == SEEP_JIT_PERF_MAP)
		return add_text(map, bytes, length, ret_used);
	if (!map->in_records)
		return take_dump_header(map, bytes, length, ret_used);
	return add_records(map, bytes, length, ret_used);
}
