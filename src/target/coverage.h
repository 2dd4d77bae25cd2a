/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells what was looked for in a process and was not found. */
#ifndef SEEP_TARGET_COVERAGE_H
#define SEEP_TARGET_COVERAGE_H

#include "model/allocators.h"
#include "target/targets.h"

/* No function at all: what was looked for, where, and what to do about it; and that it is the end.
 */
void seep_coverage_explain_none(const struct seep_target *target);

/* The same of a command that is about to run, and may yet become something else. */
void seep_coverage_warn_none(const struct seep_target *target);

/* Functions that the user named and no file of the process has. */
void seep_coverage_tell_missing(const struct seep_allocators *allocators,
				const struct seep_target *target);

#endif
