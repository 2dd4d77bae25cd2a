// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three workers, of which each lives for a minute and is replaced. "leak": serve() keeps 1 KiB of
 * each request, 50 KiB/s in each worker. "healthy": it releases all.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 3
#define LIFE_S	60

static void serve(int leak)
{
	char *volatile reply = malloc(1024);

	memset(reply, 1, 1024);
	if (!leak)
		free(reply);
}

static void work(int leak)
{
	for (int round = 0; round < 10 * LIFE_S; round++) {
		for (int i = 0; i < 5; i++)
			serve(leak);
		usleep(100000);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");

	for (int running = 0;;) {
		if (running == WORKERS) {
			wait(NULL);
			running--;
		}
		if (!fork())
			work(leak);
		running++;
		usleep(1000000);
	}
}
