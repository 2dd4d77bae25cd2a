// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table begins with a header, which says where its parts are: names, the files of each
 * compilation unit, paths, tables of values by address, and functions. The part of the functions
 * has a list (address and place of the _func, both of 4 bytes) sorted by address, which ends with
 * the address behind the last function; then the _func, each as long as it needs.
 *
 * Parts are only bounded by the table as a whole: a wrong offset gives a wrong name and no more.
 */
#include "golang/pclntab.h"

#include <errno.h>
#include <string.h>

#include "golang/pclntab_private.h"

#define MAGIC_GO_1_18 0xfffffff0u
#define MAGIC_GO_1_20 0xfffffff1u

struct header {
	uint32_t magic;
	uint8_t padding[2];
	uint8_t quantum;
	uint8_t pointer_bytes;
	uint64_t num_functions;
	uint64_t num_files;
	uint64_t text; /* since Go 1.26 unused */
	uint64_t names;
	uint64_t unit_files;
	uint64_t files;
	uint64_t pc_values;
	uint64_t functions;
};
_Static_assert(sizeof(struct header) == SEEP_PCLNTAB_HEADER_BYTES, "as the linker writes it");

/* An entry of the list of functions. */
struct entry {
	uint32_t text_offset;
	uint32_t function_offset; /* from the begin of the list */
};

/* Bits of the flags of a _func; they are in the second byte of its tail. */
#define FLAG_TOP_FRAME 0x01

int seep_pclntab_u32(const struct seep_pclntab *table, uint64_t offset, uint32_t *ret_value)
{
	if (offset > table->length || table->length - offset < sizeof(*ret_value))
		return -EINVAL;
	memcpy(ret_value, table->bytes + offset, sizeof(*ret_value));
	return 0;
}

const char *seep_pclntab_string(const struct seep_pclntab *table, uint64_t offset)
{
	return offset < table->strings_end ? (const char *)table->bytes + offset : NULL;
}

uint64_t seep_go_function_tail(const struct seep_pclntab *table,
			       const struct seep_go_function *function)
{
	/* Go 1.20 has put the line at which the function begins before it. */
	return function->offset + (table->version == SEEP_PCLNTAB_GO_1_18 ? 36 : 40);
}

static int check_header(const struct header *header, uint64_t length)
{
	uint64_t entries;

	if (header->magic != MAGIC_GO_1_18 && header->magic != MAGIC_GO_1_20)
		return -ENOTSUP;
	if (header->padding[0] || header->padding[1] || header->pointer_bytes != 8)
		return -EINVAL;
	if (header->quantum != 1 && header->quantum != 4)
		return -EINVAL;
	if (header->names > length || header->unit_files > length || header->files > length ||
	    header->pc_values > length || header->functions > length)
		return -EINVAL;
	/* The list has one address more than functions. */
	entries = (length - header->functions) / sizeof(struct entry);
	return header->num_functions && header->num_functions <= entries ? 0 : -EINVAL;
}

bool seep_pclntab_is_header(const uint8_t *bytes, uint64_t length)
{
	struct header header;

	memcpy(&header, bytes, sizeof(header));
	return length >= sizeof(header) && check_header(&header, length) == 0;
}

int seep_pclntab_init(const uint8_t *bytes, size_t length, uint64_t text,
		      struct seep_pclntab *ret_table)
{
	const uint8_t *last;
	struct header header;
	int error;

	if (length < sizeof(header))
		return -EINVAL;
	memcpy(&header, bytes, sizeof(header));
	error = check_header(&header, length);
	if (error)
		return error;
	if (!text)
		text = header.text;
	/* With this no address of a function can wrap around. */
	if (!text || text > UINT64_MAX - UINT32_MAX)
		return -EINVAL;
	last = memrchr(bytes, '\0', length);
	*ret_table = (struct seep_pclntab){
		.bytes = bytes,
		.length = length,
		.text = text,
		.num_functions = header.num_functions,
		.names = header.names,
		.unit_files = header.unit_files,
		.files = header.files,
		.pc_values = header.pc_values,
		.functions = header.functions,
		.strings_end = last ? (size_t)(last - bytes) + 1 : 0,
		.quantum = header.quantum,
		.version =
			header.magic == MAGIC_GO_1_18 ? SEEP_PCLNTAB_GO_1_18 : SEEP_PCLNTAB_GO_1_20,
	};
	return 0;
}

/* The entry at @index of the list; that behind the last one only has an address. */
static void read_entry(const struct seep_pclntab *table, uint64_t index, struct entry *ret_entry)
{
	const uint8_t *at = table->bytes + table->functions + index * sizeof(struct entry);

	ret_entry->function_offset = 0;
	memcpy(ret_entry, at,
	       index < table->num_functions ? sizeof(*ret_entry) : sizeof(ret_entry->text_offset));
}

int seep_pclntab_at(const struct seep_pclntab *table, uint64_t index,
		    struct seep_go_function *ret_function)
{
	struct seep_go_function function;
	struct entry entry, next;
	uint32_t name, text_offset;

	if (index >= table->num_functions)
		return -ENOENT;
	read_entry(table, index, &entry);
	read_entry(table, index + 1, &next);
	function.entry = table->text + entry.text_offset;
	function.end = table->text + next.text_offset;
	function.offset = table->functions + entry.function_offset;
	if (next.text_offset < entry.text_offset)
		return -EINVAL;
	/* The _func repeats the address, by which a wrong place is seen. */
	if (seep_pclntab_u32(table, function.offset + SEEP_GO_FUNCTION_ENTRY, &text_offset) ||
	    text_offset != entry.text_offset)
		return -EINVAL;
	if (seep_pclntab_u32(table, function.offset + SEEP_GO_FUNCTION_NAME, &name))
		return -EINVAL;
	function.name = seep_pclntab_string(table, table->names + name);
	if (!function.name)
		return -EINVAL;
	*ret_function = function;
	return 0;
}

int seep_pclntab_find(const struct seep_pclntab *table, uint64_t pc,
		      struct seep_go_function *ret_function)
{
	uint64_t low = 0, high = table->num_functions;
	struct seep_go_function function;
	int error;

	if (pc < table->text || pc - table->text > UINT32_MAX)
		return -ENOENT;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct entry entry;

		read_entry(table, middle, &entry);
		if (entry.text_offset <= pc - table->text)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return -ENOENT;
	error = seep_pclntab_at(table, low - 1, &function);
	if (error)
		return error;
	if (pc >= function.end)
		return -ENOENT;
	*ret_function = function;
	return 0;
}

int seep_pclntab_find_name(const struct seep_pclntab *table, const char *name,
			   struct seep_go_function *ret_function)
{
	struct seep_go_function function;

	for (uint64_t i = 0; i < table->num_functions; i++) {
		if (seep_pclntab_at(table, i, &function) || strcmp(function.name, name) != 0)
			continue;
		*ret_function = function;
		return 0;
	}
	return -ENOENT;
}

bool seep_pclntab_is_outermost(const struct seep_pclntab *table,
			       const struct seep_go_function *function)
{
	/* They go on on another stack; what is on theirs behind them is no frame. */
	static const char *const switches[] = {
		"runtime.asmcgocall",
		"runtime.mcall",
		"runtime.morestack",
		"runtime.systemstack",
	};
	uint32_t tail;

	if (seep_pclntab_u32(table, seep_go_function_tail(table, function), &tail))
		return false;
	if (tail >> 8 & FLAG_TOP_FRAME)
		return true;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (strcmp(function->name, switches[i]) == 0)
			return true;
	}
	return false;
}
