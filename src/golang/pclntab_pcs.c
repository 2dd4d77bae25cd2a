// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of values by address is a list of pairs: how much the value changes (zigzag), and for how
 * many instruction quanta it then holds. It begins with the value -1 at the entry of the function,
 * and ends with a change of 0 that is not the first.
 *
 * One of these tables gives the index of the inlined call at an address in the function's tree of
 * inlined calls; an entry of the tree has an address that stands for where the call is, so the next
 * outer call is what is inlined there.
 *
 * Bounded by STEPS_MAX for a value and by the caller's room for calls.
 */
#include <errno.h>

#include "elf/cursor.h"
#include "golang/pclntab.h"
#include "golang/pclntab_private.h"

/* No function of Go's own compiler has more than 10,000 pairs. */
#define STEPS_MAX (1u << 18)

/* Numbers of tables that a _func may have, the same in all versions: cmd/internal/objabi of Go. */
#define PCDATA_INLINE_INDEX  2
#define FUNCDATA_INLINE_TREE 3
/* How the list of a _func says that it has no such bytes. */
#define NO_FUNCDATA UINT32_MAX

/* Where an entry of a tree of inlined calls has what is needed of it. */
struct inline_layout {
	unsigned int entry_bytes;
	unsigned int name_at;
	unsigned int call_at;
};

static const struct inline_layout inline_layouts[] = {
	[SEEP_PCLNTAB_GO_1_18] = {.entry_bytes = 20, .name_at = 12, .call_at = 16},
	[SEEP_PCLNTAB_GO_1_20] = {.entry_bytes = 16, .name_at = 4, .call_at = 8},
};

/*
 * The value at @position bytes behind the entry of a function, by the table at @offset of such
 * tables. 0; -ENOENT if there is none; -EINVAL.
 */
static int find_value(const struct seep_pclntab *table, uint32_t offset, uint64_t position,
		      int32_t *ret_value)
{
	struct seep_cursor cursor = {
		.at = table->bytes + table->pc_values,
		.end = table->bytes + table->length,
	};
	uint32_t value = UINT32_MAX;
	uint64_t end = 0;

	/* Offset 0 stands for no table. */
	if (!offset)
		return -ENOENT;
	seep_cursor_take(&cursor, offset);
	for (size_t step = 0; step < STEPS_MAX; step++) {
		uint32_t change = (uint32_t)seep_cursor_uleb(&cursor);

		if (!change && step)
			return -ENOENT;
		value += change & 1 ? ~(change >> 1) : change >> 1;
		end += (uint32_t)seep_cursor_uleb(&cursor) * (uint64_t)table->quantum;
		if (cursor.failed)
			return -EINVAL;
		if (position < end) {
			*ret_value = (int32_t)value;
			return 0;
		}
	}
	return -EINVAL;
}

/* As find_value, by the table that @field of a _func has. */
static int find_field_value(const struct seep_pclntab *table,
			    const struct seep_go_function *function, uint64_t position,
			    enum seep_go_function_field field, int32_t *ret_value)
{
	uint32_t offset;
	int error = seep_pclntab_u32(table, function->offset + field, &offset);

	return error ? error : find_value(table, offset, position, ret_value);
}

int seep_pclntab_frame_bytes(const struct seep_pclntab *table,
			     const struct seep_go_function *function, uint64_t pc,
			     uint64_t *ret_bytes)
{
	int32_t value;
	int error;

	if (pc < function->entry || pc >= function->end)
		return -ENOENT;
	error = find_field_value(table, function, pc - function->entry, SEEP_GO_FUNCTION_STACK,
				 &value);
	if (error)
		return error;
	/* syscall.rawVforkSyscall takes its return address from the stack. */
	if (value < 0)
		return -ENOENT;
	*ret_bytes = (uint64_t)value;
	return 0;
}

/* File and line at @position; what is not known stays as it is. */
static void find_source(const struct seep_pclntab *table, const struct seep_go_function *function,
			uint64_t position, struct seep_go_call *call)
{
	uint32_t unit, path;
	int32_t file, line;

	if (find_field_value(table, function, position, SEEP_GO_FUNCTION_FILE, &file) || file < 0)
		return;
	if (find_field_value(table, function, position, SEEP_GO_FUNCTION_LINE, &line) || line <= 0)
		return;
	if (seep_pclntab_u32(table, function->offset + SEEP_GO_FUNCTION_UNIT, &unit))
		return;
	if (seep_pclntab_u32(table, table->unit_files + 4 * ((uint64_t)unit + (uint32_t)file),
			     &path))
		return;
	/* ~0 is a file that no function of the program needs; it is outside. */
	call->file = seep_pclntab_string(table, table->files + path);
	if (call->file)
		call->line = (unsigned int)line;
}

/* What is inlined in a function. */
struct inlining {
	const struct seep_pclntab *table;
	uint32_t indices;    /* offset of the table of the index by address, 0 without */
	const uint8_t *tree; /* NULL: unknown, or there is none */
	size_t tree_bytes;   /* at most */
};

static void inlining_init(struct inlining *inlining, const struct seep_pclntab *table,
			  const struct seep_go_function *function, const uint8_t *funcdata,
			  size_t funcdata_length)
{
	uint64_t tail = seep_go_function_tail(table, function), lists = tail + 4;
	uint32_t num_pcdata, counts, tree;

	*inlining = (struct inlining){.table = table};
	if (seep_pclntab_u32(table, function->offset + SEEP_GO_FUNCTION_NUM_PCDATA, &num_pcdata) ||
	    seep_pclntab_u32(table, tail, &counts))
		return;
	if (num_pcdata <= PCDATA_INLINE_INDEX ||
	    seep_pclntab_u32(table, lists + 4 * PCDATA_INLINE_INDEX, &inlining->indices)) {
		inlining->indices = 0;
		return;
	}
	/* The last byte of the tail is the number of the second list. */
	if (!funcdata || counts >> 24 <= FUNCDATA_INLINE_TREE ||
	    seep_pclntab_u32(table, lists + 4 * ((uint64_t)num_pcdata + FUNCDATA_INLINE_TREE),
			     &tree))
		return;
	if (tree == NO_FUNCDATA || tree > funcdata_length)
		return;
	inlining->tree = funcdata + tree;
	inlining->tree_bytes = funcdata_length - tree;
}

/*
 * The inlined call at @position of the function: its name, and in *ret_call the position that
 * stands for where it is called. 0; -ENOENT if nothing is inlined there; -EINVAL if that is not
 * known.
 */
static int find_inlined(const struct inlining *inlining, uint64_t position, const char **ret_name,
			uint64_t *ret_call)
{
	const struct inline_layout *layout = &inline_layouts[inlining->table->version];
	uint32_t name_offset, call;
	const uint8_t *entry;
	const char *name;
	int32_t index;
	int error = find_value(inlining->table, inlining->indices, position, &index);

	if (error)
		return error;
	if (index < 0)
		return -ENOENT;
	if (!inlining->tree || (uint32_t)index >= inlining->tree_bytes / layout->entry_bytes)
		return -EINVAL;
	entry = inlining->tree + (size_t)index * layout->entry_bytes;
	memcpy(&name_offset, entry + layout->name_at, sizeof(name_offset));
	memcpy(&call, entry + layout->call_at, sizeof(call));
	name = seep_pclntab_string(inlining->table, inlining->table->names + name_offset);
	if (!name)
		return -EINVAL;
	*ret_name = name;
	*ret_call = call;
	return 0;
}

size_t seep_pclntab_calls(const struct seep_pclntab *table, const struct seep_go_function *function,
			  uint64_t pc, const uint8_t *funcdata, size_t funcdata_length,
			  struct seep_go_call *calls, size_t max_calls)
{
	uint64_t position = pc - function->entry;
	struct inlining inlining;
	size_t count = 0;
	int error = 0;

	inlining_init(&inlining, table, function, funcdata, funcdata_length);
	for (;;) {
		struct seep_go_call call = {0};
		uint64_t outer;

		error = find_inlined(&inlining, position, &call.function, &outer);
		if (error || count + 1 == max_calls)
			break;
		find_source(table, function, position, &call);
		calls[count++] = call;
		position = outer;
	}
	calls[count] = (struct seep_go_call){.function = function->name};
	/* The line is that of the function itself only if nothing is inlined there. */
	if (error == -ENOENT)
		find_source(table, function, position, &calls[count]);
	return count + 1;
}
