/* SPDX-License-Identifier: GPL-2.0-only */
/* The class of a site, by what was measured: does it leak, and if not, what else is it? */
#ifndef SEEP_VERDICT_CLASS_H
#define SEEP_VERDICT_CLASS_H

#include <stdbool.h>

#include "measure/filling.h"
#include "measure/interval.h"
#include "measure/measurements.h"

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

/*
 * Of a site that grows at @rate: per second, in bytes or objects. What may not grow at all, by its
 * interval, is not called a leak.
 */
enum seep_class seep_classify(const struct seep_measurements *measured,
			      const struct seep_interval *rate);

/* Do objects stay, still come, and make the site grow? Then it leaks, or it fills up. */
bool seep_leak_is_suspected(const struct seep_measurements *measured);

/*
 * Does what was found speak against a leak of this @rate, rather than just not for it? The growth
 * is over, or what seemed to stay is released after all.
 */
bool seep_leak_is_refuted(const struct seep_measurements *measured, double rate);

/* Do objects stay that were expected to be released, by the ages of those that are live? */
bool seep_objects_stay(const struct seep_survival *survival);
/* Do they still come as they did? */
bool seep_objects_come(const struct seep_survival *survival);
/* How many of them come per second. */
struct seep_interval seep_staying_per_s(const struct seep_measurements *measured);

/* The classes that are worth an alarm. */
static inline bool seep_class_grows(enum seep_class class)
{
	return class == SEEP_CLASS_LEAK || class == SEEP_CLASS_GROWTH;
}

const char *seep_class_key(enum seep_class class);
const char *seep_class_text(enum seep_class class);

#endif
