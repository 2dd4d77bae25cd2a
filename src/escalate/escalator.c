// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to TRACES_MAX traces, each in a slot of its own. A slot outlives the watched process if that
 * ends first: the tracer has its own way to see the end, and then makes the last report.
 *
 * The kernel says that it kills a process before the process ends, so the mark waits in the slot.
 */
#include "escalate/escalator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "escalate/samplers.h"
#include "proc/process.h"
#include "report/watched.h"

#define TRACES_MAX 16

struct slot {
	struct seep_escalation *escalation; /* NULL: it is free */
	struct seep_watch_process *process; /* NULL: it has ended */
	struct seep_result result;	    /* as far as it is known */
};

struct seep_escalator {
	struct seep_escalator_config config;
	struct seep_loop *loop;
	struct seep_samplers *samplers;
	struct slot slots[TRACES_MAX];
	size_t num_growing;
	struct seep_watch_process **growing;
	struct seep_results results;
	uint64_t num_probed;
};

static void finish(struct seep_escalator *escalator, struct slot *slot);

static void on_over(void *context, struct seep_escalation *escalation)
{
	struct seep_escalator *escalator = context;

	for (size_t i = 0; i < TRACES_MAX; i++) {
		if (escalator->slots[i].escalation == escalation)
			finish(escalator, &escalator->slots[i]);
	}
}

int seep_escalator_new(const struct seep_escalator_config *config, struct seep_loop *loop,
		       struct seep_escalator **ret_escalator)
{
	struct seep_escalator *escalator = calloc(1, sizeof(*escalator));

	if (!escalator)
		return -ENOMEM;
	escalator->config = *config;
	escalator->config.settings.on_over = on_over;
	escalator->config.settings.context = escalator;
	if (escalator->config.rules.most > TRACES_MAX)
		escalator->config.rules.most = TRACES_MAX;
	escalator->loop = loop;
	if (seep_samplers_new(loop, escalator->config.rules.most, &escalator->samplers)) {
		seep_escalator_free(escalator);
		return -ENOMEM;
	}
	*ret_escalator = escalator;
	return 0;
}

void seep_escalator_free(struct seep_escalator *escalator)
{
	if (!escalator)
		return;
	for (size_t i = 0; i < TRACES_MAX; i++) {
		seep_escalation_free(escalator->slots[i].escalation);
		seep_result_done(&escalator->slots[i].result);
	}
	seep_samplers_free(escalator->samplers);
	seep_results_done(&escalator->results);
	free(escalator->growing);
	free(escalator);
}

static double now_s(const struct seep_escalator *escalator)
{
	return escalator->config.now_s(escalator->config.owner);
}

/* The trace goes first: it may take a while until all its probes are gone. */
static void finish(struct seep_escalator *escalator, struct slot *slot)
{
	struct seep_result *result = &slot->result;
	double end_s;

	/* The announcement of a kill comes before the end of the process, but another way. */
	escalator->config.tell_kills(escalator->config.owner);
	seep_escalation_finish(slot->escalation, result);
	seep_escalation_free(slot->escalation);
	slot->escalation = NULL;
	end_s = now_s(escalator);
	result->traced_s = end_s - result->begun_s;
	result->utc_ns = seep_clock_utc_ns();
	if (slot->process)
		seep_watch_policy_end(&escalator->config.rules, &slot->process->standing,
				      result->leaks, end_s);
	slot->process = NULL;
	if (escalator->config.on_result)
		escalator->config.on_result(escalator->config.context, result);
	seep_results_add(&escalator->results, result);
}

static struct slot *free_slot(struct seep_escalator *escalator)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		if (!escalator->slots[i].escalation)
			return &escalator->slots[i];
	}
	return NULL;
}

/* One that cannot be traced has a pause like one in which nothing was found. */
static void begin(struct seep_escalator *escalator, struct seep_watch_process *process)
{
	struct slot *slot = free_slot(escalator);
	uint32_t kinds = seep_watch_process_kinds(process);
	double begun_s = now_s(escalator);

	seep_watch_policy_begin(&process->standing, kinds, begun_s);
	if (!slot || seep_escalation_new(&escalator->config.settings, escalator->loop, process->pid,
					 kinds, &slot->escalation)) {
		seep_watch_policy_refuse(&escalator->config.rules, &process->standing, begun_s);
		return;
	}
	if (!process->probed)
		escalator->num_probed++;
	process->probed = true;
	slot->process = process;
	slot->result = (struct seep_result){
		.pid = process->pid,
		.start_ticks = process->start_ticks,
		.begun_s = begun_s,
	};
	memcpy(slot->result.comm, process->comm, sizeof(slot->result.comm));
}

static int compare_growing(const void *left, const void *right)
{
	const struct seep_watch_process *a = *(struct seep_watch_process *const *)left;
	const struct seep_watch_process *b = *(struct seep_watch_process *const *)right;

	if (!a->num_growths || !b->num_growths)
		return a->num_growths ? -1 : b->num_growths ? 1 : a->pid - b->pid;
	if (seep_watch_growth_is_worse(&a->growths[0], &b->growths[0]))
		return -1;
	if (seep_watch_growth_is_worse(&b->growths[0], &a->growths[0]))
		return 1;
	return a->pid - b->pid;
}

/* What grows, and what does not any more and has been traced. */
static int find_growing(struct seep_escalator *escalator)
{
	size_t count = seep_watcher_count(escalator->config.watcher);
	struct seep_watch_process **growing =
		reallocarray(escalator->growing, count ? count : 1, sizeof(*growing));

	if (!growing)
		return -ENOMEM;
	escalator->growing = growing;
	escalator->num_growing = 0;
	for (size_t i = 0; i < count; i++) {
		struct seep_watch_process *process = seep_watcher_at(escalator->config.watcher, i);

		seep_watch_policy_look(&escalator->config.rules, &process->standing,
				       seep_watch_process_kinds(process), now_s(escalator));
		if (process->num_growths || process->standing.state != SEEP_WATCH_STATE_WATCHED)
			growing[escalator->num_growing++] = process;
	}
	if (escalator->num_growing)
		qsort(growing, escalator->num_growing, sizeof(*growing), compare_growing);
	return 0;
}

int seep_escalator_look(struct seep_escalator *escalator, bool last)
{
	int error;

	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct slot *slot = &escalator->slots[i];

		if (slot->escalation && slot->process &&
		    seep_watch_policy_is_over(&escalator->config.rules, &slot->process->standing,
					      now_s(escalator)))
			finish(escalator, slot);
	}
	error = find_growing(escalator);
	/* Before anybody is probed. */
	if (!error)
		seep_samplers_look(escalator->samplers, escalator->growing, escalator->num_growing,
				   last);
	for (size_t i = 0; i < escalator->num_growing && !error && !last; i++) {
		struct seep_watch_process *process = escalator->growing[i];

		if (seep_watch_policy_may_begin(&escalator->config.rules, &process->standing,
						seep_escalator_num_traced(escalator),
						now_s(escalator)))
			begin(escalator, process);
	}
	return error;
}

void seep_escalator_ended(struct seep_escalator *escalator, struct seep_watch_process *process)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		if (escalator->slots[i].process == process)
			escalator->slots[i].process = NULL;
	}
	seep_samplers_forget(escalator->samplers, process);
	/* The list must not lead to it any more. */
	for (size_t i = 0; i < escalator->num_growing; i++) {
		if (escalator->growing[i] != process)
			continue;
		escalator->num_growing--;
		memmove(&escalator->growing[i], &escalator->growing[i + 1],
			(escalator->num_growing - i) * sizeof(escalator->growing[0]));
		break;
	}
}

/* All that is known of one that was only watched are its numbers. */
static void keep_numbers(struct seep_escalator *escalator, const struct seep_watch_process *process)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_result result = {
		.pid = process->pid,
		.start_ticks = process->start_ticks,
		.utc_ns = seep_clock_utc_ns(),
		.begun_s = now_s(escalator),
		.outcome = SEEP_OUTCOME_UNDECIDED,
		.ended = true,
		.oom_killed = true,
	};

	memcpy(result.comm, process->comm, sizeof(result.comm));
	seep_watched_append_killed(&text, process);
	result.headline = seep_buffer_take(&text);
	if (escalator->config.on_result)
		escalator->config.on_result(escalator->config.context, &result);
	seep_results_add(&escalator->results, &result);
}

void seep_escalator_oom_killed(struct seep_escalator *escalator, pid_t tid)
{
	/* Mostly the first thread is named; another one has an entry of /proc for a moment. */
	pid_t pid = seep_watcher_find(escalator->config.watcher, tid) ? tid : seep_proc_leader(tid);
	const struct seep_watch_process *process;

	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct slot *slot = &escalator->slots[i];

		if (slot->escalation && (slot->result.pid == tid || slot->result.pid == pid)) {
			slot->result.oom_killed = true;
			return;
		}
	}
	process = seep_watcher_find(escalator->config.watcher, pid);
	if (process)
		keep_numbers(escalator, process);
}

void seep_escalator_finish(struct seep_escalator *escalator)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		if (escalator->slots[i].escalation)
			finish(escalator, &escalator->slots[i]);
	}
}

size_t seep_escalator_growing(const struct seep_escalator *escalator,
			      struct seep_watch_process *const **ret_growing)
{
	*ret_growing = escalator->growing;
	return escalator->num_growing;
}

struct seep_results *seep_escalator_results(struct seep_escalator *escalator)
{
	return &escalator->results;
}

unsigned int seep_escalator_num_traced(const struct seep_escalator *escalator)
{
	unsigned int traced = 0;

	for (size_t i = 0; i < TRACES_MAX; i++)
		traced += escalator->slots[i].escalation != NULL;
	return traced;
}

uint64_t seep_escalator_num_probed(const struct seep_escalator *escalator)
{
	return escalator->num_probed;
}
