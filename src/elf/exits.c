// SPDX-License-Identifier: GPL-2.0-only
/*
 * A piece of code after the other, each from its beginning to its end: first the function itself,
 * then every piece that a jump leads to. Pieces are those of the unwind information, so compilers
 * and strip cannot hide a part; where there is none, functions as the file's own symbols name them.
 * Bounded by PIECES_MAX and BYTES_MAX.
 */
#include "elf/exits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/numbers.h"
#include "elf/decoder.h"
#include "elf/functions.h"

#define PIECES_MAX 32
#define BYTES_MAX  (256u << 10) /* in all pieces: 100 ns per instruction */

/* A switch computes the address that it jumps to within so many instructions before the jump. */
#define SWITCH_INSTRUCTIONS 6

/* Pieces are a list of work: they are added at the end while those before them are swept. */
struct search {
	const struct seep_exits_query *query;
	struct seep_decoder decoder;
	struct seep_range pieces[PIECES_MAX];
	size_t num_pieces;
	uint64_t num_bytes;
	unsigned int since_table; /* instructions since an entry of a jump table was loaded */
	struct seep_exits *exits;
};

/* The function is not probed at its returns, and @reason is what people are told. */
static int refuse(struct search *search, const char *reason)
{
	search->exits->reason = reason;
	return -ENOTSUP;
}

/* Swept already, or waiting for it. */
static bool is_covered(const struct search *search, uint64_t address)
{
	for (size_t i = 0; i < search->num_pieces; i++) {
		if (address >= search->pieces[i].start && address < search->pieces[i].end)
			return true;
	}
	return false;
}

/* From @start up to @end, to be swept when its turn comes. */
static int add_piece(struct search *search, uint64_t start, uint64_t end)
{
	if (search->num_pieces == PIECES_MAX || end - start > BYTES_MAX - search->num_bytes)
		return refuse(search, "it leads to too much code");
	search->num_bytes += end - start;
	search->pieces[search->num_pieces++] = (struct seep_range){start, end};
	return 0;
}

static int add_exit(struct search *search, uint64_t address)
{
	struct seep_exits *exits = search->exits;

	if (exits->count == SEEP_EXITS_MAX)
		return refuse(search, "it returns at too many places");
	exits->addresses[exits->count++] = address;
	return 0;
}

static int add_tail(struct search *search, uint64_t address)
{
	struct seep_exits *exits = search->exits;

	for (size_t i = 0; i < exits->num_tails; i++) {
		if (exits->tails[i] == address)
			return 0;
	}
	if (exits->num_tails == SEEP_EXITS_MAX_TAILS)
		return refuse(search, "it jumps to too many functions");
	exits->tails[exits->num_tails++] = address;
	return 0;
}

/* Code without unwind information, as musl's: a symbol of the same file says where it ends. */
static int follow_symbol(struct search *search, uint64_t target)
{
	struct seep_symbol symbol;

	if (seep_image_function_at(search->query->image, target, &symbol) || !symbol.size)
		return refuse(search,
			      "it jumps to code of which the file does not say where it ends");
	return add_piece(search, symbol.address, symbol.address + symbol.size);
}

/* A jump to @target: within what is known, out of the function, or to one more piece. */
static int follow(struct search *search, uint64_t target)
{
	const struct seep_exits_query *query = search->query;
	const struct seep_range *piece;

	if (is_covered(search, target))
		return 0;
	if (query->leaves(query->context, &target))
		return add_tail(search, target);
	/* leaves has put the function of this file in the place of the stub that leads to it. */
	if (is_covered(search, target))
		return 0;
	piece = seep_extents_find(query->extents, target);
	if (!piece)
		return follow_symbol(search, target);
	return add_piece(search, piece->start, piece->end);
}

/*
 * Compilers for x86-64 extend the sign of an entry of the jump table (in position-independent code
 * it is relative to the table), or load a whole one with a scaled index, or jump through the table
 * itself. With -fcf-protection the jump of a switch has the prefix notrack, and that of a tail call
 * has not.
 */
static bool is_switch(const struct search *search, const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (x86->prefix[1] == X86_PREFIX_DS) /* notrack */
		return true;
	if (x86->operands[0].type == X86_OP_MEM)
		return x86->operands[0].mem.index != X86_REG_INVALID &&
		       x86->operands[0].mem.scale == 8;
	return search->since_table < SWITCH_INSTRUCTIONS;
}

/* A jump whose target is in a register or in memory. */
static int follow_indirect(struct search *search)
{
	const cs_insn *insn = search->decoder.insn;
	const struct seep_exits_query *query = search->query;
	const cs_x86_op *operand = &insn->detail->x86.operands[0];
	uint64_t target = insn->address;

	/*
	 * A variable is known by the address of the jump: leaves finds out whose address it holds.
	 */
	if (operand->type == X86_OP_MEM && operand->mem.base == X86_REG_RIP) {
		if (query->leaves(query->context, &target))
			return add_tail(search, target);
		if (target != insn->address)
			return follow(search, target);
	}
	if (is_switch(search, insn))
		return 0;
	return refuse(search, "it jumps through a register or a variable");
}

/*
 * Sees the load of a jump table's entry, which makes a jump through a register behind it a switch.
 */
static void note_table(struct search *search)
{
	const cs_insn *insn = search->decoder.insn;
	const cs_x86 *x86 = &insn->detail->x86;

	search->since_table++;
	if (insn->id == X86_INS_MOVSXD || insn->id == X86_INS_CDQE ||
	    (insn->id == X86_INS_MOV && x86->operands[1].type == X86_OP_MEM &&
	     x86->operands[1].mem.index != X86_REG_INVALID && x86->operands[1].mem.scale == 8))
		search->since_table = 0;
}

static int look_at(struct search *search)
{
	const cs_insn *insn = search->decoder.insn;
	uint64_t target;

	note_table(search);
	/* Only returns and jumps matter: what is called comes back, or never returns at all. */
	if (seep_insn_is_return(insn))
		return add_exit(search, insn->address);
	if (!seep_insn_is_jump(search->decoder.handle, insn, &target))
		return 0;
	return target ? follow(search, target) : follow_indirect(search);
}

/* Decodes one piece from end to end: all of it is code, or the function is refused. */
static int sweep(struct search *search, const struct seep_range *piece)
{
	const uint8_t *code;
	size_t length = piece->end - piece->start;
	int error = 0;

	if (seep_image_code(search->query->image, piece->start, length, &code) != length)
		return refuse(search, "its code is not in the file");
	seep_decoder_start(&search->decoder, code, length, piece->start);
	/* A load in another piece makes no switch in this one. */
	search->since_table = SWITCH_INSTRUCTIONS;
	while (!error && seep_decoder_next(&search->decoder))
		error = look_at(search);
	/* Bytes are left over: data in the middle of code, behind which more returns may come. */
	if (!error && search->decoder.length)
		return refuse(search, "its code cannot be decoded");
	return error;
}

static int compare_addresses(const void *left, const void *right)
{
	return seep_order(*(const uint64_t *)left, *(const uint64_t *)right);
}

/* Pieces may overlap; every place counts once. */
static void sort_exits(struct seep_exits *exits)
{
	size_t kept = 0;

	qsort(exits->addresses, exits->count, sizeof(exits->addresses[0]), compare_addresses);
	for (size_t i = 0; i < exits->count; i++) {
		if (!kept || exits->addresses[kept - 1] != exits->addresses[i])
			exits->addresses[kept++] = exits->addresses[i];
	}
	exits->count = kept;
}

/*
 * The function as a whole: as its symbol says, and as its unwind information says if that is more.
 */
static int add_function(struct search *search)
{
	const struct seep_exits_query *query = search->query;
	const struct seep_range *piece = seep_extents_find(query->extents, query->address);
	uint64_t end = query->address + query->size;

	if (piece && piece->start == query->address && piece->end > end)
		end = piece->end;
	if (end <= query->address)
		return refuse(search, "its size is not known");
	return add_piece(search, query->address, end);
}

int seep_exits_find(const struct seep_exits_query *query, struct seep_exits *ret_exits)
{
	struct search search = {.query = query, .exits = ret_exits};
	int error = seep_decoder_init(&search.decoder);

	memset(ret_exits, 0, sizeof(*ret_exits));
	if (!error)
		error = add_function(&search);
	/* The list grows by pieces that jumps lead to. */
	for (size_t i = 0; !error && i < search.num_pieces; i++)
		error = sweep(&search, &search.pieces[i]);
	seep_decoder_done(&search.decoder);
	if (!error && !ret_exits->count && !ret_exits->num_tails)
		error = refuse(&search, "it never returns");
	if (!error)
		sort_exits(ret_exits);
	return error;
}
