// SPDX-License-Identifier: GPL-2.0-only
#include "measure/windows.h"

#include <math.h>

void seep_windows_add(struct seep_windows *windows, double gap_s, double open_s, double followed_s)
{
	double tail_s = open_s - followed_s;

	windows->count++;
	windows->open_s += open_s;
	windows->gaps_s += gap_s;
	windows->followed_s += followed_s;
	/* What is made in half a window is looked at for as long again, unless it was cut. */
	if (tail_s < followed_s / 2) {
		windows->shortest_tail_s =
			windows->cut ? fmin(windows->shortest_tail_s, tail_s) : tail_s;
		windows->cut++;
	}
	if (gap_s > 0) {
		windows->behind_gaps_s += open_s;
		windows->behind_gaps_followed_s += followed_s;
	}
}

double seep_windows_followed(const struct seep_windows *windows)
{
	return windows->behind_gaps_s > 0 ?
		       windows->behind_gaps_followed_s / windows->behind_gaps_s :
		       1;
}

double seep_windows_duty(const struct seep_windows *windows)
{
	return windows->count ? windows->open_s / (windows->open_s + windows->gaps_s) : 1;
}

double seep_windows_length_s(const struct seep_windows *windows)
{
	return windows->count ? windows->open_s / (double)windows->count : 0;
}

double seep_windows_cycle_s(const struct seep_windows *windows)
{
	return windows->count ? (windows->open_s + windows->gaps_s) / (double)windows->count : 0;
}

/*
 * What is not known is what happened in the gap; it is foretold by a rate that varies by chance,
 * and so does what happened. So a window without a gap adds nothing to the variance. The rates of
 * successive windows differ by twice the variance of one (von Neumann and others, Ann. Math. Stat.
 * 12, 1941), which slow changes of the rate hardly add to.
 */
void seep_total_add(struct seep_total *total, double amount, double squares, double gap_s,
		    double open_s)
{
	double cycle_s = gap_s + open_s;
	double rate = amount / open_s;
	double weight = cycle_s * gap_s;

	total->value += rate * cycle_s;
	total->time_s += cycle_s;
	total->chance += weight * squares / (open_s * open_s);
	if (total->windows++ > 0) {
		double difference = rate - total->rate;

		total->spread += (weight + total->weight) / 4 * difference * difference;
	}
	total->rate = rate;
	total->weight = weight;
}

/* The sum of differences has one term less than there are windows. */
static double spread_of(const struct seep_total *total)
{
	double count = (double)total->windows;

	return total->windows > 1 ? total->spread * count / (count - 1) : INFINITY;
}

/* The gaps that came are not those that were to be expected. */
static double scale_of(const struct seep_total *total, double elapsed_s)
{
	return total->time_s > 0 ? elapsed_s / total->time_s : 1;
}

double seep_total_error(const struct seep_total *total, double elapsed_s)
{
	return scale_of(total, elapsed_s) * sqrt(fmax(total->chance, spread_of(total)));
}

struct seep_interval seep_total_interval(const struct seep_total *total, double elapsed_s)
{
	/* Successive differences have two thirds as many degrees of freedom as there are windows.
	 */
	double freedom = 2 * ((double)total->windows - 1) / 3;
	double value = total->value * scale_of(total, elapsed_s);
	double width = freedom > 0 ? seep_student(SEEP_Z_95, freedom) *
					     seep_total_error(total, elapsed_s) :
				     INFINITY;

	return (struct seep_interval){value, value - width, value + width};
}

double seep_total_clumping(const struct seep_total *total)
{
	return total->windows > 1 && total->chance > 0 ? fmax(1, spread_of(total) / total->chance) :
							 1;
}
