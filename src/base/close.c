// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to MAX_THREADS threads take one descriptor after the other, so that their waits overlap. Each
 * descriptor is closed shielded from SIGKILL (base/shield.h). The threads never end by themselves:
 * the kernel removes probes only for threads that it ends (base/shield.h), and if seep is killed
 * while a thread of it is ending, that one may be the last that has the descriptors. Where no
 * thread is to be had, the calling thread closes them itself: nothing stays open.
 */
#include "base/close.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/shield.h"

/* What waits at once. The threads do nothing but wait. */
#define MAX_THREADS 64
/* The shield's own stack is a part of it. */
#define STACK_BYTES (64 << 10)

/* Descriptors that were given together; in the queue until the last one is taken. */
struct batch {
	struct batch *next;
	const int *fds;
	size_t count;
	size_t taken;
	size_t closed;
	int *owned; /* fds, if nobody waits: freed with the batch */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Something is in the queue. */
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
/* A batch was closed to its last descriptor. */
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
static struct batch *queue;
static size_t num_threads;
static size_t num_idle;

static int close_fd(void *context)
{
	const int *fd = context;

	return close(*fd);
}

/* Closes one descriptor of @batch. With the lock, which is released meanwhile. */
static void close_next(struct batch *batch)
{
	struct batch **link = &queue;
	int fd = batch->fds[batch->taken++];

	if (batch->taken == batch->count) {
		while (*link != batch)
			link = &(*link)->next;
		*link = batch->next;
	}
	pthread_mutex_unlock(&lock);
	if (fd >= 0)
		seep_shielded(close_fd, &fd);
	pthread_mutex_lock(&lock);
	if (++batch->closed < batch->count)
		return;
	pthread_cond_broadcast(&finished);
	if (batch->owned) {
		free(batch->owned);
		free(batch);
	}
}

/* What every thread does until the process ends. */
static void *close_queued(void *context)
{
	(void)context;
	pthread_mutex_lock(&lock);
	for (;;) {
		if (queue) {
			close_next(queue);
			continue;
		}
		num_idle++;
		pthread_cond_wait(&filled, &lock);
		num_idle--;
	}
	return NULL;
}

/* False if there is no thread to be had. */
static bool start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;
	bool started;

	if (pthread_attr_init(&attributes))
		return false;
	/* The usual 8 MiB for each thread would be address space for nothing. */
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	/* Signals are for the thread that reports. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, &attributes, close_queued, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}

/* Sees to it that @count descriptors have threads, as far as there are any. With the lock. */
static void start_threads(size_t count)
{
	while (count-- > num_idle && num_threads < MAX_THREADS && start_thread())
		num_threads++;
}

/* At the end of the queue. With the lock. */
static void enqueue(struct batch *batch)
{
	struct batch **link = &queue;

	while (*link)
		link = &(*link)->next;
	*link = batch;
	pthread_cond_broadcast(&filled);
}

void seep_close_all(const int *fds, size_t count)
{
	struct batch batch = {.fds = fds, .count = count};

	if (!count)
		return;
	pthread_mutex_lock(&lock);
	start_threads(count - 1);
	enqueue(&batch);
	/* This thread would only wait. */
	while (batch.taken < count)
		close_next(&batch);
	while (batch.closed < count)
		pthread_cond_wait(&finished, &lock);
	pthread_mutex_unlock(&lock);
}

void seep_close_later(int *fds, size_t count)
{
	struct batch *batch = count ? malloc(sizeof(*batch)) : NULL;
	bool in_background = false;

	if (batch) {
		*batch = (struct batch){.fds = fds, .count = count, .owned = fds};
		pthread_mutex_lock(&lock);
		start_threads(count);
		in_background = num_threads > 0;
		if (in_background)
			enqueue(batch);
		pthread_mutex_unlock(&lock);
	}
	if (in_background)
		return;
	/* Without memory for the batch, or a thread, the caller closes them and waits. */
	free(batch);
	seep_close_all(fds, count);
	free(fds);
}
