// SPDX-License-Identifier: GPL-2.0-only
/* leak: guard_page() splits one mapping into ever more, 50 a second; bytes stay as they are */
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096UL
#define PAGES 65000UL

static void guard_page(char *map, unsigned long number)
{
	mprotect(map + 2 * number * PAGE, PAGE, PROT_NONE);
}

static char *reserve(void)
{
	return mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	char *map = reserve();

	for (unsigned long number = 0; number < PAGES / 2; usleep(100000))
		for (int i = 0; i < 5; i++)
			guard_page(map, number++);
	pause();
}
