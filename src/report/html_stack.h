/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks in the HTML report: the function that is shown for a site, the path to it, the whole. */
#ifndef SEEP_REPORT_HTML_STACK_H
#define SEEP_REPORT_HTML_STACK_H

#include <stddef.h>

#include "report/html_page.h"

/*
 * The function of the stack that people know the site by: the first behind the allocator that is of no
 * standard library and does not merely allocate for others; else the first behind it. Its index among all
 * functions, inlined ones included, innermost first; 0 if there is none.
 */
size_t seep_html_named_function(struct seep_symbolizer *symbolizer, const struct seep_site *site);

/* Appends its name to the note; what the stack lacks if there is none. */
void seep_html_note_function(struct seep_html_page *page, const struct seep_site *site);

/* Appends "src/buffer.c:42" of it to the note, else its module; nothing if neither is known. */
void seep_html_note_place(struct seep_html_page *page, const struct seep_site *site);

/* Appends the functions that lead to it to the note, the nearest first: "a < b < c". */
void seep_html_note_path(struct seep_html_page *page, const struct seep_site *site);

/* The whole stack as a list <ol>, innermost first. */
void seep_html_put_stack(struct seep_html_page *page, const struct seep_site *site);

#endif
