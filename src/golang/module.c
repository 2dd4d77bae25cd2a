// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table is in a section of its own. A file without section headers that is marked as Go's is
 * searched for what begins like a table; then its end is that of its segment.
 *
 * Bounded by BYTES_MAX for the table, for funcdata, and for what is searched of each segment.
 */
#include "golang/module.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/sections.h"
#include "golang/moduledata.h"

/* The table has about as many bytes as the code. */
#define BYTES_MAX	(256u << 20)
#define SCAN_STEP_BYTES (64u << 10)
/* Notes of one segment; Go's has some 100 bytes. */
#define NOTES_MAX_BYTES (64u << 10)
/* Tables begin at such addresses, since Go 1.26; before, at multiples of 32. */
#define TABLE_ALIGNMENT 8

/* Go's build ID, in cmd/internal/buildid of Go. */
#define GO_NOTE_OWNER "Go"
#define GO_NOTE_TYPE  4

/* A part of the file. */
struct part {
	uint64_t address;
	uint64_t offset;
	uint64_t length;
};

static int find_by_section(const struct seep_image *image, struct part *ret_part)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	GElf_Shdr header;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!seep_section_find(seep_image_elf(image), names[i], &header) ||
		    header.sh_type == SHT_NOBITS || header.sh_flags & SHF_COMPRESSED)
			continue;
		*ret_part = (struct part){header.sh_addr, header.sh_offset, header.sh_size};
		return 0;
	}
	return -ENOENT;
}

/* Has the segment of notes Go's build ID? */
static bool has_go_note(Elf *elf, const GElf_Phdr *header)
{
	size_t position = 0, name, description;
	Elf_Data *data;
	GElf_Nhdr note;

	if (header->p_offset > INT64_MAX || header->p_filesz > NOTES_MAX_BYTES)
		return false;
	data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_NHDR);
	if (!data)
		return false;
	while ((position = gelf_getnote(data, position, &note, &name, &description)))
		if (note.n_type == GO_NOTE_TYPE && note.n_namesz >= sizeof(GO_NOTE_OWNER) &&
		    memcmp((const char *)data->d_buf + name, GO_NOTE_OWNER,
			   sizeof(GO_NOTE_OWNER)) == 0)
			return true;
	return false;
}

/* Is the program marked as Go's? Others are not searched, which takes time. */
static bool is_marked(const struct seep_image *image)
{
	Elf *elf = seep_image_elf(image);
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_NOTE &&
		    has_go_note(elf, &header))
			return true;
	}
	return false;
}

/* The first table in a segment. 0 or -ENOENT. */
static int scan_segment(const struct seep_image *image, const GElf_Phdr *header, uint8_t *buffer,
			struct part *ret_part)
{
	uint64_t length = header->p_filesz < BYTES_MAX ? header->p_filesz : BYTES_MAX;
	uint64_t at = 0;

	/* Steps overlap by a header, so none is cut. */
	for (; length - at >= SEEP_PCLNTAB_HEADER_BYTES;
	     at += SCAN_STEP_BYTES - SEEP_PCLNTAB_HEADER_BYTES) {
		size_t step = length - at < SCAN_STEP_BYTES ? length - at : SCAN_STEP_BYTES;

		if (seep_go_read(image, header->p_vaddr + at, buffer, step))
			return -ENOENT;
		for (size_t i = 0; i + SEEP_PCLNTAB_HEADER_BYTES <= step; i += TABLE_ALIGNMENT) {
			struct part part = {header->p_vaddr + at + i, header->p_offset + at + i,
					    length - at - i};

			if (!seep_pclntab_is_header(buffer + i, part.length))
				continue;
			*ret_part = part;
			return 0;
		}
		if (length - at <= SCAN_STEP_BYTES)
			break;
	}
	return -ENOENT;
}

/* In position-independent programs the table may be in a segment that begins as writable. */
static int find_by_scan(const struct seep_image *image, struct part *ret_part)
{
	SEEP_AUTO_FREE uint8_t *buffer = NULL;
	Elf *elf = seep_image_elf(image);
	size_t count;

	if (!is_marked(image) || elf_getphdrnum(elf, &count))
		return -ENOENT;
	buffer = malloc(SCAN_STEP_BYTES);
	if (!buffer)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    !(header.p_flags & PF_X) && header.p_vaddr % TABLE_ALIGNMENT == 0 &&
		    scan_segment(image, &header, buffer, ret_part) == 0)
			return 0;
	}
	return -ENOENT;
}

/* How many bytes the file has from @address to the end of the section, or else the segment. */
static uint64_t bytes_from(const struct seep_image *image, uint64_t address)
{
	Elf *elf = seep_image_elf(image);
	Elf_Scn *section = NULL;
	GElf_Phdr segment;
	GElf_Shdr header;
	size_t count;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_flags & SHF_ALLOC &&
		    header.sh_type != SHT_NOBITS && address >= header.sh_addr &&
		    address - header.sh_addr < header.sh_size)
			return header.sh_size - (address - header.sh_addr);
	if (elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz)
			return segment.p_filesz - (address - segment.p_vaddr);
	return 0;
}

static void read_funcdata(const struct seep_image *image, uint64_t gofunc,
			  struct seep_go_module *module)
{
	uint64_t offset, length;

	/* Since Go 1.26 it is in the section of the table. */
	if (gofunc >= module->table_address &&
	    gofunc - module->table_address < module->table.length) {
		module->funcdata = module->table.bytes + (gofunc - module->table_address);
		module->funcdata_length = module->table.length - (gofunc - module->table_address);
		return;
	}
	length = bytes_from(image, gofunc);
	if (!length || length > BYTES_MAX || seep_image_address_to_offset(image, gofunc, &offset))
		return;
	module->funcdata = seep_elf_read(seep_image_elf(image), offset, length, ELF_T_BYTE);
	if (module->funcdata)
		module->funcdata_length = length;
}

int seep_go_module_find(const struct seep_image *image, struct seep_go_module *ret_module)
{
	struct seep_go_moduledata moduledata = {0};
	struct seep_go_module module = {0};
	const uint8_t *bytes;
	struct part part;
	int error;

	error = find_by_section(image, &part);
	if (error)
		error = find_by_scan(image, &part);
	if (error)
		return error;
	if (part.length > BYTES_MAX)
		return -EINVAL;
	bytes = seep_elf_read(seep_image_elf(image), part.offset, part.length, ELF_T_BYTE);
	if (!bytes)
		return -EINVAL;
	module.table_address = part.address;
	/* Any text, to read the number of functions, by which the moduledata is known. */
	error = seep_pclntab_init(bytes, part.length, 1, &module.table);
	if (error)
		return error;
	error = seep_go_moduledata_find(image, part.address, module.table.num_functions,
					&moduledata);
	if (error && error != -ENOENT)
		return error;
	/* What the header of the table says is right unless it is still to be relocated. */
	error = seep_pclntab_init(bytes, part.length, moduledata.text, &module.table);
	if (error)
		return error;
	module.moduledata = moduledata.address;
	if (moduledata.gofunc)
		read_funcdata(image, moduledata.gofunc, &module);
	*ret_module = module;
	return 0;
}
