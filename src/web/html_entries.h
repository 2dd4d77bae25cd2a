/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of the HTML report that have a card for each entry: what leaks, and what grows. */
#ifndef SEEP_WEB_HTML_ENTRIES_H
#define SEEP_WEB_HTML_ENTRIES_H

#include "web/html_page.h"

void seep_html_put_entries(struct seep_html_page *page);

#endif
