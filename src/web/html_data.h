/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data of the HTML report, for its script: one JSON object in an element <script
 * type="application/json">. It begins and ends as the JSON report does; between are the tables of
 * html_tables.h, the sites as arrays whose columns it names, and the history.
 */
#ifndef SEEP_WEB_HTML_DATA_H
#define SEEP_WEB_HTML_DATA_H

#include "web/html_page.h"

/* Appends it, fit for such an element. 0 or -errno. */
int seep_html_put_data(struct seep_html_page *page);

#endif
