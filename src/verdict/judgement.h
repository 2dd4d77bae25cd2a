/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verdicts as they are shown and stored: words and numbers, without what they were concluded from.
 * A capture gives them back as they were, whoever concluded them.
 */
#ifndef SEEP_VERDICT_JUDGEMENT_H
#define SEEP_VERDICT_JUDGEMENT_H

#include <stddef.h>

#include "growth/cause.h"
#include "measure/interval.h"
#include "model/snapshot.h"
#include "verdict/correlated.h"
#include "verdict/judge.h"

/* Of a site. The keys are those of the X-macros in verdict.h, shape.h and exhaust.h. */
struct seep_judgement {
	const char *class;
	const char *pattern;
	const char *severity; /* NULL: it is no reason to worry */
	double confidence;    /* 0 to 1: how often such a verdict is right */
	struct seep_interval
		rate; /* growth per second: bytes, of threads and descriptors objects */
	struct seep_interval leaked; /* share of the objects that is never released */
	struct seep_interval eta_s;  /* until a limit is met */
	const char *limit;	     /* that one; NULL: none is known */
	double period_s;	     /* of pattern oscillating; else 0 */
	double since_s;		     /* in the time of the trace; NAN: not known */
	size_t num_evidence;	     /* sentences, the most telling first */
	const char *const *evidence;
	size_t num_advice;
	const char *const *advice;
	size_t num_correlated; /* what it grows together with, the closest first */
	const struct seep_correlated *correlated;
};

/* Sites that are named as those that needed more of a heap. */
#define SEEP_HEAP_SITES 8

/* Of the heap of a runtime, which is the sum of all sites of role ARENA that the runtime has. */
struct seep_heap_judgement {
	const char *runtime; /* key of SEEP_RUNTIMES */
	const char *name;    /* what people call it: "the heap of CPython" */
	const char *class;   /* as of a site; never a leak */
	const char *severity;
	double confidence;
	struct seep_interval rate; /* growth of what is in use, bytes per second */
	struct seep_interval eta_s;
	const char *limit;
	double since_s;
	uint64_t num_arenas;
	uint64_t mapped_bytes;
	uint64_t used_bytes; /* of these; see heaps.h */
	/* A sample of who needed more: those of its sites that got most, the largest first. */
	size_t num_sites;
	const struct seep_site *sites[SEEP_HEAP_SITES];
};

/* Of a process. */
struct seep_process_judgement {
	const char *health;	    /* key of SEEP_HEALTHS */
	double coverage;	    /* share of the growth that the sites explain; NAN: not known */
	struct seep_interval rate;  /* growth of its memory, bytes per second */
	struct seep_interval eta_s; /* until a limit is met */
	const char *limit;
	double observed_s; /* how long it has been watched; NAN: not known */
	size_t num_evidence;
	const char *const *evidence;
	/* Mappings per second, and when there are too many of them; NAN: they do not grow. */
	struct seep_interval mappings_rate;
	struct seep_interval mappings_eta_s;
	/* What its growth is, where sites do not explain it; NULL: not known, or none. */
	const struct seep_cause *cause;
	uint64_t num_untraced; /* processes below it that are not traced; 0 also if not known */
	size_t num_heaps;      /* that its runtimes have, the fastest first */
	const struct seep_heap_judgement *heaps;
};

/*
 * The words of a judgement, which may come from a file, as what they stand for. One that is none of
 * ours counts as the least.
 */
enum seep_class seep_judgement_class(const struct seep_judgement *judgement);
enum seep_severity seep_judgement_severity(const struct seep_judgement *judgement);
/* The word for its confidence. */
enum seep_sureness seep_judgement_sureness(const struct seep_judgement *judgement);

struct seep_judgements;

/* 0 or -ENOMEM. */
int seep_judgements_new(struct seep_judgements **ret_judgements);
void seep_judgements_free(struct seep_judgements *judgements);

/*
 * Puts what @judge says into the sites and processes of the snapshot that it was fed last; those of
 * the call before are gone. Sites about which there is nothing to say get none. @causes: one for
 * each process; NULL: none is known. 0 or -ENOMEM.
 */
int seep_judgements_fill(struct seep_judgements *judgements, const struct seep_judge *judge,
			 const struct seep_cause *causes, struct seep_site *sites, size_t num_sites,
			 struct seep_process *processes, size_t num_processes);

#endif
