// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEEP_SAMPLERS_MAX slots, one for each process that is or was sampled. A look marks those that are
 * wanted, begins what is not there yet, and ends the rest; the slot of one that has ended is given
 * to another process when all are in use.
 */
#include "escalate/samplers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/log.h"
#include "escalate/sampler.h"
#include "kernel/features.h"

struct slot {
	struct seep_watch_process *process; /* NULL: it is free */
	struct seep_sampler *sampler;
	double first_s; /* since when its program is watched */
	bool wanted;	/* at this look */
};

struct seep_samplers {
	struct seep_loop *loop;
	unsigned int most;
	bool refused; /* the machine does not allow it */
	struct slot slots[SEEP_SAMPLERS_MAX];
};

int seep_samplers_new(struct seep_loop *loop, unsigned int most,
		      struct seep_samplers **ret_samplers)
{
	struct seep_samplers *samplers = calloc(1, sizeof(*samplers));

	if (!samplers)
		return -ENOMEM;
	samplers->loop = loop;
	samplers->most = most;
	*ret_samplers = samplers;
	return 0;
}

static void empty(struct slot *slot)
{
	if (slot->process)
		slot->process->touches = NULL;
	seep_sampler_free(slot->sampler);
	*slot = (struct slot){0};
}

void seep_samplers_free(struct seep_samplers *samplers)
{
	if (!samplers)
		return;
	for (size_t i = 0; i < SEEP_SAMPLERS_MAX; i++)
		empty(&samplers->slots[i]);
	free(samplers);
}

void seep_samplers_forget(struct seep_samplers *samplers, const struct seep_watch_process *process)
{
	for (size_t i = 0; i < SEEP_SAMPLERS_MAX; i++) {
		if (samplers->slots[i].process == process)
			empty(&samplers->slots[i]);
	}
}

/* Is there new memory to be touched? */
static bool has_growing_memory(const struct seep_watch_process *process)
{
	for (size_t i = 0; i < process->num_growths; i++) {
		if (process->growths[i].value == SEEP_WATCH_ANON)
			return true;
	}
	return false;
}

static struct slot *slot_of(struct seep_samplers *samplers,
			    const struct seep_watch_process *process)
{
	for (size_t i = 0; i < SEEP_SAMPLERS_MAX; i++) {
		if (samplers->slots[i].process == process)
			return &samplers->slots[i];
	}
	return NULL;
}

/* One that is traced goes on in any case: its memory may be level for a while. */
static bool is_wanted(const struct slot *slot, const struct seep_watch_process *process,
		      unsigned int *untraced)
{
	bool grows = has_growing_memory(process);

	switch (process->standing.state) {
	case SEEP_WATCH_STATE_TRACED:
		return grows || (slot && seep_sampler_is_running(slot->sampler));
	case SEEP_WATCH_STATE_WATCHED:
	case SEEP_WATCH_STATE_SUSPECT:
		if (!*untraced || !grows)
			return false;
		(*untraced)--;
		return true;
	default:
		return false;
	}
}

/* A free one, or that of a process whose sampling has ended. NULL: all are in use. */
static struct slot *find_room(struct seep_samplers *samplers)
{
	struct slot *slot = slot_of(samplers, NULL);

	for (size_t i = 0; i < SEEP_SAMPLERS_MAX && !slot; i++) {
		if (!seep_sampler_is_running(samplers->slots[i].sampler))
			slot = &samplers->slots[i];
	}
	if (slot)
		empty(slot);
	return slot;
}

static void explain(struct seep_samplers *samplers, int error)
{
	/* The process has ended, or was too busy with that. */
	if (error == -ESRCH || samplers->refused)
		return;
	samplers->refused = true;
	seep_warn("no growth stacks: which code touches new memory cannot be sampled here: %s%s",
		  seep_error_text(-error),
		  error == -EPERM || error == -EACCES ? "; " SEEP_NEEDS_PERMISSION : "");
}

static void begin(struct seep_samplers *samplers, struct seep_watch_process *process)
{
	struct slot *slot = slot_of(samplers, process);
	int error;

	if (slot && seep_sampler_is_running(slot->sampler)) {
		slot->wanted = true;
		return;
	}
	/* What was found before is of another time. */
	if (slot)
		empty(slot);
	slot = samplers->refused ? NULL : find_room(samplers);
	if (!slot)
		return;
	error = seep_sampler_new(samplers->loop, process->pid, &slot->sampler);
	if (error) {
		explain(samplers, error);
		return;
	}
	slot->process = process;
	slot->first_s = process->first_s;
	slot->wanted = true;
}

void seep_samplers_look(struct seep_samplers *samplers, struct seep_watch_process *const *growing,
			size_t num_growing, bool last)
{
	unsigned int untraced = samplers->most;

	for (size_t i = 0; i < SEEP_SAMPLERS_MAX; i++) {
		struct slot *slot = &samplers->slots[i];

		slot->wanted = false;
		/* It runs another program now (exec). */
		if (slot->process && slot->first_s != slot->process->first_s)
			empty(slot);
	}
	for (size_t i = 0; i < num_growing && samplers->most && !last; i++) {
		if (is_wanted(slot_of(samplers, growing[i]), growing[i], &untraced))
			begin(samplers, growing[i]);
	}
	for (size_t i = 0; i < SEEP_SAMPLERS_MAX; i++) {
		struct slot *slot = &samplers->slots[i];

		if (!slot->process)
			continue;
		if (!slot->wanted)
			seep_sampler_stop(slot->sampler);
		if (seep_sampler_error(slot->sampler))
			explain(samplers, seep_sampler_error(slot->sampler));
		slot->process->touches = seep_sampler_touches(slot->sampler);
	}
}
