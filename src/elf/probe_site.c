// SPDX-License-Identifier: GPL-2.0-only
/*
 * Goes twice over the code of a function. The first pass follows the straight line from the entry
 * to the first instruction that the kernel emulates, as long as each one before it leaves the
 * arguments alone and changes rsp by a known number of bytes. The second pass looks at all jumps of
 * the function: if one may lead back to the place that was found, the probe would fire twice in a
 * call, and the entry is taken.
 *
 * Called once for each function that is to be probed, before the probe is attached. Bounded by
 * FUNCTION_MAX_BYTES.
 */
#include "elf/probe_site.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "elf/decoder.h"

/* Longer functions keep their entry: decoding takes 100 ns per instruction. */
#define FUNCTION_MAX_BYTES (256u << 10)
/* No prologue reserves more at once without probing the stack first. */
#define STACK_MAX_BYTES (64u << 10)

/*
 * What the kernel emulates: branch_setup_xol_ops() and push_setup_xol_ops() in
 * arch/x86/kernel/uprobes.c. Only the plain encodings count here: it refuses a 66 prefix, takes no
 * other REX prefix than 41 on a push, and some versions differ on the rest.
 */
static bool is_emulated(const cs_insn *insn)
{
	const uint8_t *bytes = insn->bytes;

	switch (insn->size) {
	case 1:
		return bytes[0] == 0x90 || (bytes[0] & 0xf8) == 0x50; /* nop, push */
	case 2:
		if (bytes[0] == 0x41) /* push of r8 to r15 */
			return (bytes[1] & 0xf8) == 0x50;
		return bytes[0] == 0xeb || (bytes[0] & 0xf0) == 0x70; /* jmp, jcc */
	case 5:
		return bytes[0] == 0xe9 || bytes[0] == 0xe8; /* jmp, call */
	case 6:
		return bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80; /* jcc */
	default:
		return false;
	}
}

/*
 * Instructions that execution leaves at their end, without side effects but on their operands, and
 * for which Capstone's account of what they write has been checked. Whatever else comes first ends
 * the straight line; prologues have little else.
 */
static bool is_plain(const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_ADD:
	case X86_INS_AND:
	case X86_INS_CMP:
	case X86_INS_DEC:
	case X86_INS_ENDBR64:
	case X86_INS_IMUL:
	case X86_INS_INC:
	case X86_INS_LEA:
	case X86_INS_MOV:
	case X86_INS_MOVABS:
	case X86_INS_MOVSX:
	case X86_INS_MOVSXD:
	case X86_INS_MOVZX:
	case X86_INS_MUL:
	case X86_INS_NEG:
	case X86_INS_NOP:
	case X86_INS_NOT:
	case X86_INS_OR:
	case X86_INS_PUSH:
	case X86_INS_SAR:
	case X86_INS_SHL:
	case X86_INS_SHR:
	case X86_INS_SUB:
	case X86_INS_TEST:
	case X86_INS_XOR:
		return true;
	default:
		return false;
	}
}

/* The 64-bit register that @reg is (a part of), for those that matter here; 0 for others. */
static x86_reg whole_register(uint16_t reg)
{
	static const x86_reg parts[][4] = {
		{X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
		{X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
		{X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL},
		{X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL},
		{X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
		{X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
		{X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
	};

	if (reg == X86_REG_DH)
		return X86_REG_RDX;
	if (reg == X86_REG_CH)
		return X86_REG_RCX;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (size_t j = 0; j < 4; j++)
			if (reg == parts[i][j])
				return parts[i][0];
	return X86_REG_INVALID;
}

/* Whether @insn leaves the first @num_args argument registers alone; tells if it writes rsp. */
static bool keeps_arguments(const struct seep_decoder *decoder, unsigned int num_args,
			    bool *ret_writes_stack)
{
	/* In the order of the System V ABI for x86-64. */
	static const x86_reg arguments[] = {X86_REG_RDI, X86_REG_RSI, X86_REG_RDX,
					    X86_REG_RCX, X86_REG_R8,  X86_REG_R9};
	uint8_t num_read, num_written;
	cs_regs read, written;
	bool stack = false;

	/* This lists registers that are written implicitly, too. */
	if (cs_regs_access(decoder->handle, decoder->insn, read, &num_read, written,
			   &num_written) != CS_ERR_OK)
		return false;
	for (uint8_t i = 0; i < num_written; i++) {
		x86_reg reg = whole_register(written[i]);

		stack = stack || reg == X86_REG_RSP;
		for (unsigned int arg = 0; arg < num_args; arg++)
			if (reg == arguments[arg])
				return false;
	}
	*ret_writes_stack = stack;
	return true;
}

/* By how many bytes @insn, which writes rsp, lowers it: true if that is known. */
static bool stack_growth(const cs_insn *insn, uint32_t *ret_bytes)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (insn->id == X86_INS_PUSH) {
		if (x86->prefix[2] == X86_PREFIX_OPSIZE) /* pushes two bytes */
			return false;
		*ret_bytes = 8;
		return true;
	}
	if (insn->id != X86_INS_SUB || x86->op_count != 2 || x86->operands[0].type != X86_OP_REG ||
	    x86->operands[0].reg != X86_REG_RSP || x86->operands[1].type != X86_OP_IMM)
		return false;
	if (x86->operands[1].imm < 0 || x86->operands[1].imm > STACK_MAX_BYTES)
		return false;
	*ret_bytes = (uint32_t)x86->operands[1].imm;
	return true;
}

/* Fills in *ret_site for a probe at @insn, before which @pushed bytes have been pushed. */
static void describe(const cs_insn *insn, uint32_t pushed, bool emulated,
		     struct seep_probe_site *ret_site)
{
	ret_site->offset = (uint32_t)insn->address;
	ret_site->pushed = pushed;
	ret_site->emulated = emulated;
	ret_site->jumps = insn->id == X86_INS_JMP && insn->detail->x86.op_count == 1 &&
			  insn->detail->x86.operands[0].type == X86_OP_IMM;
	ret_site->target = ret_site->jumps ? (uint64_t)insn->detail->x86.operands[0].imm : 0;
	snprintf(ret_site->text, sizeof(ret_site->text), "%.12s%s%.34s", insn->mnemonic,
		 insn->op_str[0] ? " " : "", insn->op_str);
}

/*
 * The first emulated instruction of the straight line, or else the entry. The first is also the
 * best: what forbids it (a jump to or before it) forbids all behind it.
 */
static int first_emulated(struct seep_decoder *decoder, enum seep_site_use use,
			  unsigned int num_args, struct seep_probe_site *ret_site)
{
	const cs_insn *insn = decoder->insn;
	struct seep_probe_site entry = {0};
	uint32_t pushed = 0;

	while (seep_decoder_next(decoder)) {
		bool emulated = is_emulated(insn), writes_stack;
		uint32_t bytes = 0;

		/* The entry (address 0) is the answer until a better place comes. */
		if (emulated || !insn->address) {
			describe(insn, pushed, emulated, &entry);
			if (emulated)
				break;
		}
		/* From here on the probe might be passed by, or find other arguments. */
		if (!is_plain(insn) || !keeps_arguments(decoder, num_args, &writes_stack))
			break;
		/*
		 * A return probe needs the return address at rsp; others need to know where it is.
		 */
		if (writes_stack && (use == SEEP_SITE_RETURN || !stack_growth(insn, &bytes)))
			break;
		pushed += bytes;
		if (pushed > STACK_MAX_BYTES)
			break;
	}
	if (!entry.text[0])
		return -EINVAL;
	*ret_site = entry;
	return 0;
}

/*
 * Whether @insn may jump behind the entry and up to @place. The target of an indirect jump is not
 * known. Through a variable (rip-relative, the GOT or a hook) it leaves the function; any other may
 * be a switch, and one of its cases the head of a loop around the place.
 */
static bool may_jump_before(csh handle, const cs_insn *insn, uint32_t place)
{
	const cs_x86_op *operand = &insn->detail->x86.operands[0];

	if (!cs_insn_group(handle, insn, X86_GRP_JUMP) &&
	    !cs_insn_group(handle, insn, X86_GRP_BRANCH_RELATIVE))
		return false;
	if (!insn->detail->x86.op_count)
		return false;
	switch (operand->type) {
	case X86_OP_IMM:
		/* A jump to the entry (0) is a new call, which passes the place again rightly. */
		return operand->imm > 0 && operand->imm <= place;
	case X86_OP_MEM:
		return operand->mem.base != X86_REG_RIP;
	default:
		return true;
	}
}

/*
 * Whether no jump of the function leads behind its entry and up to @place. Parts that the compiler
 * moved elsewhere (".cold") are not looked at: they are reached behind the first branch, and jump
 * back to the start of a basic block, which the inside of the first one is not unless a loop of the
 * function starts there.
 */
static bool is_passed_once(struct seep_decoder *decoder, size_t size, uint32_t place)
{
	if (size > decoder->length || decoder->length > FUNCTION_MAX_BYTES)
		return false;
	while (seep_decoder_next(decoder))
		if (may_jump_before(decoder->handle, decoder->insn, place))
			return false;
	/* Without a size the last instruction may be cut, or what follows the function be data. */
	return !size || !decoder->length;
}

int seep_probe_site_find(const uint8_t *code, size_t length, size_t size, enum seep_site_use use,
			 unsigned int num_args, struct seep_probe_site *ret_site)
{
	SEEP_CLEANUP(seep_decoder_done) struct seep_decoder decoder;
	struct seep_probe_site site;
	int error;

	/* What follows the function is not its code. */
	if (size && length > size)
		length = size;
	error = seep_decoder_init(&decoder);
	if (error)
		return error;
	seep_decoder_start(&decoder, code, length, 0);
	error = first_emulated(&decoder, use, num_args, &site);
	if (error)
		return error;
	/* At the entry nothing can go wrong, so only another place needs the second pass. */
	if (site.offset) {
		seep_decoder_start(&decoder, code, length, 0);
		if (!is_passed_once(&decoder, size, site.offset)) {
			seep_decoder_start(&decoder, code, length, 0);
			if (seep_decoder_next(&decoder))
				describe(decoder.insn, 0, false, &site);
		}
	}
	*ret_site = site;
	return 0;
}
