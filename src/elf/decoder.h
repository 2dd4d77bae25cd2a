/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine code, instruction by instruction, by Capstone: for the modules that look for places of
 * probes. The code is untrusted bytes; decoding stops at what is no instruction.
 */
#ifndef SEEP_ELF_DECODER_H
#define SEEP_ELF_DECODER_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seep_decoder {
	csh handle;
	cs_insn *insn;	     /* the one that was decoded last, with its details */
	const uint8_t *code; /* what is left */
	size_t length;
	uint64_t address; /* of code */
};

/* 0 or -ENOMEM; release it in both cases, SEEP_CLEANUP(seep_decoder_done). */
int seep_decoder_init(struct seep_decoder *decoder);
void seep_decoder_done(struct seep_decoder *decoder);

/* The next instruction is that at @code, which is at @address. */
void seep_decoder_start(struct seep_decoder *decoder, const uint8_t *code, size_t length,
			uint64_t address);

/* Decodes the next instruction into decoder->insn; false at the end and at invalid code. */
bool seep_decoder_next(struct seep_decoder *decoder);

/* Does @insn leave its function? The near and far forms of ret. */
bool seep_insn_is_return(const cs_insn *insn);

/* A jump: to the address *ret_target, or 0 if that is not part of the instruction. */
bool seep_insn_is_jump(csh handle, const cs_insn *insn, uint64_t *ret_target);

/* May execution go on behind a jump @insn? Not behind an unconditional one. */
bool seep_insn_is_conditional(const cs_insn *insn);

/* A call: of the address *ret_target, or 0 if that is not part of the instruction. */
bool seep_insn_is_call(const cs_insn *insn, uint64_t *ret_target);

#endif
