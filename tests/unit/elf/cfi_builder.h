/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF files made by hand around the bytes of an .eh_frame: code at a known place, and just the
 * program headers that lead to the CFI. No section headers.
 */
#ifndef TESTS_UNIT_ELF_CFI_BUILDER_H
#define TESTS_UNIT_ELF_CFI_BUILDER_H

#include <dwarf.h>
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The code begins at another address than offset, so that nobody can mix them up. */
#define CODE_OFFSET   0x1000u
#define CODE_ADDRESS  0x501000u
#define CODE_BYTES    0x4000u
#define FRAME_OFFSET  0x5000u /* .eh_frame_hdr, then .eh_frame */
#define FRAME_ADDRESS 0x605000u
#define HEADER_BYTES  12u
#define BYTES_MAX     65536u

struct bytes {
	uint8_t data[BYTES_MAX];
	size_t length;
};

static inline void put(struct bytes *bytes, const void *data, size_t length)
{
	if (length > sizeof(bytes->data) - bytes->length)
		length = sizeof(bytes->data) - bytes->length;
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
}

static inline void put_number(struct bytes *bytes, uint64_t value, size_t length)
{
	put(bytes, &value, length);
}

static inline void put_uleb(struct bytes *bytes, uint64_t value)
{
	do {
		put_number(bytes, (value & 0x7f) | (value > 0x7f ? 0x80 : 0), 1);
		value >>= 7;
	} while (value);
}

static inline void put_sleb(struct bytes *bytes, int64_t value)
{
	bool more = true;

	while (more) {
		uint8_t low = value & 0x7f;

		value >>= 7;
		more = !((value == 0 && !(low & 0x40)) || (value == -1 && low & 0x40));
		put_number(bytes, low | (more ? 0x80 : 0), 1);
	}
}

/* Where the byte that is put next will be loaded. */
static inline uint64_t frame_address(const struct bytes *frame)
{
	return FRAME_ADDRESS + HEADER_BYTES + frame->length;
}

/* An entry begins with its length, which is set when it ends. */
static inline size_t begin_entry(struct bytes *frame)
{
	put_number(frame, 0, 4);
	return frame->length - 4;
}

static inline void end_entry(struct bytes *frame, size_t start)
{
	uint32_t length = (uint32_t)(frame->length - start - 4);

	memcpy(frame->data + start, &length, sizeof(length));
}

struct cie_options {
	uint8_t version;	  /* 0: 1 */
	const char *augmentation; /* NULL: "zR" */
	uint8_t encoding;	  /* of FDE addresses */
	uint64_t code_alignment;  /* 0: 1 */
	uint8_t return_register;  /* 0: 16 */
	const void *program;	  /* NULL: CFA = rsp + 8, return address at CFA - 8 */
	size_t program_length;
};

static inline size_t put_cie(struct bytes *frame, const struct cie_options *options)
{
	static const uint8_t usual[] = {DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1};
	const char *letters = options->augmentation ? options->augmentation : "zR";
	size_t start = begin_entry(frame), size_at;

	put_number(frame, 0, 4);
	put_number(frame, options->version ? options->version : 1, 1);
	put(frame, letters, strlen(letters) + 1);
	put_uleb(frame, options->code_alignment ? options->code_alignment : 1);
	put_sleb(frame, -8);
	put_number(frame, options->return_register ? options->return_register : 16, 1);
	size_at = frame->length;
	if (*letters == 'z')
		put_number(frame, 0, 1);
	for (; *letters; letters++) {
		if (*letters == 'R')
			put_number(frame, options->encoding, 1);
		if (*letters == 'L')
			put_number(frame, DW_EH_PE_absptr, 1);
		if (*letters == 'P') {
			put_number(frame, DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata4, 1);
			put_number(frame, 0x1234, 4);
		}
	}
	if (frame->length > size_at)
		frame->data[size_at] = (uint8_t)(frame->length - size_at - 1);
	if (options->program)
		put(frame, options->program, options->program_length);
	else
		put(frame, usual, sizeof(usual));
	end_entry(frame, start);
	return start;
}

/* The usual one: "zR", addresses relative to themselves in 4 bytes. */
static inline size_t put_usual_cie(struct bytes *frame)
{
	return put_cie(frame, &(struct cie_options){.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4});
}

/* An FDE of a usual CIE, for code at CODE_ADDRESS + @code. */
static inline void put_fde(struct bytes *frame, size_t cie, uint32_t code, uint32_t length,
			   const void *program, size_t program_length)
{
	size_t start = begin_entry(frame);

	put_number(frame, frame->length - cie, 4);
	put_number(frame, CODE_ADDRESS + code - frame_address(frame), 4);
	put_number(frame, length, 4);
	put_uleb(frame, 0);
	put(frame, program, program_length);
	end_entry(frame, start);
}

struct image_options {
	const void *code; /* at CODE_OFFSET + code_at */
	size_t code_length;
	size_t code_at;
	uint64_t entry;	   /* address */
	uint32_t num_fdes; /* that .eh_frame_hdr says its table has */
};

static inline void fill_headers(uint8_t *file, size_t frame_length, uint64_t entry)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = entry,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_offset = CODE_OFFSET,
		 .p_vaddr = CODE_ADDRESS,
		 .p_filesz = CODE_BYTES,
		 .p_memsz = CODE_BYTES},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R,
		 .p_offset = FRAME_OFFSET,
		 .p_vaddr = FRAME_ADDRESS,
		 .p_filesz = HEADER_BYTES + frame_length,
		 .p_memsz = HEADER_BYTES + frame_length},
		{.p_type = PT_GNU_EH_FRAME,
		 .p_flags = PF_R,
		 .p_offset = FRAME_OFFSET,
		 .p_vaddr = FRAME_ADDRESS,
		 .p_filesz = HEADER_BYTES,
		 .p_memsz = HEADER_BYTES},
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), segments, sizeof(segments));
}

/* A file in memory with all that; its descriptor, or -1. */
static inline int make_file(const void *frame, size_t frame_length,
			    const struct image_options *options)
{
	uint8_t file[FRAME_OFFSET + HEADER_BYTES] = {0};
	/* version; how .eh_frame, the count and the table are encoded; .eh_frame; the count */
	const uint8_t encodings[] = {1, DW_EH_PE_pcrel | DW_EH_PE_sdata4, DW_EH_PE_udata4,
				     DW_EH_PE_datarel | DW_EH_PE_sdata4};
	const uint32_t rest[] = {HEADER_BYTES - 4, options->num_fdes};
	int fd = memfd_create("seep-test", MFD_CLOEXEC);

	fill_headers(file, frame_length, options->entry);
	if (options->code)
		memcpy(file + CODE_OFFSET + options->code_at, options->code, options->code_length);
	memcpy(file + FRAME_OFFSET, encodings, sizeof(encodings));
	memcpy(file + FRAME_OFFSET + sizeof(encodings), rest, sizeof(rest));
	if (fd >= 0 && write(fd, file, sizeof(file)) == (ssize_t)sizeof(file) &&
	    write(fd, frame, frame_length) == (ssize_t)frame_length)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

#endif
