/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Breakpoints that a process has lost. The kernel writes a probe's breakpoint into a private copy
 * of the page; a program that gives its text pages back (MADV_DONTNEED) drops the copy, and calls
 * of the function are no longer seen. The kernel tells nobody.
 */
#ifndef SEEP_PROBE_BREAKPOINTS_H
#define SEEP_PROBE_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "probe/files.h"
#include "probe/probes.h"
#include "proc/maps.h"

/*
 * Looks for the breakpoints of @probes in @mapping, which is of @file in the process @pid.
 * *ret_lost is how many were not there; with @again these are placed again. 0; -errno if they could
 * not be looked at or not all be placed: -ESRCH (the process has ended), -ENOMEM, others.
 */
int seep_breakpoints_check(const struct seep_probes *probes, pid_t pid,
			   const struct seep_mapping *mapping, const struct seep_file *file,
			   bool again, size_t *ret_lost);

#endif
