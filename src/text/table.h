/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table whose columns are as wide as what stands in them, so that a narrow terminal shows as much
 * of it as it can. Rows are kept as text until the table is put.
 */
#ifndef SEEP_TEXT_TABLE_H
#define SEEP_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "text/layout.h"

#define SEEP_TEXT_TABLE_COLUMNS 12

struct seep_text_table {
	size_t num_columns;
	struct {
		const char *head; /* lives as long as the table */
		bool is_text;	  /* on the left; else a number, on the right */
		size_t columns;	  /* of the widest cell so far */
	} columns[SEEP_TEXT_TABLE_COLUMNS];
	const char *sentences;	 /* head of the last column, which wraps; NULL: there is none */
	struct seep_buffer rows; /* of each row its cells and its sentence, each with its NUL */
	size_t num_rows;
	size_t num_cells; /* of the row that is being put together */
};

void seep_text_table_init(struct seep_text_table *table);
/* A failure becomes that of the buffer of @layout. */
void seep_text_table_done(struct seep_text_table *table, const struct seep_layout *layout);

/* Three at least, before the first cell. */
void seep_text_table_add_column(struct seep_text_table *table, const char *head, bool is_text);

/* The next cell of the row that is being put together; clean. */
void seep_text_table_add_cell(struct seep_text_table *table, const char *text);

/*
 * Ends a row that has all its cells. With a column of sentences this is the one of the row; else it
 * is a remark that stands below the row, or "". Clean.
 */
void seep_text_table_end_row(struct seep_text_table *table, const char *sentence);

/* Behind an empty line, its heads and its rows. */
void seep_text_table_put(const struct seep_text_table *table, const struct seep_layout *layout);

#endif
