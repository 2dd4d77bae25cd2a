// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors are dealt out to up to MAX_THREADS threads, so that their waits overlap. Each thread
 * closes its part shielded from SIGKILL (base/shield.h). Where no thread or no memory is to be had,
 * the calling thread closes them itself: nothing stays open.
 */
#include "base/close.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/shield.h"

/* What waits at once. The threads do nothing but wait. */
#define MAX_THREADS 64
#define STACK_BYTES (64 << 10)

/* Every step-th descriptor from first on. */
struct part {
	const int *fds;
	size_t count;
	size_t first;
	size_t step;
	pthread_t thread;
	bool started;
};

static int close_fds(void *context)
{
	const struct part *part = context;

	for (size_t i = part->first; i < part->count; i += part->step) {
		if (part->fds[i] >= 0)
			close(part->fds[i]);
	}
	return 0;
}

/* Shielded, because SIGKILL would leave probes in the target's text (base/shield.h). */
static void *close_part(void *context)
{
	seep_shielded(close_fds, context);
	return NULL;
}

/* False if there is no thread to be had. */
static bool start(pthread_t *thread, int detach_state, void *(*fn)(void *context), void *context)
{
	pthread_attr_t attributes;
	bool started;

	if (pthread_attr_init(&attributes))
		return false;
	/* The usual 8 MiB for each thread would be address space for nothing. */
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, detach_state);
	started = pthread_create(thread, &attributes, fn, context) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

void seep_close_all(const int *fds, size_t count)
{
	size_t num_parts = count < MAX_THREADS ? count : MAX_THREADS;
	struct part *parts = calloc(num_parts ? num_parts : 1, sizeof(*parts));

	for (size_t i = 0; i < num_parts && parts; i++) {
		parts[i] = (struct part){fds, count, i, num_parts, .started = false};
		/* Without a thread this one does it, and the others wait a little longer. */
		if (num_parts > 1)
			parts[i].started = start(&parts[i].thread, PTHREAD_CREATE_JOINABLE,
						 close_part, &parts[i]);
		if (!parts[i].started)
			close_part(&parts[i]);
	}
	for (size_t i = 0; i < num_parts && parts; i++) {
		if (parts[i].started)
			pthread_join(parts[i].thread, NULL);
	}
	/* Without memory one after the other, with one part for all. */
	if (!parts)
		close_part(&(struct part){fds, count, 0, 1, .started = false});
	free(parts);
}

/* What the thread in the background takes over. */
struct later {
	int *fds;
	size_t count;
};

static void *close_and_free(void *context)
{
	struct later *later = context;

	seep_close_all(later->fds, later->count);
	free(later->fds);
	free(later);
	return NULL;
}

void seep_close_later(int *fds, size_t count)
{
	/* Without memory for the hand-over the caller closes them and waits. */
	struct later *later = count ? malloc(sizeof(*later)) : NULL;
	pthread_t thread;

	if (later) {
		*later = (struct later){fds, count};
		if (!start(&thread, PTHREAD_CREATE_DETACHED, close_and_free, later))
			close_and_free(later);
		return;
	}
	seep_close_all(fds, count);
	free(fds);
}
