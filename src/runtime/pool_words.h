/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sentences about a pool: who needed more of it, and by which of its functions it can be traced.
 * Whether there is a pool at all depends on these too (pools.h).
 */
#ifndef SEEP_RUNTIME_POOL_WORDS_H
#define SEEP_RUNTIME_POOL_WORDS_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/* So many sites of a pool are looked at, those with most blocks. */
#define SEEP_POOL_SITES 32

/* Equal blocks that one function takes. The pool_index of each site is that of the function. */
struct seep_pool_shape {
	const struct seep_site *const *sites;
	size_t num_sites; /* 1 to SEEP_POOL_SITES */
	uint64_t blocks;  /* of all sites */
	uint64_t bytes_each;
};

struct seep_pool_words;

/* @symbolizer must outlive it. 0 or -ENOMEM. */
int seep_pool_words_new(struct seep_symbolizer *symbolizer, struct seep_pool_words **ret_words);
void seep_pool_words_free(struct seep_pool_words *words);

/*
 * The sentences are clean, and the caller frees them; both are NULL if nothing says that this is a
 * pool. 0 or -ENOMEM.
 */
int seep_pool_words_describe(struct seep_pool_words *words, const struct seep_pool_shape *shape,
			     char **ret_evidence, char **ret_advice);

#endif
