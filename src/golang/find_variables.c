// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler addresses variables relative to the instruction. runtime.allgadd appends to allgs,
 * so it uses the three words of a slice in a row; of the others there is a function each that loads
 * nothing else. So it is in Go 1.19 to 1.27, on x86-64; what is found is tried before it is
 * believed.
 */
#include "golang/find_variables.h"

#include <stdbool.h>

#include "base/cleanup.h"
#include "elf/decoder.h"

/* More than any of these functions addresses. */
#define ADDRESSES_MAX 64

/* The functions have some 300 bytes. */
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

/* Does it load a register from memory, or may it do anything with it? */
static bool is_wanted(const cs_insn *insn, bool loads_only)
{
	const cs_x86 *x86 = &insn->detail->x86;

	return !loads_only ||
	       (insn->id == X86_INS_MOV && x86->op_count == 2 &&
		x86->operands[0].type == X86_OP_REG && x86->operands[1].type == X86_OP_MEM);
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

/* What the function addresses, or only what it loads from. */
static void read_function(const struct seep_image *image, const struct seep_pclntab *table,
			  const char *name, bool loads_only, struct addresses *ret_addresses)
{
	SEEP_CLEANUP(seep_decoder_done) struct seep_decoder decoder;
	struct seep_go_function function;
	const uint8_t *code;
	size_t length;

	ret_addresses->count = 0;
	if (seep_decoder_init(&decoder) || seep_pclntab_find_name(table, name, &function))
		return;
	length =
		function.end - function.entry < CODE_MAX ? function.end - function.entry : CODE_MAX;
	length = seep_image_code(image, function.entry, length, &code);
	seep_decoder_start(&decoder, code, length, function.entry);
	while (seep_decoder_next(&decoder)) {
		if (is_wanted(decoder.insn, loads_only))
			add_operands(decoder.insn, ret_addresses);
	}
}

/* An append needs the pointer, the length and the room of the slice: three words in a row. */
static uint64_t find_appended(const struct seep_image *image, const struct seep_pclntab *table,
			      const char *function)
{
	struct addresses addresses;

	read_function(image, table, function, false, &addresses);
	for (size_t i = 0; i < addresses.count; i++) {
		uint64_t address = addresses.list[i];

		if (address % 8 == 0 && has(&addresses, address + 8) &&
		    has(&addresses, address + 16))
			return address;
	}
	return 0;
}

static uint64_t find_loaded(const struct seep_image *image, const struct seep_pclntab *table,
			    const char *function)
{
	struct addresses addresses;

	read_function(image, table, function, true, &addresses);
	return addresses.count == 1 ? addresses.list[0] : 0;
}

uint64_t seep_go_find_variable(const struct seep_image *image, const struct seep_pclntab *table,
			       enum seep_go_variable variable)
{
	switch (variable) {
	case SEEP_GO_ALLGS:
		return find_appended(image, table, "runtime.allgadd");
	case SEEP_GO_MEMORY_BUCKETS:
		return find_loaded(image, table, "runtime.mProf_FlushLocked");
	case SEEP_GO_PROFILE_CYCLE:
		return find_loaded(image, table, "runtime.mProf_Flush");
	case SEEP_GO_PROFILE_RATE:
		return find_loaded(image, table, "runtime.allocmcache");
	default:
		return 0;
	}
}
