// SPDX-License-Identifier: GPL-2.0-only
#include "golang/allgs.h"

#include "base/cleanup.h"
#include "elf/decoder.h"

/* What runtime.allgadd uses: the slice, the copies of its pointer and length, a lock, texts. */
#define ADDRESSES_MAX 64

/* The function has some 300 bytes. */
#define CODE_MAX 4096

struct addresses {
	uint64_t list[ADDRESSES_MAX];
	size_t count;
};

static bool has(const struct addresses *addresses, uint64_t address)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (addresses->list[i] == address)
			return true;
	}
	return false;
}

/* Adds what the instruction addresses relative to itself. */
static void add_operands(const cs_insn *insn, struct addresses *addresses)
{
	const cs_x86 *x86 = &insn->detail->x86;

	for (uint8_t i = 0; i < x86->op_count; i++) {
		uint64_t address = insn->address + insn->size + (uint64_t)x86->operands[i].mem.disp;

		if (x86->operands[i].type == X86_OP_MEM &&
		    x86->operands[i].mem.base == X86_REG_RIP && addresses->count < ADDRESSES_MAX &&
		    !has(addresses, address))
			addresses->list[addresses->count++] = address;
	}
}

/* An append needs the pointer, the length and the room of the slice: three words in a row. */
static uint64_t find_slice(const struct addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		uint64_t address = addresses->list[i];

		if (address % 8 == 0 && has(addresses, address + 8) && has(addresses, address + 16))
			return address;
	}
	return 0;
}

uint64_t seep_go_find_allgs(const struct seep_image *image, const struct seep_pclntab *table)
{
	SEEP_CLEANUP(seep_decoder_done) struct seep_decoder decoder;
	struct addresses addresses = {.count = 0};
	struct seep_go_function function;
	const uint8_t *code;
	size_t length;

	if (seep_decoder_init(&decoder) ||
	    seep_pclntab_find_name(table, "runtime.allgadd", &function))
		return 0;
	length =
		function.end - function.entry < CODE_MAX ? function.end - function.entry : CODE_MAX;
	length = seep_image_code(image, function.entry, length, &code);
	seep_decoder_start(&decoder, code, length, function.entry);
	while (seep_decoder_next(&decoder))
		add_operands(decoder.insn, &addresses);
	return find_slice(&addresses);
}
