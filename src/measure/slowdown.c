// SPDX-License-Identifier: GPL-2.0-only
#include "measure/slowdown.h"

#include <math.h>

/* How well a calibrated cost fits any process: its standard error. */
#define CALIBRATION_ERROR 0.3

/*
 * Of what the probes take about this share is counted as user time, because a tick that comes while
 * interrupts are off, as they are when a trap begins and ends, is taken a moment later, in the
 * program: 0.08 where this was measured. It is known as well as the error says, and of a process
 * that does hardly anything else in its windows that is the most of what is not known.
 */
#define TAKEN_FOR_USER	     0.05
#define TAKEN_FOR_USER_ERROR 0.08

/* The same for what follows from the times of windows and gaps, as a share of it. */
#define BOUND_ERROR CALIBRATION_ERROR

/* A process does at least this share of something of its own. */
#define OWN_LEAST 0.02

/*
 * What the calibration says by itself. It cannot cost more than there was: then it was made at
 * another time than this, on a busier machine, and is known worse by as much.
 */
static struct seep_correction calibrated(const struct seep_slowdown *slowdown)
{
	struct seep_correction calibration = {1, CALIBRATION_ERROR};
	double excess = slowdown->cost_s - slowdown->open_cpu_s;

	if (slowdown->open_cpu_s <= 0 || excess <= 0)
		return calibration;
	calibration.factor = slowdown->open_cpu_s / slowdown->cost_s;
	calibration.error += excess / slowdown->open_cpu_s;
	return calibration;
}

struct seep_correction seep_slowdown_correction(const struct seep_slowdown *slowdown, double tick_s)
{
	struct seep_correction calibration = calibrated(slowdown);
	double per_user, trap, measured, variance, weight, prior = 1 / pow(calibration.error, 2);

	if (slowdown->cost_s <= 0 || slowdown->gap_user_s <= 0 || slowdown->open_user_s <= 0)
		return calibration;
	/* What the windows would have taken without probes, by the work that was done in them. */
	per_user = slowdown->gap_cpu_s / slowdown->gap_user_s;
	trap = fmax(1 - TAKEN_FOR_USER * per_user, OWN_LEAST);
	measured = (slowdown->open_cpu_s - slowdown->open_user_s * per_user) /
		   (slowdown->cost_s * trap);
	/* Ticks are counted, so they vary as counts do; in gaps as well as in windows. */
	variance = pow(per_user / slowdown->cost_s, 2) * slowdown->open_user_s * tick_s *
		   (1 + slowdown->open_user_s / slowdown->gap_user_s);
	variance += pow(TAKEN_FOR_USER_ERROR * per_user, 2);
	weight = 1 / variance;
	return (struct seep_correction){
		.factor = fmax((measured * weight + calibration.factor * prior) / (weight + prior),
			       0),
		.error = sqrt(1 / (weight + prior)),
	};
}

/*
 * Probes make nobody faster: of its own a process does at most as much in a second of a window as
 * in a second of a gap. Of one that has time left, and does what comes to it, that is just what it
 * does, while what the probes leave of the CPU time is a small difference of two large numbers.
 */
static double own_at_most(const struct seep_slowdown *slowdown, double gaps_by_windows)
{
	if (gaps_by_windows <= 0 || slowdown->gap_cpu_s <= 0)
		return 1;
	return slowdown->gap_cpu_s / (slowdown->open_cpu_s * gaps_by_windows);
}

double seep_slowdown_own_share(const struct seep_slowdown *slowdown, double gaps_by_windows,
			       double tick_s, double *ret_error)
{
	struct seep_correction correction = seep_slowdown_correction(slowdown, tick_s);
	double cost, share, most;

	*ret_error = 0;
	if (slowdown->open_cpu_s <= 0)
		return 1;
	cost = slowdown->cost_s / slowdown->open_cpu_s;
	*ret_error = correction.error * cost;
	share = fmin(fmax(1 - correction.factor * cost, OWN_LEAST), 1);
	most = own_at_most(slowdown, gaps_by_windows);
	if (most >= share)
		return share;
	/* It is known that well by the clock, whatever the probes take. */
	*ret_error = fmin(*ret_error, most * BOUND_ERROR);
	return most;
}
