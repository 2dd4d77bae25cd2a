/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys and sentences of the enums of a snapshot, from the one list that each of them has. */
#ifndef SEEP_MODEL_NAMES_H
#define SEEP_MODEL_NAMES_H

#include <linux/types.h>
#include <stdbool.h>

#include "seep/abi.h"

/* The four measures that folded stacks and flame graphs can show. */
enum seep_metric {
	SEEP_METRIC_LIVE_BYTES,
	SEEP_METRIC_LIVE_OBJECTS,
	SEEP_METRIC_ALLOC_BYTES,
	SEEP_METRIC_ALLOC_OBJECTS,
	SEEP_METRIC_COUNT,
};

/* Key of a loss, an end or a kind in JSON and metrics ("ring_full"); the sentence for people. */
const char *seep_loss_key(enum seep_loss loss);
const char *seep_loss_text(enum seep_loss loss);
const char *seep_end_key(enum seep_end end);
const char *seep_end_text(enum seep_end end);
const char *seep_kind_key(enum seep_kind kind);
const char *seep_kind_noun(enum seep_kind kind);   /* "object": of one */
const char *seep_kind_plural(enum seep_kind kind); /* "threads": for headings */
/* Threads and descriptors are counted, memory and mappings measured in bytes. */
bool seep_kind_is_counted(enum seep_kind kind);
const char *seep_origin_text(enum seep_origin origin); /* the name of its frame */
const char *seep_metric_key(enum seep_metric metric);  /* "live-bytes" */

#endif
