// SPDX-License-Identifier: GPL-2.0-only
/*
 * The odds that something still fills fall with the time for which it has grown: of what fills, a
 * quarter takes twice as long. That time begins with the process, if what the process had when the
 * trace began allows for it, because programs fill what they have when they start; else with the
 * trace, because then something has begun to grow lately. Called for each site that is judged; a
 * few operations, nothing is allocated.
 *
 * What cannot be told at all: a cache that fills for longer than this, at an even rate, in a
 * program that has just been started. It is called likely a leak until it is full, and the words
 * say so.
 */
#include "measure/filling.h"

#include <math.h>

/*
 * The minimum observation of 1 MiB/s, or an object a second if they are counted: caches and pools
 * that programs fill when they start are mostly full by then. What grows a sixteenth as fast gets
 * twice the time: it does that much less harm meanwhile.
 */
#define OBSERVE_S	SEEP_FILLING_LEAST_S
#define OBSERVE_LIMIT_S 150.0
#define OBSERVE_BYTES	1048576.0
#define OBSERVE_POWER	0.25

/*
 * The same where the evidence is overwhelming. What is left then is that something fills up, and
 * most of what fills when a program starts is full after this time, or holds so much.
 */
#define FILL_LIMIT_S 50.0
#define FILL_BYTES   (22 * 1048576.0)
#define FILL_OBJECTS 18.0

/*
 * Between the two it goes by the number of objects that stay: with five it is the former, with 80
 * the latter.
 */
#define FEW_OBJECTS   5.0
#define OBJECTS_POWER 0.4

/*
 * The process grows by what the site grows by, if at least by this share of it, and if the site has
 * at least the other share of its growth: else it would grow without the site just the same, as a
 * runtime does that warms up.
 */
#define GROWING_SHARE 0.5
#define PART_SHARE    0.02

/*
 * A process that has run for long, and whose memory allows for this growth since its start, seldom
 * begins to fill something just when it is watched; the less if its memory is what this growth
 * comes to, within a factor of two.
 */
#define BEGINS_LATE	 0.25
#define BEGINS_LATE_LESS 0.06
#define MEMORY_FACTOR	 2.0

/*
 * Where others of the objects are released soon, and this share at least, one that stays was rather
 * forgotten than put into a cache.
 */
#define RELEASED_SHARE 0.1
#define TAIL_SHARE     0.95
#define FORGOTTEN      0.4

/*
 * A process that does not grow any more, by less than this share of what the site seems to, and
 * that would be more than so many bytes: what the site has comes out of what the process had, as in
 * a cache that drops entries from before the trace. Or out of what was free: that does not last.
 */
#define FLAT_SHARE  0.25
#define FLAT_BYTES  65536.0
#define FLAT_FACTOR 4.0

/* Guessed ages are no certain ones. */
#define GUESSED_FACTOR 2.0
#define GUESSED_LEAST  0.05

double seep_min_observation_s(bool in_bytes, double rate)
{
	double relative = in_bytes ? rate / OBSERVE_BYTES : rate;

	if (relative <= 0)
		return OBSERVE_LIMIT_S;
	return fmin(OBSERVE_LIMIT_S, fmax(OBSERVE_S, OBSERVE_S * pow(relative, -OBSERVE_POWER)));
}

/* How long what fills at this rate takes until it is full. */
static double fill_s(bool in_bytes, double rate)
{
	double whole_s = (in_bytes ? FILL_BYTES : FILL_OBJECTS) / rate;

	return rate > 0 ? fmin(FILL_LIMIT_S, fmax(SEEP_FILLING_LEAST_S, whole_s)) : FILL_LIMIT_S;
}

double seep_visible_rate(double observed_s)
{
	double least = OBSERVE_BYTES *
		       pow(fmin(observed_s, OBSERVE_LIMIT_S) / OBSERVE_S, -1 / OBSERVE_POWER);

	/* From there on it is the number of objects that counts, which grows with the time. */
	return least * fmin(1, OBSERVE_LIMIT_S / observed_s);
}

double seep_visible_rate_of(bool in_bytes, double observed_s)
{
	return seep_visible_rate(observed_s) / (in_bytes ? 1 : OBSERVE_BYTES);
}

double seep_leak_observation_s(bool in_bytes, double rate)
{
	return fmax(seep_min_observation_s(in_bytes, rate), fill_s(in_bytes, rate));
}

/* Not known: of descriptors and threads, and of a process whose memory is not known. */
static bool process_grows(const struct seep_measurements *measured, double rate, bool if_unknown)
{
	if (!measured->past.growth_known || !measured->in_bytes)
		return if_unknown;
	return measured->past.growth >= GROWING_SHARE * rate &&
	       rate >= PART_SHARE * measured->past.growth;
}

/* How long growth like this takes to be called a leak, in a process that has just been started. */
static double patience_s(const struct seep_measurements *measured, double rate)
{
	double staying = measured->survival.recent + measured->survival.old;
	double by_rate_s = seep_min_observation_s(measured->in_bytes, rate);
	double by_objects_s = OBSERVE_LIMIT_S * pow(fmax(1, staying / FEW_OBJECTS), -OBJECTS_POWER);

	if (!process_grows(measured, rate, true))
		by_objects_s = OBSERVE_LIMIT_S;
	return fmax(fill_s(measured->in_bytes, rate), fmin(by_rate_s, by_objects_s));
}

/* Of what fills, the share that began with the trace or shortly before it. */
static double began_late(const struct seep_measurements *measured, double rate)
{
	const struct seep_past *past = &measured->past;
	double since_start = rate * past->age_s;

	if (!process_grows(measured, rate, false) ||
	    past->memory_bytes * MEMORY_FACTOR < since_start)
		return 1;
	return past->memory_bytes > MEMORY_FACTOR * since_start ? BEGINS_LATE : BEGINS_LATE_LESS;
}

/* Some are released, and soon; of the others hardly any. */
static bool forgets(const struct seep_survival *survival)
{
	return survival->kept.value < 1 - RELEASED_SHARE && survival->tail.value >= TAIL_SHARE;
}

static bool is_flat(const struct seep_measurements *measured, double rate)
{
	return measured->kind == SEEP_KIND_MEMORY && measured->past.growth_known &&
	       measured->past.late_growth < FLAT_SHARE * rate &&
	       rate * measured->observed_s / SEEP_LATE_PART >= FLAT_BYTES;
}

double seep_filling_doubt(const struct seep_measurements *measured, double rate)
{
	double observed_s = fmax(measured->observed_s, 1);
	double whole_s = observed_s + measured->past.age_s;
	double patient_s = patience_s(measured, rate);
	double late = began_late(measured, rate);
	double fills = SEEP_FILLING_DOUBT * (late * pow(patient_s / observed_s, 2) +
					     (1 - late) * pow(patient_s / whole_s, 2));
	/* That so many of them are still live by chance. */
	double chance = exp2(-measured->survival.recent);

	if (is_flat(measured, rate))
		fills *= FLAT_FACTOR;
	else if (forgets(&measured->survival))
		fills *= FORGOTTEN;
	if (!measured->ages_known)
		fills = fmax(GUESSED_LEAST, GUESSED_FACTOR * fills);
	return 1 - (1 - fmin(1, fills)) * (1 - chance);
}
