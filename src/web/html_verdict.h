/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first section of the HTML report: the verdict in a sentence or two, and the numbers that
 * matter.
 */
#ifndef SEEP_WEB_HTML_VERDICT_H
#define SEEP_WEB_HTML_VERDICT_H

#include "web/html_page.h"

void seep_html_put_verdict(struct seep_html_page *page);

#endif
