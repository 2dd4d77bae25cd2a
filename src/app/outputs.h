/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the reports of a trace go: the text to standard output, the other formats to their files.
 */
#ifndef SEEP_APP_OUTPUTS_H
#define SEEP_APP_OUTPUTS_H

#include <stdbool.h>

#include "app/config.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "text/verdict.h"

struct seep_outputs;

/*
 * Checks that every file can be written, before anything is traced; opens the JSON stream. 0, or
 * -errno after saying which file and why.
 */
int seep_outputs_new(const struct seep_config *config, struct seep_outputs **ret_outputs);
void seep_outputs_free(struct seep_outputs *outputs);

/*
 * Writes the snapshot, with the answer unless that is NULL, in every format that was asked for. A
 * failure is said once, and the trace goes on; the next report tries again. 0; -EPIPE when standard
 * output was closed and there is no use in going on; -ENOMEM.
 */
int seep_outputs_write(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer, const struct seep_answer *answer);

/*
 * The verdict, once, at the end: to standard output in place of text reports, and as JUnit XML if
 * that was asked for. 0 or -errno, as seep_outputs_write.
 */
int seep_outputs_verdict(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
			 struct seep_symbolizer *symbolizer, const struct seep_answer *answer);

/* Says that the file at @path was written, unless it is none: a device or a pipe. */
void seep_outputs_say_written(const char *path);

/* Whether any write failed so far: then seep's exit status is 1. */
bool seep_outputs_failed(const struct seep_outputs *outputs);

#endif
