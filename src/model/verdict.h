/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the findings of a site come to: its class, how fast it grows, how sure that is. Sentences are made
 * from it where they are shown (evidence.h), because most verdicts are never looked at.
 */
#ifndef SEEP_MODEL_VERDICT_H
#define SEEP_MODEL_VERDICT_H

#include "model/findings.h"
#include "model/interval.h"
#include "model/shape.h"

/* X(enum suffix, key in JSON and metrics, what it means) */
#define SEEP_CLASSES(X)                                                                            \
	X(UNKNOWN, "unknown", "there is too little to go by")                                      \
	X(WARMING_UP, "warming-up", "it grows, but not for long yet, or less and less")            \
	X(STEADY, "steady", "as much is released as is made")                                      \
	X(CACHE, "cache", "it has filled up and stays")                                            \
	X(BURST, "burst", "it rose and has come down again")                                       \
	X(GROWTH, "growth", "it grows, but not because objects are forgotten")                     \
	X(LEAK, "leak", "it grows by objects that are never released")

enum seep_class {
#define SEEP_CLASS_ENUM(name, key, text) SEEP_CLASS_##name,
	SEEP_CLASSES(SEEP_CLASS_ENUM)
#undef SEEP_CLASS_ENUM
	SEEP_CLASS_COUNT
};

/* X(enum suffix, key in JSON and metrics); of leaks and growth only, else NONE. Ascending. */
#define SEEP_SEVERITIES(X)                                                                         \
	X(NONE, "none")                                                                            \
	X(LOW, "low")                                                                              \
	X(MEDIUM, "medium")                                                                        \
	X(HIGH, "high")                                                                            \
	X(CRITICAL, "critical")

enum seep_severity {
#define SEEP_SEVERITY_ENUM(name, key) SEEP_SEVERITY_##name,
	SEEP_SEVERITIES(SEEP_SEVERITY_ENUM)
#undef SEEP_SEVERITY_ENUM
	SEEP_SEVERITY_COUNT
};

struct seep_verdict {
	enum seep_class class;
	enum seep_pattern pattern;
	enum seep_severity severity;
	double confidence;	   /* 0 to 1: that the class is right */
	struct seep_interval rate; /* growth per second, in bytes or objects: findings.in_bytes */
	struct seep_interval
		leaked; /* share of the objects that is never released; may be unknown */
	struct seep_interval eta_s; /* until a limit is reached; infinite: never; may be unknown */
	double period_s;	    /* of pattern OSCILLATING; else 0 */
	double since_s; /* in the time of the trace: how long it has been of this class */
	struct seep_findings findings;
};

/*
 * Concludes: everything but severity, eta_s and since_s, which need more than the site, and without regard
 * to earlier verdicts.
 */
void seep_verdict_conclude(struct seep_verdict *verdict);

/*
 * Does what was found speak against a leak of this @rate (per second), rather than just not for it? The
 * growth is over, or what seemed to stay is released after all.
 */
bool seep_verdict_refutes(const struct seep_verdict *verdict, double rate);

/* By the rate, and by the time that is left if that is known. */
enum seep_severity seep_severity_of(bool in_bytes, double rate, double eta_s);

/*
 * How long something that grows at @rate (per second) has to be watched before it is called a leak.
 */
double seep_patience_s(bool in_bytes, double rate);

const char *seep_class_key(enum seep_class class);
const char *seep_class_text(enum seep_class class);
const char *seep_severity_key(enum seep_severity severity);

#endif
