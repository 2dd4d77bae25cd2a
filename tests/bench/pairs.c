// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of one malloc and free: each line "RUN N [DEPTH [THREADS]]" on standard input does N
 * pairs below DEPTH (or 12) frames in each of THREADS (or 1) threads, and answers with nanoseconds
 * per pair of one thread. "RATE N SECONDS" spreads N pairs per second over SECONDS instead. Built
 * twice, with frame pointers and without.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DEFAULT_FRAMES = 12,
	OWN_FRAMES = 5, /* malloc, its caller, run, main and what calls main */
	MOST_THREADS = 64,
	BURST_NS = 10000000
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((noinline, noclone, noipa)) static void *deep(int depth, size_t size)
{
	void *block;

	if (!depth)
		return malloc(size);
	block = deep(depth - 1, size);
	__asm__ volatile("" : : "r"(block) : "memory");
	return block;
}

static void run(uint64_t pairs, uint64_t frames)
{
	int depth = frames > OWN_FRAMES ? (int)(frames - OWN_FRAMES) : 0;

	for (uint64_t i = 0; i < pairs; i++)
		free(deep(depth, 64 + (i & 255)));
}

struct job {
	uint64_t pairs, frames;
};

static void *run_job(void *argument)
{
	const struct job *job = argument;

	run(job->pairs, job->frames);
	return NULL;
}

/* This thread is one of them. */
static void run_in_threads(struct job job, uint64_t threads)
{
	pthread_t others[MOST_THREADS];
	uint64_t started = 0;

	if (threads > MOST_THREADS)
		threads = MOST_THREADS;
	while (started + 1 < threads && !pthread_create(&others[started], NULL, run_job, &job))
		started++;
	run(job.pairs, job.frames);
	for (uint64_t i = 0; i < started; i++)
		pthread_join(others[i], NULL);
}

static void run_at_rate(uint64_t per_second, uint64_t seconds)
{
	uint64_t start = now_ns();
	uint64_t bursts = seconds * 1000000000u / BURST_NS;

	for (uint64_t i = 1; i <= bursts; i++) {
		uint64_t next = start + i * BURST_NS;
		struct timespec until = {.tv_sec = (time_t)(next / 1000000000u),
					 .tv_nsec = (long)(next % 1000000000u)};

		run(per_second * BURST_NS / 1000000000u, DEFAULT_FRAMES);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
}

int main(void)
{
	char line[128];

	printf("READY pid=%d\n", (int)getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long long first = 0, second = 0, threads = 1;
		uint64_t start = now_ns();

		if (sscanf(line, "RUN %llu %llu %llu", &first, &second, &threads) >= 1)
			run_in_threads((struct job){first, second ? second : DEFAULT_FRAMES},
				       threads);
		else if (sscanf(line, "RATE %llu %llu", &first, &second) == 2)
			run_at_rate(first, second);
		else
			break;
		printf("DONE %.2f\n", (double)(now_ns() - start) / (double)(first ? first : 1));
		fflush(stdout);
	}
	return 0;
}
