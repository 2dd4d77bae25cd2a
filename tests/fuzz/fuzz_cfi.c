// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CFI reader, rules for what the CFI does not cover, and the table builder. Input that begins
 * as ELF does is read as a file; of any other the first two bytes choose what surrounds it, and the
 * rest is the contents of an .eh_frame.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "elf/cfi.h"
#include "elf/cfi_builder.h"
#include "elf/extents.h"
#include "unwind/rules.h"
#include "unwind/table.h"
#include "unwind/uncovered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static int make_input(const uint8_t *data, size_t length)
{
	/* mov $15, %rax; syscall */
	static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
	int fd;

	if (length >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0) {
		fd = memfd_create("seep-fuzz", MFD_CLOEXEC);
		require(fd >= 0 && write(fd, data, length) == (ssize_t)length);
		return fd;
	}
	if (length < 2)
		return -1;
	fd = make_file(data + 2, length - 2,
		       &(struct image_options){
			       .code = code,
			       .code_length = sizeof(code),
			       .code_at = 0x300,
			       .entry = CODE_ADDRESS + data[0] * 16u,
			       .num_fdes = data[1],
		       });
	require(fd >= 0);
	return fd;
}

static void check_rows(const struct seep_cfi *cfi)
{
	require(cfi->num_rows > 0 && cfi->num_rows <= SEEP_CFI_MAX_ROWS);
	for (size_t i = 0; i < cfi->num_rows; i++) {
		const struct seep_cfi_row *row = &cfi->rows[i];

		require(row->rule.kind < SEEP_RULE_KIND_COUNT && row->rule.fp <= SEEP_FP_UNDEFINED);
		require(!i || row[-1].offset < row->offset);
		require(!i || memcmp(&row[-1].rule, &row->rule, sizeof(row->rule)) != 0);
	}
}

static void check_table(const struct seep_cfi *cfi, const struct seep_unwind_table *table,
			const struct seep_rules *rules)
{
	bool whole = !table->short_rows && !table->dropped_rows;

	for (size_t i = 0; i < cfi->num_rows; i++) {
		const struct seep_cfi_row *row = &cfi->rows[i];
		uint32_t number;

		require(!seep_unwind_table_find(table, row->offset, &number));
		require(number < seep_rules_count(rules));
		require(!whole ||
			memcmp(seep_rules_at(rules, number), &row->rule, sizeof(row->rule)) == 0);
	}
}

static void check_entries(const struct seep_image *image)
{
	struct seep_extents extents;

	if (seep_extents_read(image, &extents))
		return;
	require(extents.count > 0);
	for (size_t i = 0; i < extents.count; i++) {
		const struct seep_range *piece = &extents.list[i];

		require(piece->start < piece->end && (!i || piece[-1].start <= piece->start));
		require(seep_extents_entry(&extents, piece->start) == SEEP_ENTRY_BEGINS);
	}
	seep_extents_done(&extents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	struct seep_image *image = NULL;
	struct seep_uncovered uncovered;
	struct seep_unwind_table table;
	struct seep_rules *rules;
	struct seep_cfi cfi;
	int fd = make_input(data, length);

	if (fd < 0)
		return 0;
	if (seep_image_open(fd, &image) == 0)
		check_entries(image);
	if (image && seep_cfi_read(image, &cfi) == 0) {
		check_rows(&cfi);
		require(seep_uncovered_add(image, &cfi, &uncovered) == 0);
		check_rows(&cfi);
		require(seep_rules_new(&rules) == 0);
		if (seep_unwind_table_build(&cfi, rules, &table) == 0) {
			check_table(&cfi, &table, rules);
			seep_unwind_table_done(&table);
		}
		seep_rules_free(rules);
		seep_cfi_done(&cfi);
	}
	seep_image_close(image);
	close(fd);
	return 0;
}
