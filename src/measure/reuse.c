// SPDX-License-Identifier: GPL-2.0-only
/*
 * A detection is a matrix: blocks end within an octave of age, and are seen dead within the same
 * octave or a later one. It is the mean over STEPS moments of the octave in which they end, evenly
 * spaced: where it matters, in the last octaves, end those that live for longer than these, and
 * they end at an even rate.
 */
#include "measure/reuse.h"

#include <math.h>

#include "measure/survival.h"

/* As many addresses give a share to within 2.5 %. */
#define ENOUGH 400

#define STEPS 8

double seep_reuse_clumping(const struct seep_reuse *table)
{
	double count = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		count += (double)table->returned[i] + (double)table->waiting[i];
	return count > 0 ? fmax(1, (double)table->squares / count) : 1;
}

double seep_reuse_count(const struct seep_reuse *table, double after_s)
{
	double count = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		count += (double)table->returned[i];
		if (seep_survival_bucket_s(i) >= after_s)
			count += (double)table->waiting[i];
	}
	return count / seep_reuse_clumping(table);
}

const struct seep_reuse *seep_reuse_choose(const struct seep_reuse *const *tables, size_t count,
					   double after_s)
{
	const struct seep_reuse *best = NULL;
	double most = 0;

	for (size_t i = 0; i < count && most < ENOUGH; i++) {
		double known = seep_reuse_count(tables[i], after_s);

		if (known > most) {
			best = tables[i];
			most = known;
		}
	}
	return best;
}

/* How much of the windows is open so long after one has closed, added up to then. */
static double opened_by(double time)
{
	return time < 1 ? time * time / 2 : time - 0.5;
}

/*
 * The share of those that end at this age, measured in windows, which do so in a later window, and
 * are found at once. The next one may open any time after their own has closed. They were made at
 * any time of the part of it that is followed, and outlived it.
 */
static double ends_in_window(double duty, double followed, double age)
{
	double from = fmax(0, age - 1);
	double to = age - 1 + followed;

	return to > from ? duty * (opened_by(to) - opened_by(from)) / (to - from) : 0;
}

/* The moments at which blocks end, in an octave that ends after a second. */
static double end_of(unsigned int step)
{
	return (1 + (step + 0.5) / STEPS) / 2;
}

/*
 * From a moment in an octave to the end of one that is some octaves later, as if the first ended
 * after a second: into which octave that time falls, and how far on the logarithmic scale.
 */
struct delay {
	int octave;
	double part;
};

static void fill_delays(unsigned int top, struct delay delays[][STEPS])
{
	for (unsigned int later = 0; later <= top; later++)
		for (unsigned int step = 0; step < STEPS; step++) {
			double time = exp2(later) - end_of(step);

			delays[later][step].part =
				1 + log2(frexp(time, &delays[later][step].octave));
		}
}

/* The share that is not seen again after this time; within an octave it falls evenly in it. */
static double unseen_after(const double *survival, int octave, double part)
{
	double from;

	if (octave <= 0)
		return 1 + (survival[0] - 1) * exp2(octave + part - 1);
	from = survival[octave - 1];
	return from + (survival[octave] - from) * part;
}

static void fill_row(const double *survival, const struct seep_windows *windows, unsigned int top,
		     const struct delay delays[][STEPS], unsigned int ended, double *by)
{
	double duty = seep_windows_duty(windows);
	double followed = seep_windows_followed(windows);
	double window_s = seep_windows_length_s(windows);

	for (unsigned int step = 0; step < STEPS; step++) {
		double end_s = ldexp(end_of(step), (int)ended) * 1e-6;
		double at_once = ends_in_window(duty, followed, end_s / window_s);

		for (unsigned int seen = ended; seen <= top; seen++) {
			const struct delay *delay = &delays[seen - ended][step];
			double later =
				1 - unseen_after(survival, delay->octave + (int)ended, delay->part);

			by[seen] += (at_once + (1 - at_once) * later) / STEPS;
		}
	}
}

void seep_detection_fill(const double survival[SEEP_LIFETIME_BUCKETS],
			 const struct seep_windows *windows, unsigned int top,
			 struct seep_detection *ret_detection)
{
	struct delay delays[SEEP_LIFETIME_BUCKETS][STEPS];

	*ret_detection = (struct seep_detection){0};
	fill_delays(top, delays);
	for (unsigned int ended = 0; ended <= top; ended++)
		fill_row(survival, windows, top, delays, ended, ret_detection->by[ended]);
}
