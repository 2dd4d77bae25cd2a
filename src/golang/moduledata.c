// SPDX-License-Identifier: GPL-2.0-only
/*
 * Since Go 1.26 a section of its own has it. Before, what points to the table is looked for: in a
 * position-independent program among the relocations, whose places have 0 in the file if another
 * linker has written it, then in the writable segments. What is found has to fit in all fields that
 * say the same as the table.
 *
 * Bounded by RELOCATIONS_MAX_BYTES, DYNAMIC_MAX_BYTES, SCAN_MAX_BYTES and CANDIDATES_MAX.
 */
#include "golang/moduledata.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/sections.h"

#define RELOCATIONS_MAX_BYTES (256u << 20)
#define DYNAMIC_MAX_BYTES     (64u << 10)  /* the usual PT_DYNAMIC has under 1 KiB */
#define SCAN_MAX_BYTES	      (256u << 20) /* of each segment */
#define SCAN_STEP_BYTES	      (64u << 10)
#define CANDIDATES_MAX	      64

/* Fields of runtime.moduledata, each of 8 bytes, in bytes from its begin. */
enum {
	AT_TABLE = 0,
	AT_NUM_ENTRIES = 136, /* length and capacity of ftab, one more than functions */
	AT_MAX_ENTRIES = 144,
	AT_TEXT = 176,
	AT_ETEXT = 184,
	MODULEDATA_BYTES = 352 /* what is read of it */
};

/* Where it has types, rodata and gofunc. The first that fits is taken, so the newest comes first.
 */
static const struct {
	unsigned int types, etypes, rodata, gofunc;
} layouts[] = {
	{296, 312, 336, 344}, /* Go 1.27 */
	{296, 304, 312, 320}, /* Go 1.20 to 1.26 */
	{280, 288, 296, 304}, /* Go 1.18, 1.19 */
};

/* Nothing of a program is here, but lengths have such values. */
#define LOWEST_ADDRESS 4096

struct search {
	const struct seep_image *image;
	uint64_t table_address;
	uint64_t num_functions;
	Elf64_Rela *relocations; /* freed by its owner */
	size_t num_relocations;
	size_t num_candidates; /* looked at so far */
	struct seep_go_moduledata *result;
};

int seep_go_read(const struct seep_image *image, uint64_t address, void *buffer, size_t length)
{
	uint64_t offset;
	ssize_t got;

	if (seep_image_address_to_offset(image, address, &offset) || offset > INT64_MAX)
		return -ENOENT;
	got = pread(seep_image_fd(image), buffer, length, (off_t)offset);
	return got >= 0 && (size_t)got == length ? 0 : -ENOENT;
}

static uint64_t field_of(const uint8_t bytes[MODULEDATA_BYTES], unsigned int at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* The bytes of the moduledata at @address as they are once relocations are applied. */
static int read_moduledata(const struct search *search, uint64_t address,
			   uint8_t bytes[MODULEDATA_BYTES])
{
	int error = seep_go_read(search->image, address, bytes, MODULEDATA_BYTES);

	for (size_t i = 0; i < search->num_relocations && !error; i++) {
		const Elf64_Rela *relocation = &search->relocations[i];
		uint64_t at = relocation->r_offset - address;

		if (at <= MODULEDATA_BYTES - sizeof(relocation->r_addend))
			memcpy(bytes + at, &relocation->r_addend, sizeof(relocation->r_addend));
	}
	return error;
}

static bool is_address(const struct search *search, uint64_t value)
{
	uint64_t unused;

	return value >= LOWEST_ADDRESS &&
	       !seep_image_address_to_offset(search->image, value, &unused);
}

/* gofunc by the first layout that the fields around it fit into, 0 if none does. */
static uint64_t find_gofunc(const struct search *search, const uint8_t bytes[MODULEDATA_BYTES])
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		uint64_t types = field_of(bytes, layouts[i].types);
		uint64_t etypes = field_of(bytes, layouts[i].etypes);
		uint64_t gofunc = field_of(bytes, layouts[i].gofunc);

		if (is_address(search, types) && etypes >= types &&
		    is_address(search, field_of(bytes, layouts[i].rodata)) &&
		    is_address(search, gofunc))
			return gofunc;
	}
	return 0;
}

/* Is the moduledata at @address? Then it is the result. */
static bool check_candidate(struct search *search, uint64_t address)
{
	uint8_t bytes[MODULEDATA_BYTES];
	uint64_t entries, text, etext;

	if (search->num_candidates++ >= CANDIDATES_MAX || read_moduledata(search, address, bytes))
		return false;
	entries = field_of(bytes, AT_NUM_ENTRIES);
	text = field_of(bytes, AT_TEXT);
	etext = field_of(bytes, AT_ETEXT);
	if (field_of(bytes, AT_TABLE) != search->table_address ||
	    entries != search->num_functions + 1 || field_of(bytes, AT_MAX_ENTRIES) != entries)
		return false;
	if (!is_address(search, text) || etext <= text)
		return false;
	*search->result = (struct seep_go_moduledata){
		.address = address,
		.text = text,
		.etext = etext,
		.gofunc = find_gofunc(search, bytes),
	};
	return true;
}

/* The first program header of @type behind *index. */
static bool next_segment(const struct seep_image *image, uint32_t type, size_t *index,
			 GElf_Phdr *ret_header)
{
	Elf *elf = seep_image_elf(image);
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	while (*index < count)
		if (gelf_getphdr(elf, (int)(*index)++, ret_header) && ret_header->p_type == type)
			return true;
	return false;
}

/* Where the relocations are, as the dynamic linker finds them. 0 or -ENOENT. */
static int find_relocations(const struct seep_image *image, uint64_t *ret_address,
			    uint64_t *ret_length)
{
	size_t index = 0;
	GElf_Phdr header;
	uint64_t length;
	Elf64_Dyn entry;

	*ret_address = 0;
	*ret_length = 0;
	if (!next_segment(image, PT_DYNAMIC, &index, &header))
		return -ENOENT;
	length = header.p_filesz < DYNAMIC_MAX_BYTES ? header.p_filesz : DYNAMIC_MAX_BYTES;
	for (uint64_t at = 0; at + sizeof(entry) <= length; at += sizeof(entry)) {
		if (seep_go_read(image, header.p_vaddr + at, &entry, sizeof(entry)) ||
		    entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_RELA)
			*ret_address = entry.d_un.d_ptr;
		if (entry.d_tag == DT_RELASZ)
			*ret_length = entry.d_un.d_val;
	}
	return *ret_address && *ret_length ? 0 : -ENOENT;
}

/* Keeps those that add the address at which the file is loaded. */
static int read_relocations(struct search *search)
{
	SEEP_AUTO_FREE Elf64_Rela *list = NULL;
	uint64_t address, length;
	size_t count = 0;

	if (find_relocations(search->image, &address, &length))
		return 0;
	if (length > RELOCATIONS_MAX_BYTES)
		length = RELOCATIONS_MAX_BYTES;
	length -= length % sizeof(*list);
	list = malloc(length + 1);
	if (!list)
		return -ENOMEM;
	if (seep_go_read(search->image, address, list, length))
		return 0;
	for (size_t i = 0; i < length / sizeof(*list); i++)
		if (ELF64_R_TYPE(list[i].r_info) == R_X86_64_RELATIVE)
			list[count++] = list[i];
	search->relocations = SEEP_TAKE_PTR(list);
	search->num_relocations = count;
	return 0;
}

static bool find_by_section(struct search *search)
{
	GElf_Shdr header;

	return seep_section_find(seep_image_elf(search->image), ".go.module", &header) &&
	       check_candidate(search, header.sh_addr);
}

static bool find_by_relocation(struct search *search)
{
	for (size_t i = 0; i < search->num_relocations; i++) {
		const Elf64_Rela *relocation = &search->relocations[i];

		if ((uint64_t)relocation->r_addend == search->table_address &&
		    check_candidate(search, relocation->r_offset))
			return true;
	}
	return false;
}

static bool scan_segment(struct search *search, const GElf_Phdr *header, uint8_t *buffer)
{
	uint64_t length = header->p_filesz < SCAN_MAX_BYTES ? header->p_filesz : SCAN_MAX_BYTES;

	for (uint64_t at = 0; at < length; at += SCAN_STEP_BYTES) {
		size_t step = length - at < SCAN_STEP_BYTES ? length - at : SCAN_STEP_BYTES;

		if (seep_go_read(search->image, header->p_vaddr + at, buffer, step))
			return false;
		for (size_t i = 0; i + sizeof(uint64_t) <= step; i += sizeof(uint64_t))
			if (memcmp(buffer + i, &search->table_address, sizeof(uint64_t)) == 0 &&
			    check_candidate(search, header->p_vaddr + at + i))
				return true;
	}
	return false;
}

/* 0, -ENOENT or -ENOMEM. */
static int find_by_scan(struct search *search)
{
	SEEP_AUTO_FREE uint8_t *buffer = malloc(SCAN_STEP_BYTES);
	size_t index = 0;
	GElf_Phdr header;

	if (!buffer)
		return -ENOMEM;
	while (next_segment(search->image, PT_LOAD, &index, &header))
		/* Segments begin at addresses that are multiples of what a pointer has. */
		if (header.p_flags & PF_W && header.p_vaddr % sizeof(uint64_t) == 0 &&
		    scan_segment(search, &header, buffer))
			return 0;
	return -ENOENT;
}

int seep_go_moduledata_find(const struct seep_image *image, uint64_t table_address,
			    uint64_t num_functions, struct seep_go_moduledata *ret_moduledata)
{
	struct search search = {
		.image = image,
		.table_address = table_address,
		.num_functions = num_functions,
		.result = ret_moduledata,
	};
	int error = read_relocations(&search);

	if (!error && !find_by_section(&search) && !find_by_relocation(&search))
		error = find_by_scan(&search);
	free(search.relocations);
	return error;
}
