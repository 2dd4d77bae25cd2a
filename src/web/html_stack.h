/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks in the HTML report: the function that is shown for a site, the path to it, the whole. */
#ifndef SEEP_WEB_HTML_STACK_H
#define SEEP_WEB_HTML_STACK_H

#include "web/html_page.h"

/* Appends the name of the function that a site is known by to the note, see naming.h. */
void seep_html_note_function(struct seep_html_page *page, const struct seep_site *site);

/* Appends "src/buffer.c:42" of it to the note, else its module; nothing if neither is known. */
void seep_html_note_place(struct seep_html_page *page, const struct seep_site *site);

/* Appends the functions that lead to it to the note, the nearest first: "a < b < c". */
void seep_html_note_path(struct seep_html_page *page, const struct seep_site *site);

/* The whole stack as a list <ol>, innermost first. */
void seep_html_put_stack(struct seep_html_page *page, const struct seep_site *site);

#endif
