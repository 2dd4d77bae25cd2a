// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of functions by how their returns are seen: each line "RUN KIND N" on standard input
 * makes N pairs of KIND (malloc, new or pool, which is a function of the program) and answers with
 * nanoseconds per pair. With jemalloc preloaded new has an allocator of its own.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>
#include <unistd.h>

#define OWN_FUNCTION __attribute__((noinline, noclone, noipa))

static char arena[64 << 10];
static size_t used;

extern "C" {
void *pool_get(size_t size);
void pool_put(void *block);
}

OWN_FUNCTION void *pool_get(size_t size)
{
	used = used + size < sizeof(arena) ? used + size : 0;
	return arena + used;
}

/* The compiler leaves out an allocation that nobody looks at. */
static void look_at(void *block)
{
	__asm__ volatile("" : : "r"(block) : "memory");
}

OWN_FUNCTION void pool_put(void *block)
{
	look_at(block);
}

static void run(const char *kind, uint64_t pairs)
{
	for (uint64_t i = 0; i < pairs; i++) {
		size_t size = 64 + (i & 255);

		if (!strcmp(kind, "malloc")) {
			void *block = malloc(size);

			look_at(block);
			free(block);
		} else if (!strcmp(kind, "new")) {
			void *block = ::operator new(size);

			look_at(block);
			::operator delete(block);
		} else {
			pool_put(pool_get(size));
		}
	}
}

static uint64_t now_ns()
{
	timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

int main()
{
	unsigned long long pairs;
	char kind[16];

	printf("READY %d\n", getpid());
	fflush(stdout);
	while (scanf(" RUN %15s %llu", kind, &pairs) == 2) {
		uint64_t start = now_ns();

		run(kind, pairs);
		printf("DONE %.1f\n",
		       static_cast<double>(now_ns() - start) / static_cast<double>(pairs));
		fflush(stdout);
	}
	return 0;
}
