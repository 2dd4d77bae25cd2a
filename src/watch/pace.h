/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often a process is asked who touches its new memory, so that it costs less than a share of
 * its CPU time: how long faults are counted, how long they are not, and how many of them a sample
 * stands for. Pure.
 *
 * Measured on Linux 6.18 in a virtual machine: to count and to draw take 330 ns of each page fault
 * (of 2.3 us), to count 0.5 us of each switch of threads; a sample takes 4 us. So a process that
 * has many of the first two can only be asked for a small part of the time.
 */
#ifndef SEEP_WATCH_PACE_H
#define SEEP_WATCH_PACE_H

#include <stdint.h>

/* Of the CPU time of the process, or of a third of a CPU if it uses less. */
#define SEEP_PACE_SHARE	   0.0005
#define SEEP_PACE_LEAST_NS 333333333.0

/* At once; they have room in the ring buffer of bpf/touches.bpf.c. */
#define SEEP_PACE_SAMPLES 24

/* What a process does, in a second. */
struct seep_pace_rates {
	double faults;
	double switches; /* of its threads, from one to another */
	double cpu_ns;
	double threads; /* that it has */
};

/* What was seen while faults were counted. */
struct seep_pace_seen {
	double open_s; /* for so long */
	double faults;
	double switches;
	double samples;	  /* faults that ran the program */
	double sample_ns; /* all of these together, in the program */
};

/* Starts zeroed. */
struct seep_pace {
	uint64_t period;    /* faults that a sample stands for */
	double open_s;	    /* faults are counted for so long ... */
	double closed_s;    /* ... and then not for so long, before */
	uint64_t allowance; /* samples in that time */
	/* What is expected: what there was, which counts half as much after each cycle. */
	struct seep_pace_rates expected;
};

/* How to begin with a process that has such @rates. */
void seep_pace_begin(struct seep_pace *pace, const struct seep_pace_rates *rates);
/*
 * How to go on after a cycle with these @rates: what was @seen is paid for by the time that
 * follows.
 */
void seep_pace_next(struct seep_pace *pace, const struct seep_pace_rates *rates,
		    const struct seep_pace_seen *seen);

/* What it has cost the process, ns. */
double seep_pace_cost_ns(const struct seep_pace_seen *seen);

#endif
