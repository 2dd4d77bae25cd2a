/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the measurements of a site come to: its class, how fast it grows, how sure that is.
 * Sentences are made from it where they are shown (evidence.h), because most verdicts are never
 * looked at.
 */
#ifndef SEEP_VERDICT_VERDICT_H
#define SEEP_VERDICT_VERDICT_H

#include "growth/exhaust.h"
#include "measure/interval.h"
#include "measure/measurements.h"
#include "measure/shape.h"
#include "verdict/class.h"

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

/*
 * How sure it is that a site leaks or grows, in words. X(enum suffix, key in JSON and word for
 * people). Certain is right in 99 of 100 cases, likely in nine of ten; what is suspected is not
 * said to leak yet. Ascending.
 */
#define SEEP_SURENESSES(X)                                                                         \
	X(NONE, NULL)                                                                              \
	X(SUSPECTED, "suspected")                                                                  \
	X(LIKELY, "likely")                                                                        \
	X(CERTAIN, "certain")

enum seep_sureness {
#define SEEP_SURENESS_ENUM(name, key) SEEP_SURENESS_##name,
	SEEP_SURENESSES(SEEP_SURENESS_ENUM)
#undef SEEP_SURENESS_ENUM
	SEEP_SURENESS_COUNT
};

struct seep_verdict {
	enum seep_class class;
	enum seep_pattern pattern;
	enum seep_severity severity;
	/*
	 * How often such a verdict is right, 0 to 1. Of what is warming up: how often it turns out
	 * to leak; 0.5 if nothing speaks for that. Of leaks see filling.h.
	 */
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
 * Concludes from verdict->measured: everything but since_s, without regard to earlier verdicts.
 * @usage is of the limits of the process, or NULL if nothing is known of them.
 */
void seep_verdict_conclude(struct seep_verdict *verdict,
			   const struct seep_usage usage[SEEP_LIMIT_COUNT]);

/*
 * Does what was found speak against a leak of this @rate (per second), rather than just not for it?
 * The growth is over, or what seemed to stay is released after all.
 */
bool seep_verdict_refutes(const struct seep_verdict *verdict, double rate);

/*
 * By the rate (per second), or by the time that is left if that is worse; NAN if it is not known.
 */
enum seep_severity seep_severity_of(bool in_bytes, double rate, double eta_s);

/* NONE of what neither grows nor may leak. */
enum seep_sureness seep_sureness_of(enum seep_class class, double confidence);
/* NULL of NONE. */
const char *seep_sureness_key(enum seep_sureness sureness);

const char *seep_severity_key(enum seep_severity severity);

#endif
