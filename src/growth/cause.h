/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the growth of a process is, where its sites do not explain it: one cause for each process,
 * that with the largest part in it, with its numbers and what to do about it.
 */
#ifndef SEEP_GROWTH_CAUSE_H
#define SEEP_GROWTH_CAUSE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "growth/process.h"
#include "growth/regions.h"

/* X(enum suffix, key in JSON, what grows) */
#define SEEP_CAUSES(X)                                                                             \
	X(NONE, "none", "")                                                                        \
	X(FRAGMENTATION, "fragmentation",                                                          \
	  "memory that was released and that malloc keeps (fragmentation)")                        \
	X(TOUCHED, "touched_mapping", "pages of an old mapping that are touched now")              \
	X(EXTENDED, "growing_mapping", "a mapping that is new or becomes larger")                  \
	X(FILES, "mapped_files", "pages of mapped files")                                          \
	X(SHARED, "shared_memory", "shared memory that it has mapped")                             \
	/* these are not in the process */                                                         \
	X(DESCENDANTS, "untraced_descendants", "processes below it that are not traced")           \
	X(SEGMENTS, "shared_segments", "shared memory that it makes and does not keep mapped")

enum seep_cause_kind {
#define SEEP_CAUSE_ENUM(name, key, text) SEEP_CAUSE_##name,
	SEEP_CAUSES(SEEP_CAUSE_ENUM)
#undef SEEP_CAUSE_ENUM
	SEEP_CAUSE_COUNT
};

#define SEEP_CAUSE_TEXT 192
/* Of each name of a function in an owner, so that two of them fit. */
#define SEEP_CAUSE_NAME_COLUMNS 40

struct seep_cause {
	enum seep_cause_kind kind;
	double bytes;		       /* it has grown by so much while it was looked at */
	double share;		       /* of the growth of the process in that time, 0 to 1 */
	struct seep_interval rate;     /* bytes per second; low and high NAN: not known */
	uint64_t address;	       /* of the mapping, 0: none */
	uint64_t mapping_bytes;	       /* its size, 0: none */
	uint64_t touched_bytes;	       /* of these resident */
	char mapping[SEEP_CAUSE_TEXT]; /* what it is: a path, "[heap]"; "" for anonymous memory */
	bool static_data;	       /* of the file that mapping names */
	double free_bytes;	       /* FRAGMENTATION: resident, and in no known block, at most */
	unsigned int num_heaps;	       /* FRAGMENTATION: that malloc has for threads, with [heap] */
	/* How many processes below it are not traced, whatever the cause, NONE as well. */
	uint64_t num_untraced;
	/* By the caller, clean: who has mapped it, made it, or which processes; "" if not known. */
	char owner[SEEP_CAUSE_TEXT];
};

/* Two moments of a process, for seep_cause_of_regions. */
struct seep_cause_moments {
	const struct seep_process_verdict *verdict; /* of the later one */
	const struct seep_smaps *before, *after;
	double before_s, after_s;
	/* Memory of its sites: what was live, and all that had been released, at both. */
	double before_live_bytes, after_live_bytes;
	double before_released_bytes, after_released_bytes;
};

/*
 * What has grown most between the two moments. False, with *ret_cause NONE, if nothing that matters
 * has, or no part of it stands out.
 */
bool seep_cause_of_regions(const struct seep_cause_moments *moments, struct seep_cause *ret_cause);

/* Is what grows outside of the process? */
static inline bool seep_cause_is_outside(enum seep_cause_kind kind)
{
	return kind >= SEEP_CAUSE_DESCENDANTS;
}

/* "grow" of several, "grows" of one. */
static inline const char *seep_cause_verb(enum seep_cause_kind kind)
{
	return kind == SEEP_CAUSE_DESCENDANTS ? "grow" : "grows";
}

/* A name that is too long is left out rather than cut within a character. */
void seep_cause_set_owner(struct seep_cause *cause, const struct seep_buffer *text);

const char *seep_cause_key(enum seep_cause_kind kind);

/* "pages of an old mapping that are touched now (1.00 GiB at 7f0000000000, ...)" */
void seep_cause_append_text(struct seep_buffer *buffer, const struct seep_cause *cause);
/* What to do about it, one sentence; nothing for NONE. */
void seep_cause_append_advice(struct seep_buffer *buffer, const struct seep_cause *cause);

/*
 * Sentences for the evidence of a process: "97.0 % of its growth (3.40 MiB, 101 KiB per second) is
 * in ...", and what to do about it. 0, *ret_count is SEEP_CAUSE_WORDS and the texts are the
 * caller's; -ENOMEM, and it is 0.
 */
#define SEEP_CAUSE_WORDS 2
int seep_cause_words(const struct seep_cause *cause, char *ret_texts[SEEP_CAUSE_WORDS],
		     size_t *ret_count);

#endif
