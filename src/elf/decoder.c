// SPDX-License-Identifier: GPL-2.0-only
#include "elf/decoder.h"

#include <errno.h>

int seep_decoder_init(struct seep_decoder *decoder)
{
	*decoder = (struct seep_decoder){0};
	/* After a failure seep_decoder_done gives back what there is. */
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder->handle) != CS_ERR_OK)
		return -ENOMEM;
	/* Without details there are no operands and no groups. */
	if (cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK)
		return -ENOMEM;
	decoder->insn = cs_malloc(decoder->handle);
	return decoder->insn ? 0 : -ENOMEM;
}

void seep_decoder_done(struct seep_decoder *decoder)
{
	if (decoder->insn)
		cs_free(decoder->insn, 1);
	if (decoder->handle)
		cs_close(&decoder->handle);
}

void seep_decoder_start(struct seep_decoder *decoder, const uint8_t *code, size_t length,
			uint64_t address)
{
	decoder->code = code;
	decoder->length = length;
	decoder->address = address;
}

bool seep_decoder_next(struct seep_decoder *decoder)
{
	return cs_disasm_iter(decoder->handle, &decoder->code, &decoder->length, &decoder->address,
			      decoder->insn);
}

bool seep_insn_is_return(const cs_insn *insn)
{
	return insn->id == X86_INS_RET || insn->id == X86_INS_RETF || insn->id == X86_INS_RETFQ;
}

/* 0 if it is in a register or in memory. */
static uint64_t target_of(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	return x86->op_count == 1 && x86->operands[0].type == X86_OP_IMM ?
		       (uint64_t)x86->operands[0].imm :
		       0;
}

bool seep_insn_is_jump(csh handle, const cs_insn *insn, uint64_t *ret_target)
{
	/*
	 * Relative branches that are not in Capstone's group of jumps count too, but a call does
	 * not.
	 */
	if (!cs_insn_group(handle, insn, X86_GRP_JUMP) &&
	    !(cs_insn_group(handle, insn, X86_GRP_BRANCH_RELATIVE) && insn->id != X86_INS_CALL))
		return false;
	*ret_target = target_of(insn);
	return true;
}

bool seep_insn_is_conditional(const cs_insn *insn)
{
	return insn->id != X86_INS_JMP && insn->id != X86_INS_LJMP;
}

bool seep_insn_is_call(const cs_insn *insn, uint64_t *ret_target)
{
	if (insn->id != X86_INS_CALL && insn->id != X86_INS_LCALL)
		return false;
	*ret_target = target_of(insn);
	return true;
}
