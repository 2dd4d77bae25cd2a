/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of the HTML report that are plain HTML, in the order of the page. */
#ifndef SEEP_WEB_HTML_SECTIONS_H
#define SEEP_WEB_HTML_SECTIONS_H

#include "web/html_page.h"

/* The verdict in a sentence or two, and the numbers that matter. */
void seep_html_put_verdict(struct seep_html_page *page);
/* What leaks and grows, a card each. */
void seep_html_put_alarms(struct seep_html_page *page);
void seep_html_put_totals(struct seep_html_page *page);
void seep_html_put_processes(struct seep_html_page *page);
void seep_html_put_losses(struct seep_html_page *page);
void seep_html_put_overhead(struct seep_html_page *page);
/* How it was traced. */
void seep_html_put_trace(struct seep_html_page *page);

#endif
