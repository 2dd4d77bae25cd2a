// SPDX-License-Identifier: GPL-2.0-only
/*
 * growth: read_page() touches one page after the other of a file of 1 GiB, 800 KiB/s, "file" of one
 * that is mapped and has no blocks, "shared" of shared memory that nobody else has.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define SIZE (1UL << 30)

static int open_file(int shared)
{
	char name[] = "read_pages-XXXXXX";
	int fd;

	if (shared)
		return memfd_create("read_pages", 0);
	fd = mkstemp(name);
	unlink(name);
	return fd;
}

static char read_page(volatile char *map, unsigned long number, int shared)
{
	if (shared)
		map[number * PAGE] = 1;
	return map[number * PAGE];
}

int main(int argc, char **argv)
{
	int shared = argc > 1 && !strcmp(argv[1], "shared"), fd = open_file(shared);
	char *map;

	if (fd < 0 || ftruncate(fd, SIZE) < 0)
		return 1;
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	madvise(map, SIZE, MADV_RANDOM);
	for (unsigned long number = 0; number < SIZE / PAGE; usleep(50000))
		for (int i = 0; i < 10; i++)
			read_page(map, number++, shared);
	pause();
}
