// SPDX-License-Identifier: GPL-2.0-only
/* Requests of which each leaves something behind, on one of the curves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/activity.h"

SIMULATED char *leak_session(struct seep_work *work)
{
	char *session = malloc(seep_work_size(work));

	if (session) {
		memset(session, 's', seep_work_size(work));
		seep_count_made(work, 0, seep_work_size(work));
	}
	return session;
}

SIMULATED int authenticate(struct seep_work *work)
{
	return leak_session(work) ? 0 : -ENOMEM;
}

SIMULATED int handle_request(struct seep_work *work)
{
	int error = authenticate(work);

	if (!error)
		seep_count_leaked(work, 0, seep_work_size(work));
	return error;
}

const struct seep_activity seep_activity_leak = {
	.sites = {{"leak_session", SEEP_KIND_MEMORY, {SEEP_TRUTH_LEAK}}},
	.num_sites = 1,
	.step = handle_request,
};
