/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was known of sites in an earlier trace, to tell what is new or has become worse. Sites are
 * found again as in compare.h, by id or else by names in another build; a site that several
 * processes had is as bad as it was in the worst of them.
 */
#ifndef SEEP_VERDICT_BASELINE_H
#define SEEP_VERDICT_BASELINE_H

#include "measure/interval.h"
#include "model/compare.h"
#include "verdict/verdict.h"

/* X(enum suffix, word) */
#define SEEP_BASELINE_STATUSES(X)                                                                  \
	X(NEW, "new")	  /* nothing like it was seen */                                           \
	X(WORSE, "worse") /* of a worse class, or clearly faster */                                \
	X(KNOWN, "known") /* neither */

enum seep_baseline_status_type {
#define SEEP_BASELINE_ENUM(name, key) SEEP_BASELINE_##name,
	SEEP_BASELINE_STATUSES(SEEP_BASELINE_ENUM)
#undef SEEP_BASELINE_ENUM
};

/* How a site stands against the baseline. */
struct seep_baseline_status {
	enum seep_baseline_status_type type;
	enum seep_class class;	   /* there; UNKNOWN if it is new */
	struct seep_interval rate; /* there; unknown if it is new */
};

const char *seep_baseline_status_key(enum seep_baseline_status_type type);

/*
 * Clearly faster is: by a quarter, and the interval of the rate lies above the one in the baseline.
 * Both are needed: intervals are of one run each, and become much narrower than two runs of one
 * program differ, on a machine that is busier for once.
 */
#define SEEP_WORSE_FACTOR 1.25

struct seep_baseline;

/* Takes what it needs of @side, whose sites have judgements. 0 or -ENOMEM. */
int seep_baseline_new(const struct seep_side *side, struct seep_baseline **ret_baseline);
void seep_baseline_free(struct seep_baseline *baseline);

/* How @site, which has a judgement, stands; @path is its. */
struct seep_baseline_status seep_baseline_find(const struct seep_baseline *baseline,
					       const struct seep_site *site,
					       const struct seep_path *path);

#endif
