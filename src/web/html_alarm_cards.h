/* SPDX-License-Identifier: GPL-2.0-only */
/* The section of the HTML report that has a card for each site that leaks or grows. */
#ifndef SEEP_WEB_HTML_ALARM_CARDS_H
#define SEEP_WEB_HTML_ALARM_CARDS_H

#include "web/html_page.h"

void seep_html_put_alarms(struct seep_html_page *page);

#endif
