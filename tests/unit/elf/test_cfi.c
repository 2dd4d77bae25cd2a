// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CFI reader on sections that are written by hand: pointer encodings, order, lengths,
 * terminators. Files of compilers are in test_cfi_files.c.
 */
/* From sections to rows: entries, addresses, order. */
#include <errno.h>

#include "elf/cfi_check.h"

static void test_function(void **state)
{
	static const struct seep_rule in_frame = {
		.kind = SEEP_RULE_FP,
		.offset = 16,
		.fp = SEEP_FP_AT_CFA,
		.fp_offset = -16,
		.ra_offset = -8,
	};
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;

	(void)state;
	put_fde(&frame, put_usual_cie(&frame), 0x100, 0x40,
		PROGRAM(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2,
			DW_CFA_advance_loc | 3, DW_CFA_def_cfa_register, 6, DW_CFA_advance_loc1,
			0x30, DW_CFA_def_cfa, 7, 8, DW_CFA_restore | 6));
	assert_int_equal(read_frame(&frame, &cfi), 0);
	check_invariants(&cfi);
	assert_int_equal(cfi.num_fdes, 1);
	assert_int_equal(cfi.num_skipped, 0);
	assert_int_equal(cfi.num_rows, 5);
	assert_null(seep_cfi_find(&cfi, CODE_OFFSET + 0xff));
	check(&cfi, 0x100, &at_entry);
	check(&cfi, 0x104, &in_frame);
	check(&cfi, 0x133, &in_frame);
	check(&cfi, 0x134, &at_entry);
	check(&cfi, 0x13f, &at_entry);
	check(&cfi, 0x140, &gap);
	seep_cfi_done(&cfi);
}

/* A CIE and an FDE at 0x100 whose address is put as @encoding says. */
static int read_encoding(uint8_t encoding, size_t width, bool leb, struct seep_cfi *ret_cfi)
{
	struct bytes frame = {.length = 0};
	size_t cie = put_cie(&frame, &(struct cie_options){.encoding = encoding});
	size_t start = begin_entry(&frame);
	uint64_t address = CODE_ADDRESS + 0x100;

	put_number(&frame, frame.length - cie, 4);
	if ((encoding & 0x70) == DW_EH_PE_aligned)
		while (frame_address(&frame) % 8)
			put_number(&frame, 0xee, 1);
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		address -= frame_address(&frame);
	if (!leb) {
		put_number(&frame, address, width);
		put_number(&frame, 0x40, width);
	} else if ((encoding & 0xf) == DW_EH_PE_uleb128) {
		put_uleb(&frame, address);
		put_uleb(&frame, 0x40);
	} else {
		put_sleb(&frame, (int64_t)address);
		put_sleb(&frame, 0x40);
	}
	put_uleb(&frame, 0);
	end_entry(&frame, start);
	return read_frame(&frame, ret_cfi);
}

static void test_encodings(void **state)
{
	static const struct {
		uint8_t encoding;
		size_t width;
		bool leb;
		bool readable;
	} encodings[] = {
		{DW_EH_PE_absptr, 8, false, true},
		{DW_EH_PE_signed, 8, false, true},
		{DW_EH_PE_udata8, 8, false, true},
		{DW_EH_PE_sdata8, 8, false, true},
		{DW_EH_PE_udata4, 4, false, true},
		{DW_EH_PE_sdata4, 4, false, true},
		{DW_EH_PE_uleb128, 0, true, true},
		{DW_EH_PE_sleb128, 0, true, true},
		{DW_EH_PE_pcrel | DW_EH_PE_absptr, 8, false, true},
		{DW_EH_PE_pcrel | DW_EH_PE_sdata8, 8, false, true},
		{DW_EH_PE_pcrel | DW_EH_PE_sdata4, 4, false, true},
		{DW_EH_PE_pcrel | DW_EH_PE_sleb128, 0, true, true},
		{DW_EH_PE_aligned, 8, false, true},
		{DW_EH_PE_udata2, 2, false, false}, /* the code is elsewhere */
		{DW_EH_PE_pcrel | DW_EH_PE_sdata2, 2, false, false},
		{DW_EH_PE_textrel | DW_EH_PE_udata4, 4, false, false},
		{DW_EH_PE_datarel | DW_EH_PE_sdata4, 4, false, false},
		{DW_EH_PE_funcrel | DW_EH_PE_udata4, 4, false, false},
		{DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata4, 4, false, false},
		{DW_EH_PE_omit, 0, false, false},
		{0x07, 4, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		struct seep_cfi cfi;
		int error = read_encoding(encodings[i].encoding, encodings[i].width,
					  encodings[i].leb, &cfi);

		if (error != (encodings[i].readable ? 0 : -EINVAL))
			fail_msg("encoding %#x: %d", encodings[i].encoding, error);
		if (error)
			continue;
		check(&cfi, 0x100, &at_entry);
		check(&cfi, 0x13f, &at_entry);
		check(&cfi, 0x140, &gap);
		seep_cfi_done(&cfi);
	}
}

static void test_augmentations(void **state)
{
	static const struct {
		struct cie_options options;
		bool readable;
	} cies[] = {
		{{.augmentation = "zR", .version = 3}, true},
		{{.augmentation = "zPLR"}, true},
		{{.augmentation = "zRB"}, true},
		{{.augmentation = "zRX"}, false},
		{{.augmentation = "R"}, false},
		{{.version = 2}, false},
		{{.version = 4}, false}, /* its address size would be 1 */
		{{.return_register = 17}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cies) / sizeof(cies[0]); i++) {
		struct cie_options options = cies[i].options;
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;

		options.encoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4;
		put_fde(&frame, put_cie(&frame, &options), 0x100, 0x40, PROGRAM(DW_CFA_nop));
		assert_int_equal(read_frame(&frame, &cfi), cies[i].readable ? 0 : -EINVAL);
		if (!cies[i].readable)
			continue;
		check(&cfi, 0x100, &at_entry);
		seep_cfi_done(&cfi);
	}
}

static void test_order_and_gaps(void **state)
{
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t cie;

	(void)state;
	cie = put_usual_cie(&frame);
	put_fde(&frame, cie, 0x400, 0x10, PROGRAM(DW_CFA_def_cfa_offset, 16));
	put_fde(&frame, cie, 0x100, 0x11, PROGRAM(DW_CFA_nop));
	put_fde(&frame, cie, 0x120, 0x10, PROGRAM(DW_CFA_def_cfa_offset, 16)); /* 15 bytes on */
	put_fde(&frame, cie, 0x140, 0x10, PROGRAM(DW_CFA_def_cfa_offset, 16)); /* 16 bytes on */
	assert_int_equal(read_frame(&frame, &cfi), 0);
	check_invariants(&cfi);
	check(&cfi, 0x100, &at_entry);
	check(&cfi, 0x11f, &at_entry);
	check(&cfi, 0x120, &pushed);
	check(&cfi, 0x12f, &pushed);
	check(&cfi, 0x130, &gap);
	check(&cfi, 0x140, &pushed);
	check(&cfi, 0x150, &gap);
	check(&cfi, 0x400, &pushed);
	check(&cfi, 0x410, &gap);
	seep_cfi_done(&cfi);
}

static void test_overlaps(void **state)
{
	static const struct seep_rule third = {.kind = SEEP_RULE_SP, .offset = 24, .ra_offset = -8};
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t cie;

	(void)state;
	cie = put_usual_cie(&frame);
	put_fde(&frame, cie, 0x120, 0x40,
		PROGRAM(DW_CFA_def_cfa_offset, 16, DW_CFA_advance_loc1, 0x30, DW_CFA_def_cfa_offset,
			24));
	put_fde(&frame, cie, 0x100, 0x40, PROGRAM(DW_CFA_nop));
	put_fde(&frame, cie, 0x100, 0x20, PROGRAM(DW_CFA_def_cfa_offset, 24)); /* inside */
	assert_int_equal(read_frame(&frame, &cfi), 0);
	check_invariants(&cfi);
	check(&cfi, 0x100, &at_entry);
	check(&cfi, 0x13f, &at_entry);
	check(&cfi, 0x140, &pushed);
	check(&cfi, 0x14f, &pushed);
	check(&cfi, 0x150, &third);
	check(&cfi, 0x15f, &third);
	check(&cfi, 0x160, &gap);
	seep_cfi_done(&cfi);
}

/* Code that the segment does not have, in part or at all. */
static void test_ranges(void **state)
{
	static const struct {
		uint32_t code;
		uint32_t length;
		bool usable;
	} ranges[] = {
		{CODE_BYTES - 0x10, 0x20, true},
		{CODE_BYTES, 0x20, false},
		{UINT32_MAX - 0x10, 0x20, false},
		{FRAME_ADDRESS - CODE_ADDRESS, 0x10, false}, /* not executable */
		{0x100, 0, false},
		{0x100, UINT32_MAX, true}, /* signed, so it has a huge length */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;

		put_fde(&frame, put_usual_cie(&frame), ranges[i].code, ranges[i].length,
			PROGRAM(DW_CFA_nop));
		assert_int_equal(read_frame(&frame, &cfi), ranges[i].usable ? 0 : -EINVAL);
		if (!ranges[i].usable)
			continue;
		check_invariants(&cfi);
		assert_int_equal(cfi.rows[0].offset, CODE_OFFSET + ranges[i].code);
		assert_int_equal(cfi.rows[1].offset, CODE_OFFSET + CODE_BYTES);
		seep_cfi_done(&cfi);
	}
}

/* What the linker leaves of functions that nobody calls. */
static void test_discarded(void **state)
{
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t cie, start;

	(void)state;
	cie = put_usual_cie(&frame);
	start = begin_entry(&frame);
	put_number(&frame, frame.length - cie, 4);
	put_number(&frame, 0, 4);
	put_number(&frame, 0x40, 4);
	put_uleb(&frame, 0);
	end_entry(&frame, start);
	assert_int_equal(read_frame(&frame, &cfi), -ENOENT);
	put_fde(&frame, cie, 0x100, 0x40, PROGRAM(DW_CFA_nop));
	assert_int_equal(read_frame(&frame, &cfi), 0);
	assert_int_equal(cfi.num_fdes, 1);
	assert_int_equal(cfi.num_skipped, 0);
	seep_cfi_done(&cfi);
}

/* To itself, to the middle of something, to an FDE, behind the end, forwards. */
static void test_cie_pointers(void **state)
{
	struct bytes frame = {.length = 0};
	size_t cie, pointer_at;

	(void)state;
	cie = put_usual_cie(&frame);
	put_fde(&frame, cie, 0x200, 0x40, PROGRAM(DW_CFA_nop));
	pointer_at = frame.length + 4;
	put_fde(&frame, cie, 0x100, 0x40, PROGRAM(DW_CFA_nop));
	put_usual_cie(&frame);
	for (uint32_t pointer = 1; pointer < 3 * frame.length; pointer++) {
		uint32_t wrapped = pointer > 2 * frame.length ? 0 - pointer : pointer;
		bool right = wrapped == pointer_at - cie;
		struct seep_cfi cfi;

		memcpy(frame.data + pointer_at, &wrapped, sizeof(wrapped));
		assert_int_equal(read_frame(&frame, &cfi), 0);
		check_invariants(&cfi);
		assert_int_equal(cfi.num_fdes, right ? 2 : 1);
		assert_int_equal(cfi.num_skipped, right ? 0 : 1);
		seep_cfi_done(&cfi);
	}
}

static void test_lengths(void **state)
{
	static const uint32_t lengths[] = {1,	 3,	     4,		 5,	    12,
					   1000, 0x7fffffff, 0xfffffff0, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bytes frame = {.length = 0};
		struct seep_cfi cfi;
		size_t cie = put_usual_cie(&frame), broken;

		put_fde(&frame, cie, 0x100, 0x40, PROGRAM(DW_CFA_nop));
		broken = frame.length;
		put_fde(&frame, cie, 0x200, 0x40, PROGRAM(DW_CFA_nop));
		memcpy(frame.data + broken, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(read_frame(&frame, &cfi), 0);
		check_invariants(&cfi);
		assert_int_equal(cfi.num_fdes, 1);
		check(&cfi, 0x100, &at_entry);
		seep_cfi_done(&cfi);
	}
}

static void test_64_bit_lengths(void **state)
{
	struct bytes frame = {.length = 0};
	struct seep_cfi cfi;
	size_t cie, length_at;
	uint64_t length;

	(void)state;
	cie = put_usual_cie(&frame);
	put_number(&frame, UINT32_MAX, 4);
	length_at = frame.length;
	put_number(&frame, 0, 8);
	put_number(&frame, frame.length - cie, 4);
	put_number(&frame, CODE_ADDRESS + 0x100 - frame_address(&frame), 4);
	put_number(&frame, 0x40, 4);
	put_uleb(&frame, 0);
	length = frame.length - length_at - 8;
	memcpy(frame.data + length_at, &length, sizeof(length));
	put_fde(&frame, cie, 0x200, 0x40, PROGRAM(DW_CFA_nop));
	assert_int_equal(read_frame(&frame, &cfi), 0);
	assert_int_equal(cfi.num_fdes, 2);
	check(&cfi, 0x100, &at_entry);
	check(&cfi, 0x200, &at_entry);
	seep_cfi_done(&cfi);
	for (int shift = 8; shift < 64; shift++) {
		length = UINT64_MAX << shift;
		memcpy(frame.data + length_at, &length, sizeof(length));
		assert_int_equal(read_frame(&frame, &cfi), -ENOENT);
	}
}

/* Zeros end it, unless the table of .eh_frame_hdr has more. */
static void test_terminators(void **state)
{
	struct bytes frame = {.length = 0};
	size_t cie;

	(void)state;
	cie = put_usual_cie(&frame);
	put_fde(&frame, cie, 0x100, 0x40, PROGRAM(DW_CFA_nop));
	put_number(&frame, 0, 4);
	put_fde(&frame, cie, 0x200, 0x40, PROGRAM(DW_CFA_nop));
	put_number(&frame, 0, 4);
	put_fde(&frame, cie, 0x300, 0x40, PROGRAM(DW_CFA_nop));
	for (uint32_t table = 0; table < 5; table++) {
		static const size_t expected[] = {1, 1, 2, 3, 3};
		const struct image_options options = {.num_fdes = table};
		struct seep_cfi cfi;

		assert_int_equal(read_file(make_file(frame.data, frame.length, &options), &cfi), 0);
		assert_int_equal(cfi.num_fdes, expected[table]);
		seep_cfi_done(&cfi);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function),      cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_augmentations), cmocka_unit_test(test_order_and_gaps),
		cmocka_unit_test(test_overlaps),      cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_discarded),     cmocka_unit_test(test_cie_pointers),
		cmocka_unit_test(test_lengths),	      cmocka_unit_test(test_64_bit_lengths),
		cmocka_unit_test(test_terminators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
