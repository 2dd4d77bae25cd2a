// SPDX-License-Identifier: GPL-2.0-only
/* Objects held in a number that follows a level: warm-up, burst, high and low tide. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/activity.h"

/* Records that are held, as a stack: the last one that came is the first to go. */
struct hold {
	uint64_t count;
	char **records;
};

/* The site: one record, written whole. */
SIMULATED char *hold_record(struct seep_work *work)
{
	char *record = malloc(seep_work_size(work));

	if (record) {
		memset(record, 'h', seep_work_size(work));
		seep_count_made(work, 0, seep_work_size(work));
	}
	return record;
}

/* The level is at most OBJECTS, so there is always room. */
SIMULATED int take_in(struct seep_work *work, struct hold *hold)
{
	char *record = hold_record(work);

	if (!record)
		return -ENOMEM;
	hold->records[hold->count++] = record;
	return 0;
}

/* A record that is lost has left the stack, so nothing releases it any more. */
SIMULATED void let_go(struct seep_work *work, struct hold *hold)
{
	char *record = hold->records[--hold->count];

	hold->records[hold->count] = NULL;
	if (seep_work_loses(work)) {
		seep_count_leaked(work, 0, seep_work_size(work));
		return;
	}
	free(record);
	seep_count_released(work, 0, seep_work_size(work));
}

/* The curve says how many records are held now, up and down. */
SIMULATED int follow_level(struct seep_work *work, struct hold *hold, uint64_t level)
{
	while (hold->count < level) {
		int error = take_in(work, hold);

		if (error)
			return error;
	}
	while (hold->count > level)
		let_go(work, hold);
	return 0;
}

/* Room for the highest level. */
static int begin(struct seep_work *work)
{
	struct hold *hold = work->state;
	uint64_t most = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);

	hold->records = calloc(most + 1, sizeof(*hold->records));
	return hold->records ? 0 : -ENOMEM;
}

/* What is due is not a number of steps here, but the level. */
static int advance(struct seep_work *work)
{
	return follow_level(work, work->state, seep_work_due(work));
}

const struct seep_activity seep_activity_hold = {
	.sites = {{"hold_record", SEEP_KIND_MEMORY, {SEEP_TRUTH_STEADY}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct hold),
	.begin = begin,
	.advance = advance,
};
