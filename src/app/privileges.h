/* SPDX-License-Identifier: GPL-2.0-only */
/* What seep may do, and what it gives up as soon as it can. */
#ifndef SEEP_APP_PRIVILEGES_H
#define SEEP_APP_PRIVILEGES_H

#include <stdio.h>

/*
 * Gives up all capabilities that a running trace does not need, for good: bounding set and
 * no_new_privs too. What it may go on needing: libraries and processes come while it runs. Failing
 * is no reason to stop; it is said with -v.
 */
void seep_privileges_drop(void);

/* A line for each capability that seep can use: whether we have it, and what is missing without. */
void seep_privileges_print(FILE *stream);

#endif
