// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two timers of the event loop: one that repeats begins a measurement, one that it starts ends it
 * after SEEP_OVERHEAD_MEASURE_NS.
 */
#include "trace/metering.h"

#include "base/units.h"
#include "trace/tracer_private.h"

/* Measurements do not come closer together than this. */
#define MIN_PERIOD_NS SEEP_NS_PER_S

/* A timer that fires once: it removes itself. */
static int on_measured(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	seep_overhead_measured(tracer->overhead);
	seep_loop_remove(tracer->loop, tracer->close_source);
	tracer->close_source = NULL;
	return 0;
}

static int on_measure(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	/* The last one still runs: the loop was late. */
	if (tracer->close_source)
		return 0;
	seep_overhead_measure(tracer->overhead);
	return seep_loop_add_timer(tracer->loop, SEEP_OVERHEAD_MEASURE_NS, 0, on_measured, tracer,
				   &tracer->close_source);
}

int seep_metering_start(struct seep_tracer *tracer)
{
	uint64_t period_ns = tracer->config.interval_ns > MIN_PERIOD_NS ?
				     tracer->config.interval_ns :
				     MIN_PERIOD_NS;

	/* The first one begins at once: a first time of 0 would mean after one period. */
	return seep_loop_add_timer(tracer->loop, 1, period_ns, on_measure, tracer,
				   &tracer->open_source);
}

void seep_metering_stop(struct seep_tracer *tracer)
{
	seep_loop_remove(tracer->loop, tracer->open_source);
	seep_loop_remove(tracer->loop, tracer->close_source);
}
