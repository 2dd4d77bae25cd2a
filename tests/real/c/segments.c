// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of 64 KiB. "leak": map_segment() is not undone, 4/s. "healthy": eight are kept and
 * replaced in turns, some by a fixed mapping over the old one.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEGMENT 65536
#define KEPT	8

static char *map_segment(void *where, int fixed)
{
	char *segment = mmap(where, SEGMENT, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);

	if (segment == MAP_FAILED)
		_exit(1);
	memset(segment, 1, SEGMENT);
	return segment;
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");
	char *kept[KEPT] = {NULL};

	for (unsigned int number = 0;; usleep(250000)) {
		char **place = &kept[number++ % KEPT];

		if (!leak && *place && number % 3) {
			*place = map_segment(*place, MAP_FIXED);
			continue;
		}
		if (!leak && *place)
			munmap(*place, SEGMENT);
		*place = map_segment(NULL, 0);
	}
}
