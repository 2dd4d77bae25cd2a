/* SPDX-License-Identifier: GPL-2.0-only */
/* The sites of a snapshot that are worth an alarm, the worst first, and what the others are. */
#ifndef SEEP_WEB_HTML_ALARMS_H
#define SEEP_WEB_HTML_ALARMS_H

#include <stddef.h>

#include "model/snapshot.h"
#include "verdict/verdict.h"

struct seep_html_alarms {
	const struct seep_site **sites; /* leaks, then what grows for other reasons */
	size_t num_sites;
	size_t by_class[SEEP_CLASS_COUNT];	 /* of all sites that were judged */
	size_t by_severity[SEEP_SEVERITY_COUNT]; /* of the leaks */
	size_t num_judged;
};

/* 0 or -ENOMEM. */
int seep_html_alarms_find(const struct seep_snapshot *snapshot,
			  struct seep_html_alarms *ret_alarms);
void seep_html_alarms_done(struct seep_html_alarms *alarms);

#endif
