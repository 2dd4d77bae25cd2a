/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The times in which the kernel measures what our programs cost: one per report interval, at most
 * one per second, because the measurement itself costs every BPF program of the machine two clock
 * readings a run.
 */
#ifndef SEEP_TRACE_METERING_H
#define SEEP_TRACE_METERING_H

struct seep_tracer;

/* Measures from now on. 0 or -errno. */
int seep_metering_start(struct seep_tracer *tracer);
void seep_metering_stop(struct seep_tracer *tracer);

#endif
