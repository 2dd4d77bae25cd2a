// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stub of the procedure linkage table jumps through a slot of the GOT, and the relocation of that
 * slot names the function. So the relocations are read into a list of slots, and a stub is looked
 * up by the slot that its jump goes through; sections say where stubs are, but code anywhere may be
 * asked about.
 *
 * seep_plt_name reads the relocations anew each time: it is asked a few times for each file with
 * traced functions, not for each frame. Bounded by RELOCATIONS_MAX and PLT_MAX_BYTES.
 */
#include "symbol/plt.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/sections.h"
#include "elf/symbols.h"
#include "symbol/functions_private.h"

#define PLT_MAX_BYTES	(4u << 20)
#define RELOCATIONS_MAX (1u << 20) /* of one file */
#define STUB_ALIGNMENT	8	   /* stubs take 8 or 16 bytes */
#define STUB_MAX_BYTES	16

/* A slot of the GOT and the function whose address the loader stores there. */
struct slot {
	uint64_t address;
	const char *name;
};

struct slots {
	struct slot *list;
	size_t count;
};

static void slots_done(struct slots *slots)
{
	free(slots->list);
}

/* Of a section of relocations. One that is none or too long is skipped. 0 or -ENOMEM. */
static int add_relocations(Elf *elf, const GElf_Shdr *header, struct slots *slots)
{
	size_t count = header->sh_size / sizeof(Elf64_Rela);
	const Elf64_Rela *relocations;
	struct seep_symbols symbols;
	struct slot *grown;

	/* x86-64 has relocations with addends only (psABI, 4.4). */
	if (header->sh_type != SHT_RELA || header->sh_flags & SHF_COMPRESSED || !count ||
	    count > RELOCATIONS_MAX - slots->count)
		return 0;
	if (seep_symbols_of_section(elf, elf_getscn(elf, header->sh_link), &symbols))
		return 0;
	relocations =
		seep_elf_read(elf, header->sh_offset, count * sizeof(*relocations), ELF_T_RELA);
	if (!relocations)
		return 0;
	grown = reallocarray(slots->list, slots->count + count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	slots->list = grown;
	for (size_t i = 0; i < count; i++) {
		uint64_t type = ELF64_R_TYPE(relocations[i].r_info);
		uint64_t symbol = ELF64_R_SYM(relocations[i].r_info);
		const char *name;

		/*
		 * JUMP_SLOT is for lazy binding; with -fno-plt or .plt.got the slot has GLOB_DAT.
		 */
		if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) ||
		    symbol >= symbols.count)
			continue;
		name = seep_symbols_name(&symbols, &symbols.entries[symbol]);
		if (name && name[0])
			slots->list[slots->count++] = (struct slot){
				.address = relocations[i].r_offset,
				.name = name,
			};
	}
	return 0;
}

static int compare_slots(const void *left, const void *right)
{
	const struct slot *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/*
 * The slot that the stub at @code jumps through: "jmp *disp(%rip)", which an endbr64 and a bnd
 * prefix may precede (-z ibtplt). 0 if it is something else, such as the head of the table.
 */
static uint64_t stub_slot(const uint8_t *code, size_t length, uint64_t address)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	size_t at = 0;
	int32_t displacement;

	if (length >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at += sizeof(endbr64);
	/* bnd */
	if (at < length && code[at] == 0xf2)
		at++;
	/* ff 25 and 4 bytes of displacement, which counts from the end of the instruction. */
	if (length < at + 6 || code[at] != 0xff || code[at + 1] != 0x25)
		return 0;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	return address + at + 6 + (uint64_t)(int64_t)displacement;
}

/* All slots, by address. 0 or -ENOMEM. */
static int read_slots(Elf *elf, struct slots *slots)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int error = 0;

	while (!error && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header))
			error = add_relocations(elf, &header, slots);
	if (slots->count)
		qsort(slots->list, slots->count, sizeof(*slots->list), compare_slots);
	return error;
}

int seep_plt_name(const struct seep_image *image, uint64_t address, const char **ret_name)
{
	SEEP_CLEANUP(slots_done) struct slots slots = {0};
	const uint8_t *code;
	size_t length = seep_image_code(image, address, STUB_MAX_BYTES, &code);
	/* Most addresses are no stubs, which six bytes of code tell without any relocation. */
	struct slot key = {.address = length ? stub_slot(code, length, address) : 0};
	const struct slot *slot = NULL;
	int error;

	if (!key.address)
		return -ENOENT;
	error = read_slots(seep_image_elf(image), &slots);
	if (error)
		return error;
	if (slots.count)
		slot = bsearch(&key, slots.list, slots.count, sizeof(key), compare_slots);
	if (!slot)
		return -ENOENT;
	*ret_name = slot->name;
	return 0;
}

/* A candidate for each stub in one section of the linkage table. 0 or -ENOMEM. */
static int add_stubs(struct seep_candidates *candidates, Elf *elf, const GElf_Shdr *header,
		     const struct slots *slots)
{
	const uint8_t *code = seep_section_bytes(elf, header, PLT_MAX_BYTES);
	int error = 0;

	if (!code)
		return 0;
	/* At a place between two stubs no jump through a known slot is found. */
	for (uint64_t at = 0; at < header->sh_size && !error; at += STUB_ALIGNMENT) {
		struct slot key = {
			.address = stub_slot(code + at, header->sh_size - at, header->sh_addr + at),
		};
		const struct slot *slot;

		slot = key.address ? bsearch(&key, slots->list, slots->count, sizeof(key),
					     compare_slots) :
				     NULL;
		if (slot)
			error = seep_candidates_add(candidates, header->sh_addr + at,
						    &(struct seep_candidate){
							    .name = slot->name,
							    .plt = true,
						    });
	}
	return error;
}

int seep_candidates_add_plt(struct seep_candidates *candidates)
{
	/*
	 * With IBT the stubs that are called are in .plt.sec; stubs through a slot of .got are in
	 * .plt.got.
	 */
	static const char *const names[] = {".plt", ".plt.sec", ".plt.got"};
	SEEP_CLEANUP(slots_done) struct slots slots = {0};
	Elf *elf = seep_image_elf(candidates->image);
	GElf_Shdr header;
	int error = read_slots(elf, &slots);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !error && slots.count; i++)
		if (seep_section_find(elf, names[i], &header))
			error = add_stubs(candidates, elf, &header, &slots);
	return error;
}
