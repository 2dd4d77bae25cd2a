// SPDX-License-Identifier: GPL-2.0-only
/* Requests whose memory comes and goes at a high rate; of which some forget it, if so told. */
#include <errno.h>
#include <stdlib.h>

#include "simulate/activity.h"

#define IN_FLIGHT 256 /* requests at a time */

/* bytes are kept to count the release with the same size. */
struct request {
	char *buffer;
	size_t bytes;
};

/* A ring of requests in flight. */
struct churn {
	struct request requests[IN_FLIGHT];
};

/* The site: one block for each request. */
SIMULATED char *churn_request(struct seep_work *work, size_t bytes)
{
	char *buffer = malloc(bytes);

	if (buffer) {
		buffer[0] = 'r';
		seep_count_made(work, 0, bytes);
	}
	return buffer;
}

/* Half to one and a half of the size asked for: it is the mean. */
static size_t draw_bytes(struct seep_work *work)
{
	size_t half = seep_work_size(work) / 2;

	return seep_work_size(work) - half + seep_random_below(&work->random, 2 * half + 1);
}

/* No buffer in this place: the ring is not full yet, or the request was lost. */
SIMULATED void complete_request(struct seep_work *work, struct request *request)
{
	if (request->buffer)
		seep_count_released(work, 0, request->bytes);
	free(request->buffer);
	request->buffer = NULL;
}

SIMULATED int render_page(struct seep_work *work, struct request *request)
{
	request->bytes = draw_bytes(work);
	request->buffer = churn_request(work, request->bytes);
	return request->buffer ? 0 : -ENOMEM;
}

/*
 * A step: the oldest request ends, and another one takes its place. A lost one leaves its place
 * empty, so nothing releases it.
 */
SIMULATED int serve_page(struct seep_work *work)
{
	struct churn *churn = work->state;
	struct request *request = &churn->requests[work->done % IN_FLIGHT];
	int error;

	complete_request(work, request);
	error = render_page(work, request);
	if (!error && seep_work_loses(work)) {
		seep_count_leaked(work, 0, request->bytes);
		request->buffer = NULL;
	}
	return error;
}

const struct seep_activity seep_activity_churn = {
	.sites = {{"churn_request", SEEP_KIND_MEMORY, {SEEP_TRUTH_STEADY}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct churn),
	.real_time = true,
	.background = {[SEEP_SIMULATE_RATE] = 1000, [SEEP_SIMULATE_SIZE] = 256},
	.step = serve_page,
};
