// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of functions of a Go program. The first 4 bytes of the input say how long the table is
 * that follows; the rest is what its trees of inlined calls are in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "golang/pclntab.h"

#define TEXT	  0x401000
#define CALLS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A text of the table ends within it. */
static void check_text(const struct seep_pclntab *table, const char *text)
{
	const char *start = (const char *)table->bytes;

	require(text >= start && text < start + table->length);
	require(strlen(text) < (size_t)(start + table->length - text));
}

static void check_calls(const struct seep_pclntab *table, const struct seep_go_function *function,
			uint64_t pc, const uint8_t *funcdata, size_t funcdata_length)
{
	struct seep_go_call calls[CALLS_MAX];
	size_t count = seep_pclntab_calls(table, function, pc, funcdata, funcdata_length, calls,
					  CALLS_MAX);

	require(count >= 1 && count <= CALLS_MAX);
	require(calls[count - 1].function == function->name);
	for (size_t i = 0; i < count; i++) {
		check_text(table, calls[i].function);
		require(!calls[i].file == !calls[i].line);
		if (calls[i].file)
			check_text(table, calls[i].file);
	}
}

static void check_function(const struct seep_pclntab *table,
			   const struct seep_go_function *function, const uint8_t *funcdata,
			   size_t funcdata_length)
{
	struct seep_go_function found;
	uint64_t bytes;

	require(function->entry <= function->end);
	check_text(table, function->name);
	require(seep_pclntab_find_name(table, function->name, &found) == 0);
	seep_pclntab_is_outermost(table, function);
	for (uint64_t pc = function->entry; pc < function->end && pc < function->entry + 64; pc++) {
		if (seep_pclntab_find(table, pc, &found) == 0)
			require(found.entry <= pc && pc < found.end);
		seep_pclntab_frame_bytes(table, function, pc, &bytes);
		check_calls(table, function, pc, funcdata, funcdata_length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct seep_go_function function;
	struct seep_pclntab table;
	uint32_t table_length;

	if (length < sizeof(table_length) || length > 16384)
		return 0;
	memcpy(&table_length, data, sizeof(table_length));
	data += sizeof(table_length);
	length -= sizeof(table_length);
	if (table_length > length || seep_pclntab_init(data, table_length, TEXT, &table))
		return 0;
	for (uint64_t i = 0; i < table.num_functions && i < 64; i++)
		if (seep_pclntab_at(&table, i, &function) == 0)
			check_function(&table, &function, data + table_length,
				       length - table_length);
	return 0;
}
