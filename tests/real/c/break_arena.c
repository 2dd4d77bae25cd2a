// SPDX-License-Identifier: GPL-2.0-only
/* leak: arena_more() moves the program break, 64 KiB five times a second; there is no malloc */
#include <string.h>
#include <unistd.h>

static void arena_more(void)
{
	char *more = sbrk(65536);

	memset(more, 1, 65536);
}

int main(void)
{
	for (;; usleep(200000))
		arena_more();
}
