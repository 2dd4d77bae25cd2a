// SPDX-License-Identifier: GPL-2.0-only
/*
 * Curves as functions of time, not of steps: a worker that missed ticks asks for the number of now
 * and catches up. Only what is held now may fall; the others count what has leaked or come so far.
 */
#include "simulate/shapes.h"

#include <math.h>

#include "simulate/pattern.h"

/* The burst, in periods: when it begins, is at its height, wanes, is gone. */
#define BURST_BEGIN  1.0
#define BURST_HEIGHT 1.2
#define BURST_WANE   1.6
#define BURST_END    1.8

/* At most OBJECTS; 0 and INFINITY are no bound. */
static double bounded(const double *parameters, double objects)
{
	double most = parameters[SEEP_SIMULATE_OBJECTS];

	return most ? fmin(objects, most) : objects;
}

double seep_rate_of_growth(const double *parameters)
{
	return parameters[SEEP_SIMULATE_GROWTH] / parameters[SEEP_SIMULATE_SIZE];
}

double seep_rate_of_steps(const double *parameters)
{
	return parameters[SEEP_SIMULATE_RATE];
}

double seep_rate_of_fraction(const double *parameters)
{
	return parameters[SEEP_SIMULATE_RATE] * parameters[SEEP_SIMULATE_LEAK_FRACTION];
}

/* Each period all OBJECTS go once, and this fraction of them is lost. */
double seep_rate_of_swing(const double *parameters)
{
	return parameters[SEEP_SIMULATE_OBJECTS] * parameters[SEEP_SIMULATE_LEAK_FRACTION] /
	       parameters[SEEP_SIMULATE_PERIOD];
}

double seep_shape_linear(const double *parameters, double time_s)
{
	return bounded(parameters, seep_rate_of_growth(parameters) * time_s);
}

double seep_shape_paced(const double *parameters, double time_s)
{
	return bounded(parameters, parameters[SEEP_SIMULATE_RATE] * time_s);
}

/* The integral of a rate that begins as given. */
double seep_shape_accelerating(const double *parameters, double time_s)
{
	double period_s = parameters[SEEP_SIMULATE_PERIOD];
	double doublings = exp2(time_s / period_s) - 1;

	return bounded(parameters, seep_rate_of_growth(parameters) * period_s / M_LN2 * doublings);
}

/* The line, seen only at the ends of periods. */
double seep_shape_stepped(const double *parameters, double time_s)
{
	double period_s = parameters[SEEP_SIMULATE_PERIOD];

	return seep_shape_linear(parameters, period_s * floor(time_s / period_s));
}

/* expm1 keeps the digits that 1 - exp loses at the beginning. */
double seep_shape_saturating(const double *parameters, double time_s)
{
	return parameters[SEEP_SIMULATE_OBJECTS] *
	       -expm1(-time_s / parameters[SEEP_SIMULATE_PERIOD]);
}

double seep_shape_burst(const double *parameters, double time_s)
{
	double periods = time_s / parameters[SEEP_SIMULATE_PERIOD];
	/* A trapezium: the lower of both slopes, cut at 0 and at 1. */
	double rise = (periods - BURST_BEGIN) / (BURST_HEIGHT - BURST_BEGIN);
	double fall = (BURST_END - periods) / (BURST_END - BURST_WANE);

	return parameters[SEEP_SIMULATE_OBJECTS] * fmax(0, fmin(1, fmin(rise, fall)));
}

/* From 0 up to OBJECTS in the middle of the period, and back. */
double seep_shape_swinging(const double *parameters, double time_s)
{
	double phase = 2 * M_PI * time_s / parameters[SEEP_SIMULATE_PERIOD];

	return parameters[SEEP_SIMULATE_OBJECTS] * (1 - cos(phase)) / 2;
}

/* The integral of RATE * (1 - cos). */
double seep_shape_seasonal(const double *parameters, double time_s)
{
	double angular = 2 * M_PI / parameters[SEEP_SIMULATE_PERIOD];

	return parameters[SEEP_SIMULATE_RATE] * (time_s - sin(angular * time_s) / angular);
}
