// SPDX-License-Identifier: GPL-2.0-only
#include "golang/operands.h"

#include "base/cleanup.h"
#include "elf/decoder.h"

/* The largest has some 4 KiB. */
#define CODE_MAX 8192

static bool has(const struct seep_go_operands *operands, uint64_t address)
{
	for (size_t i = 0; i < operands->count; i++) {
		if (operands->addresses[i] == address)
			return true;
	}
	return false;
}

/* Adds what the instruction addresses relative to itself. */
static void add(struct seep_go_operands *operands, const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	for (uint8_t i = 0; i < x86->op_count; i++) {
		uint64_t address = insn->address + insn->size + (uint64_t)x86->operands[i].mem.disp;

		if (x86->operands[i].type == X86_OP_MEM &&
		    x86->operands[i].mem.base == X86_REG_RIP &&
		    operands->count < SEEP_GO_OPERANDS_MAX && !has(operands, address))
			operands->addresses[operands->count++] = address;
	}
}

/* Does it load a register from memory, or may it do anything with it? */
static bool is_wanted(const cs_insn *insn, bool loads_only)
{
	const cs_x86 *x86 = &insn->detail->x86;

	return !loads_only ||
	       (insn->id == X86_INS_MOV && x86->op_count == 2 &&
		x86->operands[0].type == X86_OP_REG && x86->operands[1].type == X86_OP_MEM);
}

void seep_go_operands_find(const struct seep_image *image, const struct seep_pclntab *table,
			   const char *name, bool loads_only, struct seep_go_operands *ret_operands)
{
	SEEP_CLEANUP(seep_decoder_done) struct seep_decoder decoder;
	struct seep_go_function function;
	const uint8_t *code;
	size_t length;

	ret_operands->count = 0;
	if (seep_decoder_init(&decoder) || seep_pclntab_find_name(table, name, &function))
		return;
	length =
		function.end - function.entry < CODE_MAX ? function.end - function.entry : CODE_MAX;
	length = seep_image_code(image, function.entry, length, &code);
	seep_decoder_start(&decoder, code, length, function.entry);
	while (seep_decoder_next(&decoder)) {
		if (is_wanted(decoder.insn, loads_only))
			add(ret_operands, decoder.insn);
	}
}

uint64_t seep_go_operands_slice(const struct seep_go_operands *operands, size_t start)
{
	for (size_t i = start; i < operands->count; i++) {
		uint64_t address = operands->addresses[i];

		if (address % 8 == 0 && has(operands, address + 8) && has(operands, address + 16))
			return address;
	}
	return 0;
}
