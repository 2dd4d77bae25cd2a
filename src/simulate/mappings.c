// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory from the kernel: regions that are kept for ever, and scratch that is given back at once.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "simulate/activity.h"

/* The kernel maps whole pages. */
static size_t size_in_pages(const struct seep_work *work)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	return (seep_work_size(work) + page_bytes - 1) / page_bytes * page_bytes;
}

/* Touches the first page only: what is mapped counts, not what is resident. */
static char *map_memory(size_t bytes)
{
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	memory[0] = 'm';
	return memory;
}

/* The address is dropped, so the region is leaked as soon as it is mapped. */
SIMULATED int leak_region(struct seep_work *work)
{
	size_t bytes = size_in_pages(work);

	if (!map_memory(bytes))
		return -ENOMEM;
	seep_count_made(work, 0, bytes);
	seep_count_leaked(work, 0, bytes);
	return 0;
}

/* A caller with a name of its own, as programs have one. */
SIMULATED int load_image(struct seep_work *work)
{
	return leak_region(work);
}

const struct seep_activity seep_activity_regions = {
	.sites = {{"leak_region", SEEP_KIND_MAPPING, {SEEP_TRUTH_LEAK}}},
	.num_sites = 1,
	.step = load_image,
};

/* In the background: mapped and given back within one step. */
SIMULATED int map_scratch(struct seep_work *work)
{
	size_t bytes = size_in_pages(work);
	char *memory = map_memory(bytes);

	if (!memory)
		return -ENOMEM;
	seep_count_made(work, 0, bytes);
	munmap(memory, bytes);
	seep_count_released(work, 0, bytes);
	return 0;
}

const struct seep_activity seep_activity_scratch = {
	.sites = {{"map_scratch", SEEP_KIND_MAPPING, {SEEP_TRUTH_STEADY}}},
	.num_sites = 1,
	.real_time = true,
	.background = {[SEEP_SIMULATE_RATE] = 50, [SEEP_SIMULATE_SIZE] = 256 << 10},
	.step = map_scratch,
};
