// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes events from the ring buffer and hands them to their receivers, in their order. Events are
 * queued in between (MAX_QUEUE_BYTES at most), because a receiver may drain in turn, which must not
 * happen within libbpf's loop. Events whose own lengths do not fit are dropped: BPF fills them in
 * part from the memory of the target.
 */
#include "kernel/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "kernel/kernel_private.h"

#define MAX_QUEUE_BYTES (1 << 20)

/* An event that was taken from the ring buffer and is not delivered yet. */
struct event {
	struct event *prev;
	struct event *next;
	size_t size;
	_Alignas(8) char data[];
};

void seep_kernel_drop_events(struct seep_kernel *kernel)
{
	struct event *event, *next;

	DL_FOREACH_SAFE(kernel->queue, event, next)
	{
		free(event);
	}
	kernel->queue = NULL;
	kernel->queue_bytes = 0;
}

/* Only queues it: see the top. */
static int take_event(void *context, void *data, size_t size)
{
	struct seep_kernel *kernel = context;
	struct event *event = malloc(sizeof(*event) + size);

	if (!event)
		return -ENOMEM;
	event->size = size;
	memcpy(event->data, data, size);
	DL_APPEND(kernel->queue, event);
	kernel->queue_bytes += size;
	/* The ring may fill faster than it is emptied: deliver these first. */
	return kernel->queue_bytes < MAX_QUEUE_BYTES ? 0 : -EAGAIN;
}

/* Stacks are as long as they have frames; an event that is shorter than it says is dropped. */
static void deliver_stack(const struct seep_kernel_events *events,
			  const struct seep_stack_event *event, size_t size)
{
	size_t header = offsetof(struct seep_stack_event, frames);

	if (size >= header && event->num_frames <= (size - header) / 8)
		events->stack(events->context, event);
}

/* Copies always come in full size; only the lengths in them have to fit. */
static void deliver_copy(const struct seep_kernel_events *events,
			 const struct seep_copy_event *event, size_t size)
{
	if (size >= sizeof(*event) && event->num_frames <= SEEP_MAX_FRAMES &&
	    event->num_given <= event->num_frames && event->stack_bytes <= SEEP_COPY_BYTES &&
	    event->end < SEEP_END_COUNT)
		events->copy(events->context, event);
}

/* By type. Other events have fixed sizes; lengths in them are checked by their receivers. */
static void deliver(const struct seep_kernel_events *events, const void *data, size_t size)
{
	switch (*(const __u32 *)data) {
	case SEEP_EVENT_STACK:
		deliver_stack(events, data, size);
		break;
	case SEEP_EVENT_FILE:
		events->file(events->context, data);
		break;
	case SEEP_EVENT_TABLE:
		events->table(events->context, data);
		break;
	case SEEP_EVENT_COPY:
		deliver_copy(events, data, size);
		break;
	case SEEP_EVENT_LIBRARY:
		events->library(events->context, data);
		break;
	case SEEP_EVENT_HAZARD:
		events->hazard(events->context, data);
		break;
	case SEEP_EVENT_UNBOUND:
		events->unbound(events->context, data);
		break;
	case SEEP_EVENT_BUDGET:
		events->budget(events->context, data);
		break;
	case SEEP_EVENT_EXEC:
		events->exec(events->context, data);
		break;
	case SEEP_EVENT_PROCESS:
		events->process(events->context, data);
		break;
	case SEEP_EVENT_CGROUP:
		events->cgroup(events->context, data);
		break;
	}
}

int seep_kernel_listen(struct seep_kernel *kernel, const struct seep_kernel_events *events)
{
	kernel->events = *events;
	kernel->ring = ring_buffer__new(bpf_map__fd(kernel->skeleton->maps.events), take_event,
					kernel, NULL);
	return kernel->ring ? 0 : -errno;
}

int seep_kernel_events_fd(const struct seep_kernel *kernel)
{
	return ring_buffer__epoll_fd(kernel->ring);
}

/*
 * Takes what fits the queue, delivers it, and repeats while take_event has stopped libbpf. A
 * receiver that drains as well takes from the same queue, so the order is kept.
 */
int seep_kernel_drain(struct seep_kernel *kernel)
{
	int result;

	do {
		result = ring_buffer__consume(kernel->ring);
		while (kernel->queue) {
			struct event *event = kernel->queue;

			/*
			 * Off the queue before it is delivered: a receiver that drains must not see
			 * it again.
			 */
			DL_DELETE(kernel->queue, event);
			kernel->queue_bytes -= event->size;
			deliver(&kernel->events, event->data, event->size);
			free(event);
		}
	} while (result == -EAGAIN);
	return result < 0 ? result : 0;
}
