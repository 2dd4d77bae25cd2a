// SPDX-License-Identifier: GPL-2.0-only
#include "watch/pace.h"

#include <math.h>

/* Rounded up from what was measured. */
#define FAULT_NS  400.0
#define SWITCH_NS 1000.0
/* Of a sample: the program, which is measured later, and what the kernel does around it. */
#define SAMPLE_NS 6000.0
#define AROUND_NS 1000.0

/* One in 2^32 is the least chance that there is. */
#define PERIOD_MAX 1e9

/* From the beginning of one time of counting to that of the next, where the cost allows it. */
#define CYCLE_S 1.0
/* To begin and to end takes some us for each thread, a tenth of a percent of this. */
#define CYCLE_OF_THREAD_S 0.01
/* A timer of less is not kept. */
#define OPEN_LEAST_S 0.005
/* Of what may be spent, for counting; the rest is for samples. */
#define COUNTING_SHARE 0.5

/* ns of cost in a second */
static double allowed(double cpu_ns)
{
	return SEEP_PACE_SHARE * fmax(cpu_ns, SEEP_PACE_LEAST_NS);
}

double seep_pace_cost_ns(const struct seep_pace_seen *seen)
{
	return seen->faults * FAULT_NS + seen->switches * SWITCH_NS + seen->sample_ns +
	       seen->samples * AROUND_NS;
}

/*
 * One that was busy a moment ago may be so again at once, and its faults would then be counted for
 * too long.
 */
static double expect(double before, double now)
{
	return fmax(now, before / 2);
}

void seep_pace_begin(struct seep_pace *pace, const struct seep_pace_rates *rates)
{
	struct seep_pace_rates *expected = &pace->expected;
	double cycle_s = CYCLE_S + CYCLE_OF_THREAD_S * rates->threads;
	double may_ns = allowed(rates->cpu_ns), share = 1, counting_ns, samples;

	expected->faults = expect(expected->faults, rates->faults);
	expected->switches = expect(expected->switches, rates->switches);
	counting_ns = expected->faults * FAULT_NS + expected->switches * SWITCH_NS;
	if (counting_ns > COUNTING_SHARE * may_ns)
		share = COUNTING_SHARE * may_ns / counting_ns;
	pace->open_s = fmax(cycle_s * share, OPEN_LEAST_S);
	samples = (may_ns - fmin(counting_ns, COUNTING_SHARE * may_ns)) * cycle_s / SAMPLE_NS;
	samples = fmin(fmax(samples, 1), SEEP_PACE_SAMPLES / 2.0);
	pace->period = (uint64_t)ceil(
		fmin(fmax(expected->faults * pace->open_s / samples, 1), PERIOD_MAX));
	/* Twice as many as are expected: chance, and bursts. */
	pace->allowance = (uint64_t)fmax(2 * samples, 2);
	/* A time of counting that is shorter than a cycle begins once in a cycle. */
	pace->closed_s = cycle_s - pace->open_s;
	if (share >= 1)
		pace->closed_s = 0;
}

void seep_pace_next(struct seep_pace *pace, const struct seep_pace_rates *rates,
		    const struct seep_pace_seen *seen)
{
	/* As long as it takes until what it has cost is within the share. */
	double paid_s = seep_pace_cost_ns(seen) / allowed(rates->cpu_ns);

	seep_pace_begin(pace, rates);
	pace->closed_s = fmax(pace->closed_s, paid_s - seen->open_s);
}
