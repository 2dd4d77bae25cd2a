/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows of time in which a process is seen, and what counts in them say of the whole time:
 * Horvitz and Thompson's estimate (J. Am. Stat. Assoc. 47, 1952), where each window stands for the
 * gap before it and for itself. See docs/developers/sampling.md.
 */
#ifndef SEEP_MEASURE_WINDOWS_H
#define SEEP_MEASURE_WINDOWS_H

#include <stddef.h>

#include "measure/interval.h"

/*
 * The windows of a process so far; zeroed at first. The gaps between them have to be exponentially
 * distributed: then windows see whatever happens at any time with the same chance, and how long it
 * takes until the next one does not depend on what happens (Wolff, Operations Research 30, 1982).
 */
struct seep_windows {
	size_t count;
	double open_s;	   /* the sum of their lengths */
	double gaps_s;	   /* the sum of the gaps before them */
	double followed_s; /* in which what is made is followed beyond the window: a cohort */
	size_t cut;	   /* windows that ended too soon after that to see much of it end, ... */
	double shortest_tail_s; /* ... and of those the one that ended soonest */
	/* Of those before which there was a gap: the first one may have none, and be long. */
	double behind_gaps_s;
	double behind_gaps_followed_s;
};

/*
 * One more window, @open_s long, behind a gap of @gap_s in which nothing was seen. What is made in
 * the first @followed_s of it is followed beyond it.
 */
void seep_windows_add(struct seep_windows *windows, double gap_s, double open_s, double followed_s);

/* Which share of a window is followed; 1 if there was none behind a gap. */
double seep_windows_followed(const struct seep_windows *windows);

/* The share of the time that is seen; 1 if there was no window. */
double seep_windows_duty(const struct seep_windows *windows);

/* The mean length of a window; 0 if there was none. */
double seep_windows_length_s(const struct seep_windows *windows);

/* The mean of gap and window; 0 if there was no window. */
double seep_windows_cycle_s(const struct seep_windows *windows);

/* A total of all that happened, in units of what is added; zeroed at first. */
struct seep_total {
	size_t windows;
	double value;  /* by the gaps as they were to be expected */
	double time_s; /* of these gaps and the windows */
	double chance; /* variance, if all came independent of each other */
	double spread; /* variance, by how much successive windows differ */
	/* Of the window before. */
	double rate;
	double weight;
};

/*
 * A window in which events were seen that add up to @amount, and their squares to @squares: of N
 * allocations both are N; of bytes in N blocks of about one size, bytes and bytes^2 / N. What is
 * released may be taken off the amount: then it is how much something grows.
 *
 * @gap_s is the mean of which the gap before the window was drawn: not the gap itself, which adds
 * noise; nor the one behind it, which may depend on what was seen, and the estimate would be
 * biased.
 */
void seep_total_add(struct seep_total *total, double amount, double squares, double gap_s,
		    double open_s);

/*
 * What happened in @elapsed_s, with its 95 % interval: wider than by the error alone if there were
 * few windows to see a spread in.
 */
struct seep_interval seep_total_interval(const struct seep_total *total, double elapsed_s);

/*
 * The standard error of that: of what comes in bursts, the spread between windows is larger than
 * chance alone. INFINITY with less than two windows.
 */
double seep_total_error(const struct seep_total *total, double elapsed_s);

/* How many times the variance is that of independent events: 1 at least. */
double seep_total_clumping(const struct seep_total *total);

#endif
