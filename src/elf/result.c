// SPDX-License-Identifier: GPL-2.0-only
/*
 * A data-flow analysis: at each instruction the set of places (registers, variables at fixed
 * distances from rbp or rsp) that hold the result on every path that leads there. It begins with
 * "every place" for what was not reached yet, and a place is only ever taken out of a set, so it
 * ends after at most one round per place and instruction; rounds are bounded all the same.
 */
#include "elf/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/decoder.h"

#define CODE_MAX_BYTES 2048 /* of one piece; operator new takes 100 */
#define PIECES_MAX     4
#define ROUNDS_MAX     32

/* The places: 16 registers, and variables of 8 bytes below rbp and above rsp. */
#define NUM_REGISTERS 16
#define NUM_BELOW_RBP 16
#define NUM_ABOVE_RSP 16
#define BELOW_RBP     NUM_REGISTERS
#define ABOVE_RSP     (NUM_REGISTERS + NUM_BELOW_RBP)
#define ALL_BELOW_RBP (((1ULL << NUM_BELOW_RBP) - 1) << BELOW_RBP)
#define ALL_ABOVE_RSP (((1ULL << NUM_ABOVE_RSP) - 1) << ABOVE_RSP)
#define EVERYTHING    (~0ULL)

/* In the order of their numbers in the encoding; the index is the bit of the place. */
static const x86_reg registers[NUM_REGISTERS] = {
	X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP,
	X86_REG_RSI, X86_REG_RDI, X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
	X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15,
};
#define RAX_BIT	     1ULL
#define RSP_INDEX    4
#define RBP_INDEX    5
#define CALLEE_SAVED (1ULL << 3 | 1ULL << 5 | 0xfULL << 12) /* rbx, rbp, r12 to r15 */

struct piece {
	struct seep_range range;
	uint64_t *before; /* by byte: the places in front of the instruction that begins there */
};

/* The pieces are those that jumps have led to; the first one is the function itself. */
struct analysis {
	const struct seep_exits_query *query;
	struct seep_decoder decoder;
	struct piece pieces[PIECES_MAX];
	size_t num_pieces;
	bool changed;
	bool failed; /* it returns something else, or is not understood */
	bool passes; /* a path returns the result */
};

static void analysis_done(struct analysis *analysis)
{
	seep_decoder_done(&analysis->decoder);
	for (size_t i = 0; i < analysis->num_pieces; i++)
		free(analysis->pieces[i].before);
}

/* The index of the register that @reg is, or is a part of; -1 for others. */
static int register_index(csh handle, x86_reg reg)
{
	static const char *const parts[NUM_REGISTERS][4] = {
		{"eax", "ax", "al", "ah"},    {"ecx", "cx", "cl", "ch"},
		{"edx", "dx", "dl", "dh"},    {"ebx", "bx", "bl", "bh"},
		{"esp", "sp", "spl", ""},     {"ebp", "bp", "bpl", ""},
		{"esi", "si", "sil", ""},     {"edi", "di", "dil", ""},
		{"r8d", "r8w", "r8b", ""},    {"r9d", "r9w", "r9b", ""},
		{"r10d", "r10w", "r10b", ""}, {"r11d", "r11w", "r11b", ""},
		{"r12d", "r12w", "r12b", ""}, {"r13d", "r13w", "r13b", ""},
		{"r14d", "r14w", "r14b", ""}, {"r15d", "r15w", "r15b", ""},
	};
	const char *name;

	for (int i = 0; i < NUM_REGISTERS; i++) {
		if (reg == registers[i])
			return i;
	}
	name = cs_reg_name(handle, reg);
	for (int i = 0; name && i < NUM_REGISTERS; i++) {
		for (int j = 0; j < 4; j++) {
			if (strcmp(parts[i][j], name) == 0)
				return i;
		}
	}
	return -1;
}

/* The bit of the place that a whole operand is; 0: none that is followed. */
static uint64_t place_of(csh handle, const cs_x86_op *operand)
{
	const x86_op_mem *memory = &operand->mem;

	/* A pointer fills the place; what is smaller can only destroy it. */
	if (operand->size != 8)
		return 0;
	if (operand->type == X86_OP_REG) {
		int index = register_index(handle, operand->reg);

		return index < 0 || index == RSP_INDEX ? 0 : 1ULL << index;
	}
	/* A variable that is not aligned to 8 bytes would lie across two places. */
	if (operand->type != X86_OP_MEM || memory->index != X86_REG_INVALID ||
	    memory->segment != X86_REG_INVALID || memory->disp % 8)
		return 0;
	if (memory->base == X86_REG_RBP && memory->disp < 0 && memory->disp >= -8 * NUM_BELOW_RBP)
		return 1ULL << (BELOW_RBP + -memory->disp / 8 - 1);
	if (memory->base == X86_REG_RSP && memory->disp >= 0 && memory->disp < 8 * NUM_ABOVE_RSP)
		return 1ULL << (ABOVE_RSP + memory->disp / 8);
	return 0;
}

/* What @insn may have written holds the result no more. */
static uint64_t without_written(struct analysis *analysis, const cs_insn *insn, uint64_t places)
{
	const cs_x86 *x86 = &insn->detail->x86;
	uint8_t num_read, num_written;
	cs_regs read, written;

	if (cs_regs_access(analysis->decoder.handle, insn, read, &num_read, written,
			   &num_written) != CS_ERR_OK)
		return 0;
	for (uint8_t i = 0; i < num_written; i++) {
		int index = register_index(analysis->decoder.handle, written[i]);

		/* The distances of variables change with the register that they count from. */
		if (index == RSP_INDEX)
			places &= ~ALL_ABOVE_RSP;
		else if (index == RBP_INDEX)
			places &= ~ALL_BELOW_RBP;
		if (index >= 0)
			places &= ~(1ULL << index);
	}
	/*
	 * A store may hit a variable, unless it is to another one that is known, or to a global
	 * one.
	 */
	for (uint8_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *operand = &x86->operands[i];
		uint64_t place = place_of(analysis->decoder.handle, operand);

		if (operand->type == X86_OP_MEM && operand->access & CS_AC_WRITE &&
		    operand->mem.base != X86_REG_RIP)
			places &= place ? ~place : ~(ALL_BELOW_RBP | ALL_ABOVE_RSP);
	}
	return places;
}

/* xor and sub of a register with itself, and a mov of 0: no block, which is as good. */
static bool makes_zero(const cs_insn *insn)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0], *from = to + 1;

	if (insn->detail->x86.op_count != 2 || to->type != X86_OP_REG)
		return false;
	if (insn->id == X86_INS_XOR || insn->id == X86_INS_SUB)
		return from->type == X86_OP_REG && from->reg == to->reg && to->size >= 4;
	return insn->id == X86_INS_MOV && from->type == X86_OP_IMM && !from->imm && to->size >= 4;
}

/*
 * What a call leaves: registers that the callee saves (System V ABI for x86-64, figure 3.4),
 * variables of this frame, and the result if it is the one that is looked for.
 */
static uint64_t behind_call(struct analysis *analysis, const cs_insn *insn, uint64_t target,
			    uint64_t places)
{
	const struct seep_exits_query *query = analysis->query;

	places &= CALLEE_SAVED | ALL_BELOW_RBP | ALL_ABOVE_RSP;
	/* A call through a variable is known by the address of the call. */
	if (!target)
		target = insn->address;
	if (query->leaves(query->context, &target))
		places |= RAX_BIT;
	return places;
}

/* The places behind @insn, which is no jump. */
static uint64_t behind(struct analysis *analysis, const cs_insn *insn, uint64_t places)
{
	const cs_x86 *x86 = &insn->detail->x86;
	csh handle = analysis->decoder.handle;
	uint64_t target, to, from;

	if (seep_insn_is_call(insn, &target))
		return behind_call(analysis, insn, target, places);
	if (makes_zero(insn)) {
		int index = register_index(handle, x86->operands[0].reg);

		return index < 0 ? places : places | 1ULL << index;
	}
	if (insn->id == X86_INS_MOV && x86->op_count == 2) {
		to = place_of(handle, &x86->operands[0]);
		from = place_of(handle, &x86->operands[1]);
		/* First what mov overwrites, for its destination is one of these places. */
		if (from & places) {
			places = without_written(analysis, insn, places);
			return places | to;
		}
	}
	return without_written(analysis, insn, places);
}

static struct piece *piece_at(struct analysis *analysis, uint64_t address)
{
	for (size_t i = 0; i < analysis->num_pieces; i++) {
		struct piece *piece = &analysis->pieces[i];

		if (address >= piece->range.start && address < piece->range.end)
			return piece;
	}
	return NULL;
}

/* Every place is in each set at first: only ways that lead there take some out. */
static struct piece *add_piece(struct analysis *analysis, uint64_t start, uint64_t end)
{
	struct piece *piece = &analysis->pieces[analysis->num_pieces];
	size_t length = end - start;

	if (analysis->num_pieces == PIECES_MAX || end <= start || length > CODE_MAX_BYTES)
		return NULL;
	piece->range = (struct seep_range){start, end};
	piece->before = malloc(length * sizeof(*piece->before));
	if (!piece->before)
		return NULL;
	memset(piece->before, 0xff, length * sizeof(*piece->before));
	analysis->num_pieces++;
	/* The next round has to go through it. */
	analysis->changed = true;
	return piece;
}

/* Execution comes to @address with these places. */
static void reach(struct analysis *analysis, uint64_t address, uint64_t places)
{
	struct piece *piece = piece_at(analysis, address);
	uint64_t *before;

	if (!piece) {
		const struct seep_range *range =
			seep_extents_find(analysis->query->extents, address);

		piece = range ? add_piece(analysis, range->start, range->end) : NULL;
	}
	if (!piece) {
		analysis->failed = true;
		return;
	}
	before = &piece->before[address - piece->range.start];
	/* Only what all ways have in common remains. */
	if (*before & ~places) {
		*before &= places;
		analysis->changed = true;
	}
}

/* A return: what it gives out is the result, or the answer is no. */
static void leave(struct analysis *analysis, uint64_t places)
{
	if (places & RAX_BIT)
		analysis->passes = true;
	else
		analysis->failed = true;
}

/* A jump out of the function passes on what the function there returns. */
static void jump(struct analysis *analysis, const cs_insn *insn, uint64_t target, uint64_t places)
{
	const struct seep_exits_query *query = analysis->query;
	uint64_t place = target ? target : insn->address;

	/* A jump within the function is no tail call, even where leaves would know the address. */
	if (!(target && piece_at(analysis, target)) && query->leaves(query->context, &place))
		analysis->passes = true;
	else if (target)
		reach(analysis, target, places);
	else
		analysis->failed = true;
}

/* Without this, the code behind a throw would look as if it were reached without a result. */
static bool is_final(const struct analysis *analysis, const cs_insn *insn)
{
	const struct seep_exits_query *query = analysis->query;
	uint64_t target;

	return seep_insn_is_call(insn, &target) &&
	       query->is_final(query->context, target ? target : insn->address);
}

/*
 * Goes once through a piece. Code that nothing was found to lead to has all places in front of it,
 * and says nothing: behind a call that does not return, or a handler of exceptions.
 */
static void run(struct analysis *analysis, const struct piece *piece)
{
	const cs_insn *insn = analysis->decoder.insn;
	size_t length = piece->range.end - piece->range.start;
	const uint8_t *code;

	if (seep_image_code(analysis->query->image, piece->range.start, length, &code) != length) {
		analysis->failed = true;
		return;
	}
	seep_decoder_start(&analysis->decoder, code, length, piece->range.start);
	while (!analysis->failed && seep_decoder_next(&analysis->decoder)) {
		uint64_t places = piece->before[insn->address - piece->range.start], target;

		/* Not reached, at least not yet. */
		if (places == EVERYTHING)
			continue;
		if (seep_insn_is_return(insn)) {
			leave(analysis, places);
		} else if (seep_insn_is_jump(analysis->decoder.handle, insn, &target)) {
			jump(analysis, insn, target, places);
			/* The way on, if the jump is not taken. */
			if (seep_insn_is_conditional(insn) && analysis->decoder.length)
				reach(analysis, analysis->decoder.address, places);
		} else if (analysis->decoder.length && !is_final(analysis, insn)) {
			reach(analysis, analysis->decoder.address, behind(analysis, insn, places));
		}
	}
	if (analysis->decoder.length)
		analysis->failed = true;
}

bool seep_result_is_passed_on(const struct seep_exits_query *query)
{
	SEEP_CLEANUP(analysis_done) struct analysis analysis = {.query = query};
	const struct seep_range *range = seep_extents_find(query->extents, query->address);
	uint64_t end = query->address + query->size;

	if (seep_decoder_init(&analysis.decoder))
		return false;
	/* The unwind information may know more code than the symbol says. */
	if (range && range->start == query->address && range->end > end)
		end = range->end;
	if (!add_piece(&analysis, query->address, end))
		return false;
	/* When the function begins, nothing holds the result. */
	analysis.pieces[0].before[0] = 0;
	for (int round = 0; analysis.changed && !analysis.failed; round++) {
		if (round == ROUNDS_MAX)
			return false;
		analysis.changed = false;
		/* Only the last round counts, in which no set changes any more. */
		analysis.passes = false;
		for (size_t i = 0; i < analysis.num_pieces; i++)
			run(&analysis, &analysis.pieces[i]);
	}
	return analysis.passes && !analysis.failed;
}
