// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: one of 16 threads after the other makes 3 MB and releases all but one small block on
 * top, which it replaces the next time: each arena keeps its pages, what is live stays small.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 16
#define BLOCKS	1500

static volatile int turn;

static void job(void)
{
	static __thread char *blocks[BLOCKS];
	static __thread void *pin;
	void *top;

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(2000);
		memset(blocks[i], 1, 2000);
	}
	top = malloc(40);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	free(pin);
	pin = top;
}

static void *work(void *argument)
{
	for (int number = (int)(long)argument;;) {
		if (turn % THREADS == number)
			job();
		usleep(500000);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (long i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, work, (void *)i);
	for (;; turn++)
		sleep(4);
}
