/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of the page faults by which one process gets new memory, each with a copy of its stack
 * (seep/touches.h). There is no probe: the kernel counts the faults of each thread, and a program
 * that runs at each of them draws the sample. Threads that begin later are included, children are
 * not.
 *
 * Nothing is pinned: everything goes away with the last descriptor, also when seep is killed. One
 * thread.
 */
#ifndef SEEP_KERNEL_FAULTS_H
#define SEEP_KERNEL_FAULTS_H

#include <stdint.h>
#include <sys/types.h>

#include "seep/touches.h"

struct seep_faults;

/* Threads that a count begins with; those beyond, and what they start, are not sampled. */
#define SEEP_FAULTS_MAX_THREADS 1024

/*
 * Loads the program for the process @pid; nothing is counted yet. 0; -EPERM or -EACCES without
 * rights; another -errno where the kernel refuses it. Says nothing.
 */
int seep_faults_open(pid_t pid, struct seep_faults **ret_faults);
void seep_faults_close(struct seep_faults *faults);

/*
 * Counts the faults of all threads from here on. Ends the count before. 0; -ESRCH: the process has
 * ended; another -errno, and nothing is counted.
 */
int seep_faults_begin(struct seep_faults *faults);
/*
 * Ends counting and sampling. To disable the events would not do: a switch of threads takes as long
 * with those as with others.
 */
void seep_faults_end(struct seep_faults *faults);

/*
 * One in @period faults is taken, drawn by lot, and at most so many @samples from now on; 0: none,
 * as in the beginning.
 */
void seep_faults_allow(struct seep_faults *faults, uint64_t period, uint64_t samples);

/* What became of samples since the program was loaded. */
struct seep_touch_counts seep_faults_counts(const struct seep_faults *faults);
/* Faults since the count began, whatever memory they were of. */
uint64_t seep_faults_counted(const struct seep_faults *faults);
/* Threads that were there when the count began and are not in it. */
uint64_t seep_faults_threads_left_out(const struct seep_faults *faults);

/* Calls @fn for each sample since the last time. Nothing announces them. */
void seep_faults_drain(struct seep_faults *faults,
		       void (*fn)(void *context, const struct seep_touch_event *event),
		       void *context);

#endif
