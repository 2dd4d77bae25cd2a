/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sites in the data of an HTML report share: strings, modules, frames and stacks, each
 * written once and then known by its number. Thousands of sites have the same few functions in
 * their stacks.
 */
#ifndef SEEP_WEB_HTML_TABLES_H
#define SEEP_WEB_HTML_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "report/intern.h"
#include "symbol/symbolizer.h"
#include "symbol/walk.h"
#include "json/fields.h"

/* A zeroed struct is empty. */
struct seep_html_tables {
	struct seep_symbolizer *symbolizer;
	struct seep_strings strings;
	struct seep_numbers modules;   /* by number of path and of build ID */
	struct seep_numbers frames;    /* by seep_walk_frame_key */
	struct seep_numbers shared;    /* stacks, by address */
	struct seep_numbers shortened; /* names, by number: their short form is known */
	struct seep_numbers stacks;    /* by number in shared, and process if that matters */
	/* The tables as JSON: elements with a comma before each but the first. */
	struct seep_buffer module_text;
	struct seep_buffer frame_text;
	struct seep_buffer stack_text;
	struct seep_buffer short_text;
	struct seep_buffer scratch;
};

void seep_html_tables_init(struct seep_html_tables *tables, struct seep_symbolizer *symbolizer);
void seep_html_tables_done(struct seep_html_tables *tables);

/* The number of the text, which is raw; that of "" if it is NULL. 0 or -errno. */
int seep_html_tables_string(struct seep_html_tables *tables, const char *raw, uint32_t *ret_number);

/* The number of the site's stack. 0 or -errno. */
int seep_html_tables_stack(struct seep_html_tables *tables, const struct seep_site *site,
			   uint32_t *ret_number);

/*
 * Appends the tables as members of an object, a comma before each:
 *   "strings": text
 *   "short":   [string of a name, string of its short form], where they differ
 *   "modules": [string of the path, string of the build ID, colour in flame graphs]
 *   "frames":  [module, offset, then for each function, inlined ones first: string of the name,
 * string of the source, line] "stacks":  [end, index of the function that it is known by, frames,
 * innermost first] A failure is kept in the error of the buffer.
 */
void seep_html_tables_write(struct seep_html_tables *tables, struct seep_json *json);

#endif
