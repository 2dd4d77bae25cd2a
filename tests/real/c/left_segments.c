// SPDX-License-Identifier: GPL-2.0-only
/*
 * growth: make_segment() makes a segment of shared memory of 12 KiB, 20/s, and closes and unmaps
 * it, but nobody removes its name. The process stays as it is, the machine fills. "healthy": the
 * name is removed. SIGTERM removes all that is left.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 12288

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void make_name(char name[64], unsigned long number)
{
	snprintf(name, 64, "/seep-real-%d-%lu", (int)getpid(), number);
}

static void make_segment(unsigned long number)
{
	char name[64], *map;
	int fd;

	make_name(name, number);
	fd = shm_open(name, O_CREAT | O_RDWR, 0600);
	ftruncate(fd, SIZE);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(map, 1, SIZE);
	munmap(map, SIZE);
	close(fd);
}

static void remove_segment(unsigned long number)
{
	char name[64];

	make_name(name, number);
	shm_unlink(name);
}

int main(int argc, char **argv)
{
	int healthy = argc > 1 && !strcmp(argv[1], "healthy");
	unsigned long number = 0;

	signal(SIGTERM, stop);
	for (; !stopped; usleep(50000)) {
		make_segment(number);
		if (healthy)
			remove_segment(number);
		number++;
	}
	while (number--)
		remove_segment(number);
}
