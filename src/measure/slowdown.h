/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What probes really cost a process that is traced in windows. A hit has a calibrated cost, which
 * may be wrong by a fifth and more in a program with other caches. The process itself tells: its
 * own code runs in the share of its CPU time that the probes leave, and they are all kernel time.
 */
#ifndef SEEP_MEASURE_SLOWDOWN_H
#define SEEP_MEASURE_SLOWDOWN_H

/* Sums over windows and over the gaps between them, in seconds of CPU time of the process. */
struct seep_slowdown {
	double open_cpu_s;  /* in windows, with what the probes take */
	double open_user_s; /* of that in its own code */
	double cost_s;	    /* of that for the probes, as calibrated */
	double gap_cpu_s;
	double gap_user_s;
};

/* By how much the calibrated cost has to be multiplied, and its standard error. */
struct seep_correction {
	double factor;
	double error;
};

/* @tick_s: how exact user time is. */
struct seep_correction seep_slowdown_correction(const struct seep_slowdown *slowdown,
						double tick_s);

/*
 * The share of its CPU time that the process has for itself in a window, above 0; stores its
 * standard error. @gaps_by_windows: how much longer the gaps were than the windows, by the clock on
 * the wall; 0 if that is not known.
 */
double seep_slowdown_own_share(const struct seep_slowdown *slowdown, double gaps_by_windows,
			       double tick_s, double *ret_error);

#endif
