/* SPDX-License-Identifier: GPL-2.0-only */
/* The words that the data of the HTML report refers to by number or key, and what is chosen first.
 */
#ifndef SEEP_WEB_HTML_WORDS_H
#define SEEP_WEB_HTML_WORDS_H

#include "web/html_page.h"
#include "json/fields.h"

/* Writes ',"words":{...}'. */
void seep_html_write_words(const struct seep_html_page *page, struct seep_json *json);

#endif
