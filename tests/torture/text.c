// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that work on their own text pages: give them back to the kernel (MADV_DONTNEED,
 * MADV_PAGEOUT), make them writable and executable in turn, map the file once more, and fill
 * memory near the limit of an address space.
 *
 * The kernel keeps a probe's breakpoint in a private copy of a page; what happens to that copy
 * must neither lose an instruction nor leave a breakpoint. Checked are blocks and results of the
 * functions on these pages. Bounded by the text of this program and of the C library.
 */
#include <sys/mman.h>

#include "torture.h"

#define RANGES 8

struct range {
	char *start;
	size_t length;
};

static struct range ranges[RANGES];
static size_t num_ranges;

FIXTURE_FUNCTION void *text_get(size_t size)
{
	unsigned char *block = malloc(size);

	torture_check(block != NULL, "no memory");
	return block;
}

FIXTURE_FUNCTION void text_put(void *block)
{
	free(block);
}

static void find_text(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	torture_check(maps != NULL, "/proc/self/maps");
	while (num_ranges < RANGES && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (!strstr(line, "r-xp") || !strchr(line, '/'))
			continue;
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		ranges[num_ranges].start = (char *)start;
		ranges[num_ranges++].length = end - start;
	}
	fclose(maps);
	torture_check(num_ranges >= 2, "no text");
}

static void advise(int advice)
{
	for (size_t i = 0; i < num_ranges; i++)
		madvise(ranges[i].start, ranges[i].length, advice);
}

static void protect(int protection)
{
	for (size_t i = 0; i < num_ranges; i++)
		torture_check(!mprotect(ranges[i].start, ranges[i].length, protection), "mprotect");
}

static void one_round(void)
{
	void *block = text_get(200);

	if (torture_is("dontneed"))
		advise(MADV_DONTNEED);
	else if (torture_is("pageout"))
		advise(MADV_PAGEOUT);
	else if (torture_is("protect"))
		protect(torture_rounds % 2 ? PROT_READ | PROT_WRITE | PROT_EXEC :
					     PROT_READ | PROT_EXEC);
	else
		torture_harmed("no such case");
	memset(block, 1, 200);
	text_put(block);
}

int main(int argc, char **argv)
{
	struct torture_heap heap = {.seed = 51};

	torture_prepare(argc, argv);
	find_text();
	torture_ready();
	while (torture_go_on()) {
		one_round();
		torture_churn(&heap, 5);
		torture_rest(3000);
	}
	torture_clear(&heap);
	return torture_end();
}
