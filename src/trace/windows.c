// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two timers of the event loop: one that repeats opens a window, one that it starts closes it after
 * SEEP_OVERHEAD_WINDOW_NS.
 */
#include "trace/windows.h"

#include "base/units.h"
#include "trace/tracer_private.h"

/* Windows of the overhead measurement do not come closer together than this. */
#define MIN_WINDOW_PERIOD_NS SEEP_NS_PER_S

/* A timer that fires once: it removes itself. */
static int on_window_close(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	seep_overhead_window_close(tracer->overhead);
	seep_loop_remove(tracer->loop, tracer->close_source);
	tracer->close_source = NULL;
	return 0;
}

static int on_window_open(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	/* The last window is still open: the loop was late. */
	if (tracer->close_source)
		return 0;
	seep_overhead_window_open(tracer->overhead);
	return seep_loop_add_timer(tracer->loop, SEEP_OVERHEAD_WINDOW_NS, 0, on_window_close,
				   tracer, &tracer->close_source);
}

int seep_windows_start(struct seep_tracer *tracer)
{
	uint64_t period_ns = tracer->config.interval_ns > MIN_WINDOW_PERIOD_NS ?
				     tracer->config.interval_ns :
				     MIN_WINDOW_PERIOD_NS;

	/* The first window opens at once: a first time of 0 would mean after one period. */
	return seep_loop_add_timer(tracer->loop, 1, period_ns, on_window_open, tracer,
				   &tracer->open_source);
}

void seep_windows_stop(struct seep_tracer *tracer)
{
	seep_loop_remove(tracer->loop, tracer->open_source);
	seep_loop_remove(tracer->loop, tracer->close_source);
}
