/* SPDX-License-Identifier: GPL-2.0-only */
/* Time series in the data of the HTML report: thinned, as differences. */
#ifndef SEEP_WEB_HTML_HISTORY_H
#define SEEP_WEB_HTML_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "web/html.h"

/* Points that a series of the whole trace and one of a site is thinned to, if there is room. */
#define SEEP_HTML_POINTS      1500
#define SEEP_HTML_SITE_POINTS 300
#define SEEP_HTML_FEWEST      30
/* About so many points of sites are in a file, besides those of alarms. */
#define SEEP_HTML_ALL_POINTS 300000

/*
 * Appends [milliseconds, live bytes, live objects, ...]: the first point, then for each the
 * difference from the one before. In each of max/3 equal parts of the time the highest, lowest and
 * last point stay, by objects or bytes; all of them if there are at most @max.
 */
void seep_html_series_write(struct seep_buffer *out, const struct seep_html_series *series,
			    bool by_objects, size_t max);

#endif
