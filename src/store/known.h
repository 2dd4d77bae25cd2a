/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the writer knows to be in the file, so that it need not ask: which rows stand for what, and
 * what the last row of each thing that changes said. After a transaction that failed, and after
 * rows were deleted, it is thrown away and read anew.
 *
 * What was read anew has empty hashes: the next snapshot then writes a row for everything, whether
 * it changed or not, which is allowed.
 */
#ifndef SEEP_STORE_KNOWN_H
#define SEEP_STORE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <xxhash.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "store/query.h"
#include "symbol/arena.h"
#include "symbol/symbolizer.h"

/* A function, a source file or a module, by its text. */
struct seep_known_text {
	const char *text;
	int64_t id;
	UT_hash_handle hh;
};

/* Of a frame that means the same in all processes. */
#define SEEP_ANY_PROCESS UINT32_MAX

struct seep_frame_id {
	uint64_t word;
	uint32_t process; /* as in abi.h, if it has named the code; else SEEP_ANY_PROCESS */
	uint32_t pad;
};

struct seep_known_frame {
	struct seep_frame_id key;
	int64_t id;
	bool named;			      /* nothing will change any more */
	const struct seep_location *location; /* of one without a name: what was written, or NULL */
	UT_hash_handle hh;
};

struct seep_stack_id {
	uint64_t hash;
	uint32_t process; /* as in abi.h, if code of no file is in it; else SEEP_ANY_PROCESS */
	uint16_t end;
	uint16_t num_frames;
};

struct seep_known_stack {
	struct seep_stack_id key;
	int64_t id;
	bool named;	      /* all its frames are */
	XXH128_hash_t frames; /* over their ids */
	UT_hash_handle hh;
};

/* A verdict that may go on. */
struct seep_known_verdict {
	int64_t id;	     /* 0: none */
	uint64_t seen;	     /* in which snapshot */
	XXH128_hash_t words; /* class, pattern and severity */
	bool alone;	     /* it has no correlated in the file */
	bool unlimited;	     /* it has no limit in the file */
};

struct seep_known_process {
	uint32_t image;
	int64_t id;
	uint64_t seen;
	bool exited;
	uint64_t ended_ns;
	XXH128_hash_t names;
	XXH128_hash_t sample;
	XXH128_hash_t stats;
	XXH128_hash_t unmatched;
	XXH128_hash_t tracing;
	XXH128_hash_t go_figures;
	struct seep_totals totals[SEEP_KIND_COUNT];
	struct seep_known_verdict verdict;
	UT_hash_handle hh;
};

struct seep_site_name {
	uint64_t hash; /* of the stack */
	uint32_t process;
	uint32_t kind;
};

struct seep_known_site {
	struct seep_site_name key;
	int64_t id;
	uint64_t seen;
	uint64_t stable_id;
	const struct seep_known_stack *stack;
	XXH128_hash_t sample;
	XXH128_hash_t details;
	XXH128_hash_t sampling;
	struct seep_known_verdict verdict;
	UT_hash_handle hh;
};

struct seep_known {
	bool valid; /* false: to be read from the file */
	struct seep_known_text *functions;
	struct seep_known_text *sources;
	struct seep_known_text *modules;
	struct seep_known_frame *frames;
	struct seep_known_stack *stacks;
	struct seep_known_process *processes;
	struct seep_known_site *sites;
	bool has_sums; /* of the last snapshot: */
	struct seep_totals totals[SEEP_KIND_COUNT];
	uint64_t losses[SEEP_LOSS_COUNT];
	uint64_t ends[SEEP_END_COUNT];
	struct seep_arena arena; /* all but processes and sites, which go */
};

void seep_known_done(struct seep_known *known);

/* Reads what is in the file of the run @run (0: there is none yet). 0 or -errno. */
int seep_known_load(sqlite3 *database, int64_t run, struct seep_known *ret_known);

/* Finds what has this key, or makes it; a new one has id 0. 0 or -ENOMEM. */
int seep_known_text(struct seep_known *known, struct seep_known_text **table, const char *text,
		    struct seep_known_text **ret_text);
int seep_known_frame(struct seep_known *known, const struct seep_frame_id *key,
		     struct seep_known_frame **ret_frame);
int seep_known_stack(struct seep_known *known, const struct seep_stack_id *key,
		     struct seep_known_stack **ret_stack);
int seep_known_process(struct seep_known *known, uint32_t image,
		       struct seep_known_process **ret_process);
int seep_known_site(struct seep_known *known, const struct seep_site_name *key,
		    struct seep_known_site **ret_site);

/* They are not reported any more. */
void seep_known_drop_process(struct seep_known *known, struct seep_known_process *process);
void seep_known_drop_site(struct seep_known *known, struct seep_known_site *site);

/* The key of a module in its table, in @buffer. */
const char *seep_known_module_key(struct seep_buffer *buffer, const char *path,
				  const char *build_id);

/* What makes a verdict another one. Each may be NULL. */
XXH128_hash_t seep_known_words(const char *class, const char *pattern, const char *severity);

/* Does it replace what was there before? Then it is noted. */
static inline bool seep_known_changes(XXH128_hash_t *hash, XXH128_hash_t present)
{
	bool changes = !XXH128_isEqual(*hash, present);

	*hash = present;
	return changes;
}

#endif
