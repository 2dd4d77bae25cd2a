/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the text report that lists the sites, each with its stack. */
#ifndef SEEP_TEXT_SITES_H
#define SEEP_TEXT_SITES_H

#include "model/snapshot.h"
#include "report/missing.h"
#include "report/report.h"
#include "symbol/symbolizer.h"
#include "text/layout.h"

/* One of a list that somebody else puts together. */
void seep_text_put_numbered(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			    struct seep_symbolizer *symbolizer,
			    const struct seep_report_options *options, const struct seep_site *site,
			    size_t number);

/* One of them, without a number. */
void seep_text_put_one(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, const struct seep_site *site);

/* Failures are kept in the buffer of @layout. */
void seep_text_put_sites(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			 struct seep_symbolizer *symbolizer,
			 const struct seep_report_options *options);

/* What would give names to functions that have none, behind an empty line; nothing if all have. */
void seep_text_put_missing(const struct seep_layout *layout, const struct seep_missing *missing);

#endif
