/* SPDX-License-Identifier: GPL-2.0-only */
/* What a tracer is made of: the kernel's half, and the tables of user space. */
#ifndef SEEP_TRACE_PARTS_H
#define SEEP_TRACE_PARTS_H

struct seep_tracer;

/*
 * Opens all parts in the order in which they need each other. 0, or -errno after saying what is
 * wrong; then seep_parts_close closes those that are open.
 */
int seep_parts_open(struct seep_tracer *tracer);
void seep_parts_close(struct seep_tracer *tracer);

#endif
