/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot of a capture, whole, as it was, with a symbolizer that knows its frames. What holds
 * for the reader holds here (reader.h): the file is not trusted, and one thread uses it.
 */
#ifndef SEEP_STORE_LOAD_H
#define SEEP_STORE_LOAD_H

#include <stdint.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_reader;

/*
 * A snapshot from the file, with all that belongs to it: its sites and processes have the
 * judgements that held then.
 */
struct seep_loaded {
	struct seep_snapshot snapshot;
	struct seep_symbolizer *symbolizer;
};

/*
 * Loads the snapshot with this id. What its sites are, their stacks and names, is what was known
 * last. Changes are since the snapshot before, of those that the file still has; of the first one
 * 0. Groups of details are clean. 0; -ENOENT: there is none (any more); -errno.
 */
int seep_reader_load(struct seep_reader *reader, int64_t id, struct seep_loaded **ret_loaded);
void seep_loaded_free(struct seep_loaded *loaded);

#endif
