// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reader of goroutines over the memory of a small Go program that is damaged while it is read.
 * The memory of another process (remote/memory.h) is here an image that is built by the layout of a
 * version of Go: runtime.allgs, structures of goroutines, and stacks by a table of functions.
 *
 * The first byte of the input is the version; then come changes, each of 8 bytes: how many reads
 * later it is made, what it is, where, and a number. Bounded by CHANGES_MAX.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "golang/goroutines.h"

#define BASE	    0xc000000000
#define PAGE_BYTES  4096u
#define NUM_PAGES   16u
#define IMAGE_BYTES (NUM_PAGES * PAGE_BYTES)

/* Where things are in the image. */
#define SLICE_AT      64u
#define ARRAY_AT      256u
#define STRUCTURES_AT 8192u
#define STACKS_AT     16384u
#define G_BYTES	      416u
#define STACK_BYTES   2048u
#define DEEP_BYTES    8192u

#define TEXT	       0x401000u
#define FUNCTION_BYTES 64u
#define TABLE_BYTES    2048u
#define DEPTH	       300u /* more than are kept */
#define CHANGES_MAX    64u

/* X(enum suffix, name, bytes of its frame, does the stack end there) */
#define FUNCTIONS(X)                                                                               \
	X(GOPARK, "runtime.gopark", 24, 0)                                                         \
	X(GOEXIT, "runtime.goexit", 0, 1)                                                          \
	X(RUNTIME_MAIN, "runtime.main", 56, 0)                                                     \
	X(SWEEP, "runtime.bgsweep", 16, 0)                                                         \
	X(RAW, "syscall.RawSyscall6", 40, 0)                                                       \
	X(RECEIVE, "main.receive", 32, 0)                                                          \
	X(RECURSE, "main.recurse", 8, 0)                                                           \
	X(WORK, "main.work", 48, 0)                                                                \
	X(MAIN, "main.main", 8, 0)

enum function {
#define FUNCTION_ENUM(name, ...) AT_##name,
	FUNCTIONS(FUNCTION_ENUM)
#undef FUNCTION_ENUM
	NUM_FUNCTIONS
};

static const struct {
	const char *name;
	uint8_t frame_bytes;
	uint8_t outermost;
} functions[] = {
#define FUNCTION(enum_name, text, bytes, ends) {text, bytes, ends},
	FUNCTIONS(FUNCTION)
#undef FUNCTION
};

/* The goroutines: statuses as runtime2.go has them, and the calls, innermost first. */
static const struct {
	uint8_t status;
	uint8_t calls[4]; /* ends with that of GOEXIT */
	uint8_t start;
} goroutines[] = {
	{4, {AT_GOPARK, AT_MAIN, AT_RUNTIME_MAIN, AT_GOEXIT}, AT_RUNTIME_MAIN},
	{4, {AT_GOPARK, AT_SWEEP, AT_GOEXIT}, AT_SWEEP},
	{4, {AT_GOPARK, AT_RECEIVE, AT_WORK, AT_GOEXIT}, AT_WORK},
	{4, {AT_GOPARK, AT_RECEIVE, AT_WORK, AT_GOEXIT}, AT_WORK},
	{3, {AT_RAW, AT_WORK, AT_GOEXIT}, AT_WORK},
	{2, {AT_WORK, AT_GOEXIT}, AT_WORK},
	{1, {AT_WORK, AT_GOEXIT}, AT_WORK},
	{6, {AT_GOEXIT}, AT_WORK},
	{9, {AT_WORK, AT_GOEXIT}, AT_WORK},
	{10, {AT_GOPARK, AT_RECEIVE, AT_WORK, AT_GOEXIT}, AT_WORK},
	{4, {AT_GOPARK, AT_RECURSE, AT_WORK, AT_GOEXIT}, AT_WORK},
};

#define NUM_GOROUTINES (sizeof(goroutines) / sizeof(goroutines[0]))
/* Without the dead one and that of the runtime. */
#define NUM_FOUND (NUM_GOROUTINES - 2)

_Static_assert(STRUCTURES_AT + NUM_GOROUTINES * G_BYTES <= STACKS_AT, "room for the structures");
_Static_assert(STACKS_AT + (NUM_GOROUTINES - 1) * STACK_BYTES + DEEP_BYTES <= IMAGE_BYTES,
	       "room for the stacks");

enum change_kind {
	CHANGE_BYTES,
	CHANGE_FIELD,
	CHANGE_FIELD_ADDRESS,
	CHANGE_STACK_WORD,
	CHANGE_LENGTH,
	CHANGE_ARRAY,
	CHANGE_PRESENT,
	CHANGE_GONE,
	CHANGE_UNDO,
	CHANGE_KINDS,
};

struct change {
	uint8_t reads; /* since the one before */
	uint8_t kind;
	uint8_t which;
	uint8_t field;
	uint32_t number;
};

struct seep_remote {
	uint8_t bytes[IMAGE_BYTES];
	bool missing[NUM_PAGES];
	bool gone;
	unsigned int minor;
	struct seep_go_layout layout;
	struct change changes[CHANGES_MAX];
	size_t num_changes;
	size_t next;
	unsigned int since;
	uint64_t num_reads;
	uint64_t longest; /* list that the reader can have read */
};

_Static_assert(DEPTH > SEEP_MAX_FRAMES, "a stack that is cut");

static uint8_t images[SEEP_GO_MINOR_LAST + 1][IMAGE_BYTES];
static uint8_t table_bytes[TABLE_BYTES];
static struct seep_go go;
static struct seep_remote memory;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void put32(uint8_t *bytes, size_t offset, uint32_t number)
{
	memcpy(bytes + offset, &number, sizeof(number));
}

static void put(uint8_t *bytes, size_t offset, uint64_t number)
{
	memcpy(bytes + offset, &number, sizeof(number));
}

/* Within the function, behind its first instruction: a return address. */
static uint64_t pc_in(enum function function)
{
	return TEXT + function * FUNCTION_BYTES + 17;
}

/* As cmd/link of Go 1.20 and later writes it. */
static void build_table(void)
{
	size_t names = SEEP_PCLNTAB_HEADER_BYTES, values = names + 256, list = values + 64;
	size_t function_at = (NUM_FUNCTIONS + 1) * 8, name = 0, value = 1;
	const size_t parts[] = {NUM_FUNCTIONS, 0, TEXT, names, names, names, values, list};

	put32(table_bytes, 0, 0xfffffff1u);
	table_bytes[6] = 1;
	table_bytes[7] = 8;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		put(table_bytes, 8 + 8 * i, parts[i]);
	for (size_t i = 0; i < NUM_FUNCTIONS; i++) {
		uint8_t *function = table_bytes + list + function_at;

		put32(table_bytes, list + 8 * i, (uint32_t)(i * FUNCTION_BYTES));
		put32(table_bytes, list + 8 * i + 4, (uint32_t)function_at);
		put32(function, 0, (uint32_t)(i * FUNCTION_BYTES));
		put32(function, 4, (uint32_t)name);
		put32(function, 16, (uint32_t)value);
		function[41] = functions[i].outermost;
		strcpy((char *)table_bytes + names + name, functions[i].name);
		name += strlen(functions[i].name) + 1;
		/* The value begins with -1; then its list ends. */
		table_bytes[values + value] = (uint8_t)(2 * (functions[i].frame_bytes + 1));
		table_bytes[values + value + 1] = FUNCTION_BYTES;
		value += 3;
		function_at += 44;
	}
	put32(table_bytes, list + (size_t)8 * NUM_FUNCTIONS, NUM_FUNCTIONS * FUNCTION_BYTES);
	require(name <= 256 && value <= 64 && list + function_at <= TABLE_BYTES);
	require(seep_pclntab_init(table_bytes, TABLE_BYTES, TEXT, &go.table) == 0);
}

/* Writes the stack that ends at @limit, from its outermost call on. Where its stack pointer is. */
static size_t build_stack(uint8_t *image, size_t limit, const uint8_t calls[4])
{
	size_t count = 0, at = limit;

	while (calls[count] != AT_GOEXIT)
		count++;
	/* What a function returns to is above its frame. */
	for (size_t i = count; i-- > 0;) {
		unsigned int times = calls[i] == AT_RECURSE ? DEPTH : 1;

		for (unsigned int j = 0; j < times; j++) {
			at -= 8;
			put(image, at, pc_in(j ? AT_RECURSE : (enum function)calls[i + 1]));
			at -= functions[calls[i]].frame_bytes;
		}
	}
	return at;
}

static void build_image(uint8_t *image, const struct seep_go_layout *layout)
{
	const uint32_t *offsets = layout->offsets;
	size_t stack = STACKS_AT;

	put(image, SLICE_AT, BASE + ARRAY_AT);
	put(image, SLICE_AT + 8, NUM_GOROUTINES);
	put(image, SLICE_AT + 16, 64);
	for (size_t i = 0; i < NUM_GOROUTINES; i++) {
		uint8_t *g = image + STRUCTURES_AT + i * G_BYTES;
		size_t bytes = i + 1 < NUM_GOROUTINES ? STACK_BYTES : DEEP_BYTES;
		size_t sp = build_stack(image, stack + bytes, goroutines[i].calls);
		bool calls_system = goroutines[i].status == 3;

		/* The list is not in the order of the structures. */
		put(image, ARRAY_AT + 8 * (i ^ (i < 8)), BASE + STRUCTURES_AT + i * G_BYTES);
		put(g, offsets[SEEP_GO_G_STACK_LO], BASE + stack);
		put(g, offsets[SEEP_GO_G_STACK_LO] + 8U, BASE + stack + bytes);
		put(g,
		    calls_system ? offsets[SEEP_GO_G_SYSCALLSP] :
				   offsets[SEEP_GO_G_SCHED] + offsets[SEEP_GO_GOBUF_SP],
		    BASE + sp);
		put(g,
		    calls_system ? offsets[SEEP_GO_G_SYSCALLPC] :
				   offsets[SEEP_GO_G_SCHED] + offsets[SEEP_GO_GOBUF_PC],
		    pc_in((enum function)goroutines[i].calls[0]));
		put32(g, offsets[SEEP_GO_G_STATUS], goroutines[i].status);
		put(g, offsets[SEEP_GO_G_GOID], i + 1);
		put(g, offsets[SEEP_GO_G_GOPC], pc_in(AT_MAIN));
		put(g, offsets[SEEP_GO_G_STARTPC],
		    TEXT + (uint64_t)goroutines[i].start * FUNCTION_BYTES);
		g[offsets[SEEP_GO_G_WAITREASON]] = (uint8_t)(i % 3);
		stack += bytes;
	}
}

static void make_change(const struct change *change)
{
	uint8_t *bytes = memory.bytes;
	size_t in_structure = STRUCTURES_AT + change->which % NUM_GOROUTINES * G_BYTES +
			      memory.layout.offsets[change->field % SEEP_GO_GOBUF_SP];
	size_t at = (change->which | (size_t)change->field << 8) % (IMAGE_BYTES - 8);
	/* Small numbers of both signs, and within the image, are those that lead somewhere. */
	uint64_t number = (uint64_t)(int64_t)(int32_t)change->number;

	switch ((enum change_kind)(change->kind % CHANGE_KINDS)) {
	case CHANGE_BYTES:
		put32(bytes, at, change->number);
		break;
	case CHANGE_FIELD:
		put(bytes, in_structure, number);
		break;
	case CHANGE_FIELD_ADDRESS:
		put(bytes, in_structure + 8U * (change->number >> 31), BASE + (uint16_t)number);
		break;
	case CHANGE_STACK_WORD:
		put(bytes, at & ~(size_t)7, TEXT + change->number % 1024);
		break;
	case CHANGE_LENGTH:
		put(bytes, SLICE_AT + 8, number);
		put(bytes, SLICE_AT + 16, number);
		break;
	case CHANGE_ARRAY:
		put(bytes, SLICE_AT, BASE + (uint16_t)number);
		break;
	case CHANGE_PRESENT:
		memory.missing[change->which % NUM_PAGES] ^= true;
		break;
	case CHANGE_GONE:
		memory.gone = change->number % 4 == 0;
		break;
	case CHANGE_UNDO:
	case CHANGE_KINDS:
		memcpy(bytes, images[memory.minor], IMAGE_BYTES);
		break;
	}
}

/* One read, after the changes that are due by then. */
static int read_image(uint64_t address, void *buffer, size_t bytes)
{
	uint64_t offset = address - BASE;

	memory.num_reads++;
	memory.since++;
	while (memory.next < memory.num_changes &&
	       memory.changes[memory.next].reads < memory.since) {
		make_change(&memory.changes[memory.next++]);
		memory.since = 0;
	}
	if (memory.gone)
		return -ESRCH;
	if (!bytes || offset >= IMAGE_BYTES || bytes > IMAGE_BYTES - offset)
		return address >> 56 || !bytes ? -EFAULT : -ENODATA;
	for (uint64_t page = offset / PAGE_BYTES; page <= (offset + bytes - 1) / PAGE_BYTES; page++)
		if (memory.missing[page])
			return -ENODATA;
	memcpy(buffer, memory.bytes + offset, bytes);
	return 0;
}

void seep_remote_refresh(struct seep_remote *remote)
{
	(void)remote;
}

int seep_remote_read(struct seep_remote *remote, uint64_t address, void *buffer, size_t bytes)
{
	int error = read_image(address, buffer, bytes);
	uint64_t count;

	if (!error && address == BASE + SLICE_AT) {
		memcpy(&count, (uint8_t *)buffer + 8, sizeof(count));
		/* A list that is longer than the image cannot be read. */
		if (count > remote->longest && count <= IMAGE_BYTES / 8)
			remote->longest = count;
	}
	return error;
}

int seep_remote_read_parts(struct seep_remote *remote, struct seep_remote_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		parts[i].error = read_image(parts[i].address, parts[i].buffer, parts[i].bytes);
		if (remote->gone)
			return -ESRCH;
	}
	return 0;
}

int seep_remote_check(const struct seep_remote *remote)
{
	return remote->gone ? -ESRCH : 0;
}

/* What runtime.c is linked with; nothing here opens a process. */
int seep_remote_open(pid_t pid, struct seep_remote **ret_remote)
{
	(void)pid;
	(void)ret_remote;
	return -ESRCH;
}

void seep_remote_close(struct seep_remote *remote)
{
	(void)remote;
}

static void check_stack(const struct seep_go_stack *stack)
{
	require(stack->num_addresses <= SEEP_MAX_FRAMES && stack->end < SEEP_END_COUNT);
	if (stack->end == SEEP_END_RUNNING) {
		require(stack->num_addresses <= 1);
		return;
	}
	for (size_t i = 0; i < stack->num_addresses; i++)
		require(stack->addresses[i] >= TEXT &&
			stack->addresses[i] < TEXT + NUM_FUNCTIONS * FUNCTION_BYTES);
}

static void check(const struct seep_goroutines *found)
{
	uint64_t id = 0;

	require(found->count && found->count + found->num_unread <= memory.longest);
	require(found->num_stacks && found->num_stacks <= found->count &&
		found->num_stacks <= SEEP_GO_STACKS_MAX);
	for (size_t i = 0; i < found->count; i++) {
		const struct seep_goroutine *one = &found->items[i];
		const char *reason;

		require(one->id && one->id >= id && one->stack < found->num_stacks);
		require(one->state < SEEP_GO_STATE_COUNT);
		require(*seep_goroutine_state(&go, one, &reason) && strlen(reason) < 8);
		id = one->id;
	}
	for (size_t i = 0; i < found->num_stacks; i++)
		check_stack(&found->stacks[i]);
}

/* Reads the image as it is, with the changes that there are. */
static int read_goroutines(struct seep_goroutines *ret_found)
{
	const char *why = NULL;
	int error;

	memory.next = memory.since = 0;
	memory.num_reads = memory.longest = 0;
	memory.gone = false;
	memset(memory.missing, 0, sizeof(memory.missing));
	memcpy(memory.bytes, images[memory.minor], IMAGE_BYTES);
	error = seep_goroutines_read(&go, ret_found, &why);
	/* Each is looked at twice in a few rounds, and a step of its walk reads at most once. */
	require(memory.num_reads <= 16 + memory.longest * (16 + SEEP_MAX_FRAMES));
	if (!error) {
		check(ret_found);
		return 0;
	}
	require(error == -EPROTO ? why != NULL :
				   error == -EAGAIN || error == -ENODATA || error == -EFAULT ||
					   error == -ESRCH);
	require(!ret_found->items && !ret_found->stacks && !ret_found->count);
	return error;
}

static void choose_version(unsigned int minor)
{
	memory.minor = minor;
	require(seep_go_layout_of_version(minor, &memory.layout));
	go.layout = memory.layout;
}

/* Without a change all goroutines are there, with their stacks. */
static void check_undamaged(void)
{
	struct seep_goroutines found;
	size_t whole = 0;

	memory.num_changes = 0;
	require(read_goroutines(&found) == 0);
	require(found.count == NUM_FOUND && !found.num_unread);
	for (size_t i = 0; i < found.count; i++) {
		const struct seep_go_stack *stack = &found.stacks[found.items[i].stack];

		whole += stack->end == SEEP_END_COMPLETE;
		if (found.items[i].id == NUM_GOROUTINES)
			require(stack->end == SEEP_END_DEPTH &&
				stack->num_addresses == SEEP_MAX_FRAMES);
		else
			require(stack->end == SEEP_END_COMPLETE || stack->end == SEEP_END_RUNNING);
		if (found.items[i].id == 1)
			require(stack->num_addresses == 3 && !stack->created_at);
		else
			require(stack->created_at == pc_in(AT_MAIN) - 1);
	}
	require(whole == 5);
	seep_goroutines_done(&found);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	build_table();
	go.remote = &memory;
	go.program.variables[SEEP_GO_ALLGS] = BASE + SLICE_AT;
	go.num_reasons = 2;
	memcpy(go.reasons[1], "select", 7);
	for (unsigned int i = SEEP_GO_MINOR_FIRST; i <= SEEP_GO_MINOR_LAST; i++) {
		choose_version(i);
		build_image(images[i], &memory.layout);
		check_undamaged();
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct seep_goroutines found;

	if (!length)
		return 0;
	choose_version(SEEP_GO_MINOR_FIRST +
		       data[0] % (SEEP_GO_MINOR_LAST - SEEP_GO_MINOR_FIRST + 1));
	memory.num_changes = (length - 1) / sizeof(struct change);
	if (memory.num_changes > CHANGES_MAX)
		memory.num_changes = CHANGES_MAX;
	memcpy(memory.changes, data + 1, memory.num_changes * sizeof(struct change));
	if (read_goroutines(&found) == 0)
		seep_goroutines_done(&found);
	return 0;
}
