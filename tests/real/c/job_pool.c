// SPDX-License-Identifier: GPL-2.0-only
/*
 * leak: what make_job() allocates is released by another thread, but not jobs of one kind in
 * fifty
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct job {
	struct job *next;
	int kind;
	char payload[2000];
};

static struct job *queue;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;

static struct job *make_job(int kind)
{
	struct job *job = calloc(1, sizeof(*job));

	job->kind = kind;
	return job;
}

static void run_job(struct job *job)
{
	job->payload[0]++;
	if (job->kind % 50 != 3)
		free(job);
}

static void *work(void *unused)
{
	for (;;) {
		struct job *job;

		pthread_mutex_lock(&lock);
		while (!queue)
			pthread_cond_wait(&filled, &lock);
		job = queue;
		queue = job->next;
		pthread_mutex_unlock(&lock);
		run_job(job);
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, work, NULL);
	for (int kind = 0;; usleep(50000)) {
		for (int i = 0; i < 100; i++) {
			struct job *job = make_job(kind++);

			pthread_mutex_lock(&lock);
			job->next = queue;
			queue = job;
			pthread_cond_signal(&filled);
			pthread_mutex_unlock(&lock);
		}
	}
}
