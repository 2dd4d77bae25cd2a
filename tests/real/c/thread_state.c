// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that live for a moment, each with a state of its own. "leak": the key has no
 * destructor, so what get_state() makes stays. "healthy": it has one.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_key_t key;

static char *get_state(void)
{
	char *state = pthread_getspecific(key);

	if (!state) {
		state = calloc(1, 3000);
		pthread_setspecific(key, state);
	}
	return state;
}

static void *work(void *unused)
{
	get_state()[0]++;
	get_state()[2999]++;
	return unused;
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");
	pthread_t thread;

	pthread_key_create(&key, leak ? NULL : free);
	for (;; usleep(20000)) {
		if (pthread_create(&thread, NULL, work, NULL))
			return 1;
		pthread_join(thread, NULL);
	}
}
