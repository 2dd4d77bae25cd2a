// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: lines are kept for SECONDS, then all of them are written and released; 100 KiB/s
 * meanwhile
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct line {
	struct line *next;
	char text[1016];
};

static struct line *lines;

static void log_line(void)
{
	struct line *line = malloc(sizeof(*line));

	memset(line->text, 'x', sizeof(line->text));
	line->next = lines;
	lines = line;
}

static void flush(void)
{
	while (lines) {
		struct line *line = lines;

		lines = line->next;
		free(line);
	}
}

int main(int argc, char **argv)
{
	time_t seconds = argc > 1 ? atoi(argv[1]) : 30;
	time_t last = time(NULL);

	for (;; usleep(100000)) {
		for (int i = 0; i < 10; i++)
			log_line();
		if (time(NULL) - last >= seconds) {
			flush();
			last = time(NULL);
		}
	}
}
