// SPDX-License-Identifier: GPL-2.0-only
/* What is resident of each mapping: from text, and of ourselves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/smaps.h"

#define PAGE 4096UL

static int parse(const char *text, struct seep_smaps *ret_smaps)
{
	FILE *stream = fmemopen((void *)text, strlen(text), "r");
	int error;

	assert_non_null(stream);
	error = seep_smaps_parse(stream, ret_smaps);
	fclose(stream);
	return error;
}

static void lines_become_regions(void **state)
{
	static const char text[] =
		"00400000-00410000 r-xp 00001000 fe:01 1234                       /usr/bin/a b\n"
		"Size:                 64 kB\n"
		"Rss:                  32 kB\n"
		"Anonymous:             4 kB\n"
		"VmFlags: rd ex mr mw me\n"
		"7f0000000000-7f0000400000 rw-s 00000000 00:00 0 \n"
		"Rss:                4096 kB\n"
		"Pss:                4096 kB\n"
		"AnonHugePages:      2048 kB\n"
		"Anonymous:             0 kB\n";
	struct seep_smaps smaps;

	(void)state;
	assert_int_equal(parse(text, &smaps), 0);
	assert_int_equal(smaps.count, 2);
	assert_int_equal(smaps.regions[0].start, 0x400000);
	assert_int_equal(smaps.regions[0].end, 0x410000);
	assert_int_equal(smaps.regions[0].resident_bytes, 32 * 1024);
	assert_int_equal(smaps.regions[0].anon_bytes, 4 * 1024);
	assert_string_equal(smaps.regions[0].name, "/usr/bin/a b");
	assert_false(smaps.regions[0].writable || smaps.regions[0].shared);
	assert_int_equal(smaps.regions[1].resident_bytes, 4 << 20);
	assert_int_equal(smaps.regions[1].anon_bytes, 0);
	assert_string_equal(smaps.regions[1].name, "");
	assert_true(smaps.regions[1].writable && smaps.regions[1].shared);
	seep_smaps_done(&smaps);
}

/* The end of a path says more than its beginning. */
static void long_names_lose_their_beginning(void **state)
{
	static const char text[] =
		"1000-2000 r--p 00000000 fe:01 1234 /a/very/long/path/that/has/more/components/than/"
		"anybody/wants/to/read/libthing.so.6\n";
	struct seep_smaps smaps;
	const char *name;

	(void)state;
	assert_int_equal(parse(text, &smaps), 0);
	name = smaps.regions[0].name;
	assert_int_equal(strlen(name), SEEP_REGION_NAME - 1);
	assert_string_equal(name + strlen(name) - strlen("/libthing.so.6"), "/libthing.so.6");
	seep_smaps_done(&smaps);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const texts[] = {
		"Rss: 4 kB\n",
		"2000-1000 r--p 00000000 00:00 0\n",
		"garbage\n",
		"2000-3000 r--p 00000000 00:00 0\n1000-2000 r--p 00000000 00:00 0\n",
	};
	struct seep_smaps smaps = {.count = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i], &smaps), -EINVAL);
		assert_int_equal(smaps.count, 77);
	}
}

static void touched_pages_are_resident(void **state)
{
	char *map =
		mmap(NULL, 100 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct seep_region *found = NULL;
	struct seep_smaps smaps;

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	/* Alone, so that it is not merged with what lies beside it. */
	assert_int_equal(madvise(map, 100 * PAGE, MADV_DONTFORK), 0);
	memset(map, 1, 10 * PAGE);
	assert_int_equal(seep_smaps_read(getpid(), &smaps), 0);
	for (size_t i = 0; i < smaps.count; i++) {
		if (smaps.regions[i].start == (uintptr_t)map)
			found = &smaps.regions[i];
	}
	assert_non_null(found);
	assert_int_equal(found->end - found->start, 100 * PAGE);
	assert_true(found->anon_bytes >= 10 * PAGE && found->anon_bytes <= 100 * PAGE);
	assert_int_equal(found->anon_bytes, found->resident_bytes);
	seep_smaps_done(&smaps);
	munmap(map, 100 * PAGE);
	assert_int_equal(seep_smaps_read(-1, &smaps), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_regions),
		cmocka_unit_test(long_names_lose_their_beginning),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(touched_pages_are_resident),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
