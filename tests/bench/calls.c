// SPDX-License-Identifier: GPL-2.0-only
/*
 * What system calls cost: each line "WHAT N" on standard input does N times WHAT and answers with
 * nanoseconds for each. OPEN opens and closes a file, MMAP maps a page and unmaps it, GETPID is a
 * system call that makes nothing, COMPUTE none at all.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void open_and_close(void)
{
	close(open("/dev/null", O_RDONLY));
}

static void map_and_unmap(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page, PAGE_BYTES);
}

static void get_pid(void)
{
	syscall(SYS_getpid);
}

static void compute(void)
{
	static volatile uint32_t state = 1;

	for (int i = 0; i < 100; i++)
		state = state * 1664525u + 1013904223u;
}

static const struct {
	const char *name;
	void (*work)(void);
} works[] = {
	{"OPEN", open_and_close},
	{"MMAP", map_and_unmap},
	{"GETPID", get_pid},
	{"COMPUTE", compute},
};

int main(void)
{
	char line[128], name[16];
	unsigned long long count;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("READY pid=%d\n", (int)getpid());
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%15s %llu", name, &count) != 2)
			return 2;
		for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
			uint64_t start = now_ns();

			if (strcmp(name, works[i].name) != 0)
				continue;
			for (unsigned long long j = 0; j < count; j++)
				works[i].work();
			printf("DONE %.1f\n", (double)(now_ns() - start) / (double)count);
		}
	}
	return 0;
}
