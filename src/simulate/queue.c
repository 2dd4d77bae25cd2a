// SPDX-License-Identifier: GPL-2.0-only
/* Messages that come as the shape says, and wait for the same time each. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "simulate/activity.h"

/* Short against the season, so that the number that waits follows the rate. */
#define WAIT_PERIODS 0.1

/*
 * come and gone only rise: their difference is what waits, and modulo the capacity they are places
 * in the ring.
 */
struct queue {
	uint64_t come; /* in all */
	uint64_t gone;
	uint64_t capacity;
	char **messages; /* a ring */
};

/* The site: one message. */
SIMULATED char *queue_message(struct seep_work *work)
{
	char *message = malloc(seep_work_size(work));

	if (message) {
		message[0] = 'm';
		seep_count_made(work, 0, seep_work_size(work));
	}
	return message;
}

/* The ring has room: advance delivers first what is due. */
SIMULATED int receive_message(struct seep_work *work, struct queue *queue)
{
	char *message = queue_message(work);

	if (!message)
		return -ENOMEM;
	queue->messages[queue->come++ % queue->capacity] = message;
	return 0;
}

SIMULATED void deliver_message(struct seep_work *work, struct queue *queue)
{
	free(queue->messages[queue->gone++ % queue->capacity]);
	seep_count_released(work, 0, seep_work_size(work));
}

/* In high season as many as twice the mean wait at once. */
static int begin(struct seep_work *work)
{
	struct queue *queue = work->state;
	double wait_s = WAIT_PERIODS * work->parameters[SEEP_SIMULATE_PERIOD];

	queue->capacity =
		seep_work_share(work, 2 * work->parameters[SEEP_SIMULATE_RATE] * wait_s) + 2;
	queue->messages = calloc(queue->capacity, sizeof(*queue->messages));
	return queue->messages ? 0 : -ENOMEM;
}

/* A message goes when it has waited: as many have gone as had come by that time. */
static int advance(struct seep_work *work)
{
	double wait_s = WAIT_PERIODS * work->parameters[SEEP_SIMULATE_PERIOD];
	double before_s = fmax(0, work->time_s - wait_s);
	/* Messages that should be here by now, and those that should have left. */
	uint64_t come = seep_work_due(work);
	uint64_t gone = seep_work_due_at(work, before_s);
	struct queue *queue = work->state;

	while (queue->gone < gone || queue->come < come) {
		int error = 0;

		/* One by one, so that they never need more room than the ring has. */
		if (queue->gone < gone && queue->gone < queue->come)
			deliver_message(work, queue);
		else
			error = receive_message(work, queue);
		if (error)
			return error;
	}
	return 0;
}

const struct seep_activity seep_activity_queue = {
	.sites = {{"queue_message", SEEP_KIND_MEMORY, {SEEP_TRUTH_STEADY}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct queue),
	.begin = begin,
	.advance = advance,
};
