// SPDX-License-Identifier: GPL-2.0-only
/*
 * growth: read_line() reads into 4 KiB, which keep_line() cuts to the 16 bytes of a line, 100/s,
 * ten at a time. The next line does not fit into what is left between two of them: nearly all of
 * the heap is free, and none of it is used again, 400 KiB/s. The last 20,000 lines
 * are kept.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 20000
#define BATCH 10
#define READ  4096
#define LINE  16

static char *lines[LINES];

static char *read_line(void)
{
	char *text = malloc(READ);

	memset(text, 1, READ);
	return text;
}

static void keep_line(char *text, unsigned long number)
{
	free(lines[number % LINES]);
	lines[number % LINES] = realloc(text, LINE);
}

int main(void)
{
	for (unsigned long number = 0;; usleep(100000)) {
		char *texts[BATCH];

		for (int i = 0; i < BATCH; i++)
			texts[i] = read_line();
		for (int i = 0; i < BATCH; i++)
			keep_line(texts[i], number++);
	}
}
