// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called by cfi.c for one entry after the other. An entry is a length and an identifier that tells
 * CIE and FDE apart; .eh_frame (LSB 5.0, 10.6.1) and .debug_frame (DWARF 5, 6.4.1) differ in how
 * that identifier and the way from an FDE to its CIE are written. A CIE is read to its end, its
 * instructions included; an FDE up to its instructions, which run later.
 *
 * Every read is by a cursor that stays within the section (elf/cursor.h), so a length that lies
 * makes -EINVAL. Nothing is allocated.
 */
#include "elf/cfi_reader.h"

#include <dwarf.h>
#include <errno.h>

#include "elf/cfi_program.h"

/*
 * LSB 5.0, 10.5.1: the lower half of an encoding is the format, the upper what it is relative to.
 */
#define ENCODING_FORMAT	     0x0f
#define ENCODING_APPLICATION 0x70

/* LSB 5.0, 10.6.1; DWARF 5, 7.4: the length that says that 8 bytes of length follow. */
#define LENGTH_IS_64_BIT UINT32_MAX

/*
 * .eh_frame marks a CIE by 0; in .debug_frame 0 is the offset of the first CIE, so it has all ones.
 */
static bool is_cie(const struct seep_cfi_section *section, uint64_t id, bool wide)
{
	if (!section->debug_frame)
		return id == 0;
	return id == (wide ? UINT64_MAX : UINT32_MAX);
}

int seep_cfi_entry_read(const struct seep_cfi_section *section, uint64_t offset,
			struct seep_cfi_entry *ret_entry)
{
	struct seep_cursor cursor = {section->bytes + offset, section->bytes + section->length,
				     false};
	struct seep_cfi_entry entry = {.offset = offset};
	uint64_t length, id, id_offset;
	const uint8_t *body;
	bool wide;

	length = seep_cursor_unsigned(&cursor, sizeof(uint32_t));
	if (!length && !cursor.failed)
		return -ENOENT;
	wide = length == LENGTH_IS_64_BIT;
	if (wide)
		length = seep_cursor_unsigned(&cursor, sizeof(uint64_t));
	body = seep_cursor_take(&cursor, length);
	if (cursor.failed)
		return -EINVAL;
	entry.next = (uint64_t)(cursor.at - section->bytes);
	entry.body = (struct seep_cursor){body, cursor.at, false};

	/* In .eh_frame this field has 4 bytes whatever the length has (LSB 5.0, 10.6.1.1). */
	id_offset = (uint64_t)(body - section->bytes);
	id = seep_cursor_unsigned(&entry.body, section->debug_frame && wide ? 8 : 4);
	if (entry.body.failed)
		return -EINVAL;
	entry.is_cie = is_cie(section, id, wide);
	/* From the start of .debug_frame, but back from the field itself in .eh_frame. */
	entry.cie = section->debug_frame ? id : id_offset - id;
	*ret_entry = entry;
	return 0;
}

/* The virtual address of the byte that comes next. */
static uint64_t address_of(const struct seep_cfi_section *section, const struct seep_cursor *cursor)
{
	return section->address + (uint64_t)(cursor->at - section->bytes);
}

/* The value of a pointer, before its base is added; signed ones are sign-extended. */
static uint64_t read_format(struct seep_cursor *cursor, uint8_t format)
{
	switch (format) {
	case DW_EH_PE_uleb128:
		return seep_cursor_uleb(cursor);
	case DW_EH_PE_sleb128:
		return (uint64_t)seep_cursor_sleb(cursor);
	case DW_EH_PE_udata2:
		return seep_cursor_unsigned(cursor, 2);
	case DW_EH_PE_sdata2:
		return (uint64_t)seep_cursor_signed(cursor, 2);
	case DW_EH_PE_udata4:
		return seep_cursor_unsigned(cursor, 4);
	case DW_EH_PE_sdata4:
		return (uint64_t)seep_cursor_signed(cursor, 4);
	case DW_EH_PE_absptr:
	case DW_EH_PE_signed:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return seep_cursor_unsigned(cursor, 8);
	default:
		cursor->failed = true;
		return 0;
	}
}

int seep_cfi_pointer_read(struct seep_cursor *cursor, const struct seep_cfi_section *section,
			  uint8_t encoding, uint64_t data_base, uint64_t *ret_value)
{
	uint64_t base = 0;

	/* An indirect pointer is in memory that the loader fills in. */
	if (encoding == DW_EH_PE_omit || encoding & DW_EH_PE_indirect)
		return -EINVAL;
	switch (encoding & ENCODING_APPLICATION) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		base = address_of(section, cursor);
		break;
	case DW_EH_PE_datarel:
		if (data_base == UINT64_MAX)
			return -EINVAL;
		base = data_base;
		break;
	/* An absolute pointer behind padding to a multiple of 8 bytes. */
	case DW_EH_PE_aligned:
		seep_cursor_take(cursor, -address_of(section, cursor) & 7);
		break;
	default: /* relative to text or function: what that means, readers do not agree on */
		return -EINVAL;
	}
	*ret_value = base + read_format(cursor, encoding & ENCODING_FORMAT);
	return cursor->failed ? -EINVAL : 0;
}

/* LSB 5.0, 10.6.1.1.1. What follows an unknown letter cannot be told apart. */
static int read_augmentation(const struct seep_cfi_section *section, const char *letters,
			     struct seep_cursor data, struct seep_cfi_cie *cie)
{
	for (; *letters; letters++) {
		uint64_t ignored;
		uint8_t encoding;

		switch (*letters) {
		case 'R':
			cie->pointer_encoding = seep_cursor_u8(&data);
			break;
		case 'L': /* how FDEs point to their language-specific data */
			seep_cursor_u8(&data);
			break;
		case 'P':
			/*
			 * The personality routine is only stepped over, so it need not be followed
			 * if it is indirect.
			 */
			encoding = seep_cursor_u8(&data) & ~DW_EH_PE_indirect;
			if (seep_cfi_pointer_read(&data, section, encoding, 0, &ignored))
				return -EINVAL;
			break;
		/* The frame of a signal trampoline: its address is not that of a call. */
		case 'S':
			cie->signal_frame = true;
			break;
		case 'B': /* aarch64: which key signs return addresses; no data */
			break;
		default:
			return -EINVAL;
		}
	}
	return data.failed ? -EINVAL : 0;
}

/* Versions 1 (GCC), 3 (DWARF 3) and 4 (DWARF 4 and 5, 6.4.1), which only .debug_frame has. */
static int read_version(struct seep_cursor *body, uint8_t *ret_version, const char **ret_letters)
{
	uint8_t version = seep_cursor_u8(body);
	const uint8_t *letters = body->at;
	const uint8_t *end = memchr(letters, '\0', seep_cursor_left(body));

	if (!end || (version != 1 && version != 3 && version != 4))
		return -EINVAL;
	body->at = end + 1;
	if (letters[0] == 'e' && letters[1] == 'h') { /* GCC 2: a pointer to exception data */
		seep_cursor_take(body, 8);
		letters += 2;
	}
	if (version == 4) {
		uint8_t address_size = seep_cursor_u8(body);
		uint8_t segment_size = seep_cursor_u8(body);

		if (address_size != 8 || segment_size)
			return -EINVAL;
	}
	*ret_version = version;
	*ret_letters = (const char *)letters;
	return 0;
}

int seep_cfi_cie_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      struct seep_cfi_cie *ret_cie)
{
	struct seep_cfi_cie cie = {.offset = entry->offset, .pointer_encoding = DW_EH_PE_absptr};
	struct seep_cursor body = entry->body;
	uint64_t return_register;
	const char *letters;
	uint8_t version;

	if (read_version(&body, &version, &letters))
		return -EINVAL;
	cie.code_alignment = seep_cursor_uleb(&body);
	cie.data_alignment = seep_cursor_sleb(&body);
	/* One byte in version 1, LEB128 since DWARF 3. */
	return_register = version == 1 ? seep_cursor_u8(&body) : seep_cursor_uleb(&body);
	if (return_register != SEEP_CFI_RETURN_ADDRESS)
		return -EINVAL;
	/*
	 * 'z' says how long the data is. Without it, letters have data of a length that is not
	 * known.
	 */
	if (*letters == 'z') {
		uint64_t length = seep_cursor_uleb(&body);
		const uint8_t *data = seep_cursor_take(&body, length);

		if (body.failed)
			return -EINVAL;
		cie.has_augmentation_data = true;
		if (read_augmentation(section, letters + 1,
				      (struct seep_cursor){data, body.at, false}, &cie))
			return -EINVAL;
	} else if (*letters) {
		return -EINVAL;
	}
	if (body.failed || seep_cfi_run_cie(section, body, &cie))
		return -EINVAL;
	*ret_cie = cie;
	return 0;
}

int seep_cfi_fde_read(const struct seep_cfi_section *section, const struct seep_cfi_entry *entry,
		      const struct seep_cfi_cie *cie, struct seep_cfi_fde *ret_fde)
{
	/* @raw reads the same pointer as it is written, before its base is added. */
	struct seep_cursor body = entry->body, raw = entry->body;
	uint8_t format = cie->pointer_encoding & ENCODING_FORMAT;
	struct seep_cfi_fde fde;

	if (seep_cfi_pointer_read(&body, section, cie->pointer_encoding, UINT64_MAX, &fde.address))
		return -EINVAL;
	/*
	 * Of a function that is not linked, nothing is left but a zero in the place of its address.
	 */
	if (!read_format(&raw, format))
		return -ENOENT;
	/* In the format of the pointer, but relative to nothing (LSB 5.0, 10.6.1.2). */
	fde.length = read_format(&body, format);
	/* Its data is for exception handling: the address of the language-specific data. */
	if (cie->has_augmentation_data)
		seep_cursor_take(&body, seep_cursor_uleb(&body));
	if (body.failed)
		return -EINVAL;
	fde.program = body;
	*ret_fde = fde;
	return 0;
}
