/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the measured of a site come to: its class, how fast it grows, how sure that is. Sentences are made
 * from it where they are shown (evidence.h), because most verdicts are never looked at.
 */
#ifndef SEEP_VERDICT_VERDICT_H
#define SEEP_VERDICT_VERDICT_H

#include "verdict/exhaust.h"
#include "verdict/interval.h"
#include "verdict/measurements.h"
#include "verdict/shape.h"

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
	/* That the class is right, 0 to 1: grows with the time observed, measured in minimum observations, and with
	 * the number of objects that stay. A measure for ranking, not a frequency. */
	double confidence;
	/* Growth per second, in bytes or objects: measured.in_bytes. The mean one, but of what
	 * accelerates that of the last third of the time observed. */
	struct seep_interval rate;
	double acceleration;		 /* per second squared, of what accelerates; else 0 */
	struct seep_interval multiplies; /* of what does, see seep_shape_multiplies; else 0 */
	/* Share of the objects that is never released; may be unknown. */
	struct seep_interval leaked;
	struct seep_interval eta_s; /* of leaks and growth: until a limit is met; may be unknown */
	enum seep_limit limit;	    /* that is met first; SEEP_LIMIT_COUNT: none is known */
	double period_s;	    /* of pattern OSCILLATING; else 0 */
	double since_s; /* in the time of the trace: how long it has been of this class */
	struct seep_measurements measured;
};

/*
 * Concludes from the measured in it: everything but since_s, without regard to earlier verdicts. @usage
 * is of the limits of the process, or NULL if nothing is known of them.
 */
void seep_verdict_conclude(struct seep_verdict *verdict,
			   const struct seep_usage usage[SEEP_LIMIT_COUNT]);

/*
 * Does what was found speak against a leak of this @rate (per second), rather than just not for it? The
 * growth is over, or what seemed to stay is released after all.
 */
bool seep_verdict_refutes(const struct seep_verdict *verdict, double rate);

/* By the rate (per second), or by the time that is left if that is worse; NAN if it is not known. */
enum seep_severity seep_severity_of(bool in_bytes, double rate, double eta_s);

/*
 * How long something that grows at @rate (per second) has to be watched before it is called a leak.
 */
double seep_min_observation_s(bool in_bytes, double rate);

/* The classes that are worth an alarm. */
static inline bool seep_class_grows(enum seep_class class)
{
	return class == SEEP_CLASS_LEAK || class == SEEP_CLASS_GROWTH;
}

const char *seep_class_key(enum seep_class class);
const char *seep_class_text(enum seep_class class);
const char *seep_severity_key(enum seep_severity severity);

#endif
