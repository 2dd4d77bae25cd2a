/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of the HTML report with plain facts, in the order of the page. */
#ifndef SEEP_WEB_HTML_FACTS_H
#define SEEP_WEB_HTML_FACTS_H

#include "web/html_page.h"

void seep_html_put_totals(struct seep_html_page *page);
void seep_html_put_processes(struct seep_html_page *page);
void seep_html_put_losses(struct seep_html_page *page);
void seep_html_put_overhead(struct seep_html_page *page);
/* How it was traced. */
void seep_html_put_trace(struct seep_html_page *page);

#endif
