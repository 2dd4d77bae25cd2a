// SPDX-License-Identifier: GPL-2.0-only
/*
 * "unjoined": start_worker() starts threads that end and are never joined. "waiting": it starts
 * threads that wait for ever. "bounded": four at a time, which are joined: healthy.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *work(void *unused)
{
	usleep(20000);
	return unused;
}

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static pthread_t start_worker(void *(*body)(void *))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 262144);
	if (pthread_create(&thread, &attributes, body, NULL))
		exit(1);
	pthread_attr_destroy(&attributes);
	return thread;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "bounded";

	for (;; usleep(250000)) {
		if (!strcmp(mode, "bounded")) {
			pthread_t threads[4];

			for (int i = 0; i < 4; i++)
				threads[i] = start_worker(work);
			for (int i = 0; i < 4; i++)
				pthread_join(threads[i], NULL);
		} else {
			start_worker(strcmp(mode, "waiting") ? work : wait_forever);
		}
	}
}
