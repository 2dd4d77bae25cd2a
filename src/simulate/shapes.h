/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The curves of the patterns: a number of objects, not yet whole, as a function of the time in
 * seconds since the beginning. The parameters are those of seep_simulate_parameter.
 */
#ifndef SEEP_SIMULATE_SHAPES_H
#define SEEP_SIMULATE_SHAPES_H

/* Leaked so far; at most OBJECTS in all. */
double seep_shape_linear(const double *parameters, double time_s);	 /* GROWTH, SIZE */
double seep_shape_paced(const double *parameters, double time_s);	 /* RATE */
double seep_shape_accelerating(const double *parameters, double time_s); /* doubles each PERIOD */
double seep_shape_stepped(const double *parameters, double time_s); /* at the end of each PERIOD */

/* Held now, of OBJECTS at most. */
double seep_shape_saturating(const double *parameters, double time_s); /* 1 - exp(-t / PERIOD) */
double seep_shape_burst(const double *parameters, double time_s);      /* once, after one PERIOD */
double seep_shape_swinging(const double *parameters, double time_s);   /* a cosine */

/* Come so far: RATE on average, with the season between 0 and twice that. */
double seep_shape_seasonal(const double *parameters, double time_s);

/*
 * Objects that stay, per second: see struct seep_simulate_pattern. Where it accelerates, at the
 * beginning.
 */
double seep_rate_of_growth(const double *parameters);	/* GROWTH by SIZE */
double seep_rate_of_steps(const double *parameters);	/* RATE */
double seep_rate_of_fraction(const double *parameters); /* of RATE */
double seep_rate_of_swing(const double *parameters);	/* of OBJECTS, each PERIOD */

#endif
