// SPDX-License-Identifier: GPL-2.0-only
/* leak: append() keeps all that it is given in one buffer, which doubles; 100 KiB/s of data */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *buffer;
static size_t length, room;

static void append(const char *data, size_t size)
{
	if (length + size > room) {
		room = room ? 2 * room : 4096;
		buffer = realloc(buffer, room);
	}
	memcpy(buffer + length, data, size);
	length += size;
}

int main(void)
{
	static char data[1024];

	for (;; usleep(100000))
		for (int i = 0; i < 10; i++)
			append(data, sizeof(data));
}
