// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the unwind information says of addresses: a piece begins there, covers them, or there is
 * none.
 */
#include "elf/extents.h"

#include <errno.h>

#include "elf/cfi_builder.h"
#include "elf/cfi_check.h"

static int read_extents(const struct bytes *frame, struct seep_extents *ret_extents)
{
	struct seep_image *image;
	int error,
		fd = make_file(frame->data, frame->length, &(struct image_options){.num_fdes = 3});

	assert_true(fd >= 0);
	assert_int_equal(seep_image_open(fd, &image), 0);
	error = seep_extents_read(image, ret_extents);
	seep_image_close(image);
	close(fd);
	return error;
}

static void test_entries(void **state)
{
	static const struct {
		uint64_t address;
		enum seep_entry_kind kind;
	} expected[] = {
		{0, SEEP_ENTRY_UNKNOWN},
		{CODE_ADDRESS + 0xff, SEEP_ENTRY_UNKNOWN},
		{CODE_ADDRESS + 0x100, SEEP_ENTRY_BEGINS},
		{CODE_ADDRESS + 0x102, SEEP_ENTRY_INSIDE},
		{CODE_ADDRESS + 0x13f, SEEP_ENTRY_INSIDE},
		{CODE_ADDRESS + 0x140, SEEP_ENTRY_UNKNOWN},
		{CODE_ADDRESS + 0x200, SEEP_ENTRY_BEGINS},
		{CODE_ADDRESS + 0x210, SEEP_ENTRY_BEGINS},
		{CODE_ADDRESS + 0x21f, SEEP_ENTRY_INSIDE},
		{UINT64_MAX, SEEP_ENTRY_UNKNOWN},
	};
	struct bytes frame = {.length = 0};
	size_t cie = put_usual_cie(&frame);
	struct seep_extents extents;

	(void)state;
	/* Not in the order of the addresses; two that overlap. */
	put_fde(&frame, cie, 0x200, 0x40, "", 0);
	put_fde(&frame, cie, 0x100, 0x40, "", 0);
	put_fde(&frame, cie, 0x210, 0x10, "", 0);
	assert_int_equal(read_extents(&frame, &extents), 0);
	assert_int_equal(extents.count, 3);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(seep_extents_entry(&extents, expected[i].address),
				 expected[i].kind);
	seep_extents_done(&extents);
}

static void test_without(void **state)
{
	struct seep_extents extents = {0};
	struct bytes frame = {.length = 0};

	(void)state;
	assert_int_equal(read_extents(&frame, &extents), -ENOENT);
	assert_int_equal(seep_extents_entry(&extents, CODE_ADDRESS), SEEP_ENTRY_UNKNOWN);
	/* An FDE of no code at all begins nothing. */
	put_fde(&frame, put_usual_cie(&frame), 0, 0, "", 0);
	assert_int_equal(read_extents(&frame, &extents), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
