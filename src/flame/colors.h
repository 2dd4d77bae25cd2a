/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the frames of flame graphs are coloured by, the same in SVG and in the HTML report: the
 * worst verdict of the sites above a frame or, where nothing was judged, its module. The classes
 * are those of flamegraph.css.
 */
#ifndef SEEP_FLAME_COLORS_H
#define SEEP_FLAME_COLORS_H

#include "model/snapshot.h"

/* Colours of modules; 0 is that of the C library and of code of no file. */
#define SEEP_FLAME_MODULE_COLORS 12

/* X(enum suffix, class in the style, what it means), ascending: the worst of several counts. */
#define SEEP_FLAME_ALARMS(X)                                                                       \
	X(NONE, "calm", "does not grow")                                                           \
	X(WARMING_UP, "warming-up", "is warming up")                                               \
	X(GROWTH, "growth", "grows")                                                               \
	X(LEAK, "leak", "leaks")

enum seep_flame_alarm {
#define SEEP_FLAME_ALARM_ENUM(name, key, text) SEEP_FLAME_ALARM_##name,
	SEEP_FLAME_ALARMS(SEEP_FLAME_ALARM_ENUM)
#undef SEEP_FLAME_ALARM_ENUM
	SEEP_FLAME_ALARM_COUNT
};

/* By the name of the file, so that a library has one colour in all processes and reports. */
unsigned int seep_flame_module_color(const char *module);

/* Of a site; NONE if it was not judged. */
enum seep_flame_alarm seep_flame_alarm_of(const struct seep_site *site);
const char *seep_flame_alarm_key(enum seep_flame_alarm alarm);
const char *seep_flame_alarm_text(enum seep_flame_alarm alarm);

#endif
