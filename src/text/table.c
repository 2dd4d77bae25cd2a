// SPDX-License-Identifier: GPL-2.0-only
#include "text/table.h"

#include <string.h>

#include "base/text.h"

/* Before each column, the first one too. */
#define GAP 2

/* Those that a row always begins with; the others go on below the first of them, if need be. */
#define FIXED_COLUMNS 2

/* Sentences with less room than that stand below their row. */
#define SENTENCE_COLUMNS 36

void seep_text_table_init(struct seep_text_table *table)
{
	*table = (struct seep_text_table){0};
	seep_buffer_init(&table->rows);
}

void seep_text_table_done(struct seep_text_table *table, const struct seep_layout *layout)
{
	seep_layout_reset(layout, &table->rows);
	seep_buffer_done(&table->rows);
}

void seep_text_table_add_column(struct seep_text_table *table, const char *head, bool is_text)
{
	size_t number = table->num_columns++;

	table->columns[number].head = head;
	table->columns[number].is_text = is_text;
	table->columns[number].columns = seep_text_columns(head);
}

/* With its NUL, by which the cells are told apart. */
static void append_text(struct seep_text_table *table, const char *text)
{
	seep_buffer_append(&table->rows, text, strlen(text) + 1);
}

void seep_text_table_add_cell(struct seep_text_table *table, const char *text)
{
	size_t number = table->num_cells++;
	size_t columns = seep_text_columns(text);

	append_text(table, text);
	if (columns > table->columns[number].columns)
		table->columns[number].columns = columns;
}

void seep_text_table_end_row(struct seep_text_table *table, const char *sentence)
{
	append_text(table, sentence);
	table->num_rows++;
	table->num_cells = 0;
}

/* Appends the cell of the column with this number, as wide as that. */
static void append_cell(struct seep_buffer *line, const struct seep_text_table *table,
			size_t number, const char *text)
{
	int pad = (int)(table->columns[number].columns - seep_text_columns(text));
	/* To the left of numbers, to the right of text. */
	int left = table->columns[number].is_text ? 0 : pad;

	seep_buffer_printf(line, "%*s%*s%s%*s", GAP, "", left, "", text, pad - left, "");
}

/* Where the column with this number begins; that of the sentences is behind the last one. */
static size_t column_start(const struct seep_text_table *table, size_t number)
{
	size_t columns = GAP;

	for (size_t i = 0; i < number; i++)
		columns += table->columns[i].columns + GAP;
	return columns;
}

/* @cells: of a row, each with its NUL, and behind them the sentence. What stands behind that. */
static const char *put_row(const struct seep_text_table *table, const struct seep_layout *layout,
			   const char *cells)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	size_t start = column_start(table, table->num_columns);
	bool beside = table->sentences && start + SENTENCE_COLUMNS <= seep_layout_columns(layout);

	for (size_t i = 0; i < table->num_columns; i++, cells += strlen(cells) + 1)
		append_cell(i < FIXED_COLUMNS ? layout->out : &line, table, i, cells);
	if (beside) {
		seep_buffer_printf(layout->out, "%s%*s", line.data, GAP, "");
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, start, cells);
	} else {
		while (line.length && line.data[line.length - 1] == ' ')
			seep_buffer_truncate(&line, line.length - 1);
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, column_start(table, FIXED_COLUMNS) - GAP,
				 line.data);
	}
	/* Below its second column: by the first one rows are told apart. */
	if (!beside && *cells) {
		seep_layout_pad(layout, column_start(table, 1));
		seep_layout_wrap(layout, table->sentences ? SEEP_STYLE_PLAIN : SEEP_STYLE_FAINT,
				 column_start(table, 1), cells);
	}
	seep_layout_reset(layout, &line);
	return cells + strlen(cells) + 1;
}

/* The heads are a row like the others. */
static void put_heads(const struct seep_text_table *table, const struct seep_layout *layout)
{
	SEEP_AUTO_BUFFER struct seep_buffer heads = SEEP_BUFFER_INIT;
	const char *sentences = table->sentences ? table->sentences : "";

	for (size_t i = 0; i < table->num_columns; i++)
		seep_buffer_append(&heads, table->columns[i].head,
				   strlen(table->columns[i].head) + 1);
	seep_buffer_append(&heads, sentences, strlen(sentences) + 1);
	if (!heads.error)
		put_row(table, layout, heads.data);
	seep_layout_reset(layout, &heads);
}

void seep_text_table_put(const struct seep_text_table *table, const struct seep_layout *layout)
{
	const char *cells = table->rows.data;

	/* After a failure rows are missing, which the caller is told at the end. */
	if (table->rows.error)
		return;
	seep_buffer_putc(layout->out, '\n');
	put_heads(table, layout);
	for (size_t i = 0; i < table->num_rows; i++)
		cells = put_row(table, layout, cells);
}
