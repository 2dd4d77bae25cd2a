// SPDX-License-Identifier: GPL-2.0-only
#include "watch/result.h"

#include <stdlib.h>
#include <string.h>

void seep_result_done(struct seep_result *result)
{
	free(result->headline);
	free(result->text);
	free(result->function);
	free(result->json);
	*result = (struct seep_result){0};
}

/* One that says little, or else the oldest. */
static size_t least(const struct seep_results *results)
{
	for (size_t i = 0; i < results->num; i++) {
		if (!results->list[i].leaks && !results->list[i].oom_killed)
			return i;
	}
	return 0;
}

static void drop(struct seep_results *results, size_t at)
{
	seep_result_done(&results->list[at]);
	results->num--;
	memmove(&results->list[at], &results->list[at + 1],
		(results->num - at) * sizeof(results->list[0]));
}

void seep_results_add(struct seep_results *results, struct seep_result *result)
{
	if (results->num == SEEP_RESULTS_MAX)
		drop(results, least(results));
	result->number = ++results->num_added;
	results->list[results->num++] = *result;
	*result = (struct seep_result){0};
}

const struct seep_result *seep_results_of(const struct seep_results *results, pid_t pid,
					  uint64_t start_ticks)
{
	for (size_t i = results->num; i-- > 0;) {
		const struct seep_result *result = &results->list[i];

		if (result->pid == pid && result->start_ticks == start_ticks)
			return result;
	}
	return NULL;
}

size_t seep_results_num_leaks(const struct seep_results *results)
{
	size_t count = 0;

	for (size_t i = 0; i < results->num; i++)
		count += results->list[i].leaks != 0;
	return count;
}

void seep_results_done(struct seep_results *results)
{
	for (size_t i = 0; i < results->num; i++)
		seep_result_done(&results->list[i]);
	results->num = 0;
}
