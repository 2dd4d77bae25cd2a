/* SPDX-License-Identifier: GPL-2.0-only */
/* Does something that belongs to a process as a whole still grow, by an amount that matters? */
#ifndef SEEP_GROWTH_RISE_H
#define SEEP_GROWTH_RISE_H

#include <stdbool.h>

#include "measure/shape.h"
#include "measure/trend.h"

/* Too few samples to tell growth from start-up. */
#define SEEP_RISE_MIN_SAMPLES 4

/* A process that grows by less than this, in all, may do so by chance: memory comes in pages. */
#define SEEP_RISE_BYTES 65536.0

/*
 * Code and data of a large program come in page by page while it warms up: so much of them is not
 * worth a word. The kernel drops them again when memory is short.
 */
#define SEEP_RISE_FILE_BYTES 8388608.0

/*
 * A series rises, by @least (bytes, or objects if not @in_bytes) or more over the @observed_s that
 * @trend and @shape are of, and it has not become level.
 */
bool seep_rise_goes_on(const struct seep_trend *trend, const struct seep_shape *shape,
		       double observed_s, bool in_bytes, double least);

#endif
