/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the text report that lists the sites, each with its stack. */
#ifndef SEEP_REPORT_TEXT_SITES_H
#define SEEP_REPORT_TEXT_SITES_H

#include "model/snapshot.h"
#include "report/layout.h"
#include "report/report.h"
#include "symbol/symbolizer.h"

/* Failures are kept in the buffer of @layout. */
void seep_text_put_sites(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			 struct seep_symbolizer *symbolizer,
			 const struct seep_report_options *options);

#endif
