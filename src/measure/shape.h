/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The form of a series besides its trend: does it get steeper or flatter, does it rise in steps,
 * does it oscillate, has it come down again?
 *
 * Steeper and flatter are told by the slopes of the parts, with their uncertainty, not by which of
 * several curves fits best: of a series that walks (see noise.h) some curve always fits much better
 * than the line, by chance.
 */
#ifndef SEEP_MEASURE_SHAPE_H
#define SEEP_MEASURE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/interval.h"
#include "measure/noise.h"

/* X(enum suffix, key in JSON, adjective for people) */
#define SEEP_PATTERNS(X)                                                                           \
	X(NONE, none, "without a pattern")                                                         \
	X(LINEAR, linear, "steadily")                                                              \
	X(ACCELERATING, accelerating, "ever faster")                                               \
	X(STEPPED, stepped, "in steps")                                                            \
	X(OSCILLATING, oscillating, "up and down")

enum seep_pattern {
#define SEEP_PATTERN_ENUM(name, key, text) SEEP_PATTERN_##name,
	SEEP_PATTERNS(SEEP_PATTERN_ENUM)
#undef SEEP_PATTERN_ENUM
	SEEP_PATTERN_COUNT
};

/* Samples below which a shape is not looked for. */
#define SEEP_SHAPE_MIN_SAMPLES 3

struct seep_shape {
	bool valid;   /* false: too few samples, the rest is 0 */
	double early; /* slope of the first half, per second */
	double late;  /* of the last third */
	double early_deviation;
	double late_deviation;
	double change_deviation; /* of late - early */
	double peak;		 /* the highest, by a mean of neighbours */
	double last;		 /* the same at the end */
	double level;		 /* mean */
	double rise_s; /* after so long nine tenths of the end were reached for the first time */
	size_t num_rising; /* samples before that */
	size_t num_steps;  /* sudden rises that are most of the growth; 0: it is not stepped */
	double step;	   /* the median one */
	double step_every_s;
	struct seep_interval step_rate; /* per second */
	double period_s;		/* of an oscillation; 0: none */
	double amplitude;
};

/*
 * @unit: what one object weighs in the values; a step must have several, or every leak of a few
 * large objects would be one in steps.
 */
void seep_shape_fit(const double *times, const double *values, size_t count,
		    const struct seep_noise *noise, double unit, struct seep_shape *ret_shape);

/*
 * Standard deviations from which a change is certain: thousands of sites are looked at again and
 * again. Of fewer than six samples no deviation is known, and any change counts as a flattening,
 * none as the other.
 */
#define SEEP_SHAPE_CERTAIN 3.0

/* The later part is clearly steeper than the earlier one, and certainly; flatter, by @sigma. */
bool seep_shape_steepens(const struct seep_shape *shape);
bool seep_shape_flattens(const struct seep_shape *shape, double sigma);

/*
 * The relative growth of the slope per second, of a series that multiplies, over @observed_s: it
 * has become so much steeper that its slope cannot have grown evenly, not even from nothing. 0: it
 * need not. Ends of the interval are those by the uncertainty of the slopes.
 */
struct seep_interval seep_shape_multiplies(const struct seep_shape *shape, double observed_s);

/* It rose, and hardly does now. */
bool seep_shape_levelled(const struct seep_shape *shape);

const char *seep_pattern_key(enum seep_pattern pattern);
const char *seep_pattern_text(enum seep_pattern pattern);

#endif
