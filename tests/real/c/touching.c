// SPDX-License-Identifier: GPL-2.0-only
/*
 * growth: pages of one large mapping, made at the start, are touched one after the other, 400
 * KiB/s
 */
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define SIZE (1UL << 30)

static char *reserve_table(void)
{
	char *table = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	madvise(table, SIZE, MADV_NOHUGEPAGE);
	return table;
}

static void insert(char *table, unsigned long number)
{
	table[number * 7919 % (SIZE / PAGE) * PAGE] = 1;
}

int main(void)
{
	char *table = reserve_table();

	for (unsigned long number = 0; number < SIZE / PAGE; usleep(100000))
		for (int i = 0; i < 10; i++)
			insert(table, number++);
	pause();
}
