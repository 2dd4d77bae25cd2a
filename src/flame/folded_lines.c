// SPDX-License-Identifier: GPL-2.0-only
#include "flame/folded_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/intern.h"

/* A stack with its numbers. Until seep_folded_write it is known by its offset only. */
struct seep_folded_line {
	size_t start; /* in the text, which moves while it grows */
	const char *text;
	/* Both are sums of a metric; before is 0 unless two snapshots are compared. */
	uint64_t before;
	uint64_t value;
};

void seep_folded_init(struct seep_folded *folded)
{
	*folded = (struct seep_folded){.text = SEEP_BUFFER_INIT};
}

void seep_folded_done(struct seep_folded *folded)
{
	seep_buffer_done(&folded->text);
	free(folded->lines);
}

/* The names that follow, up to seep_folded_end, belong to the line appended here. */
int seep_folded_begin(struct seep_folded *folded, uint64_t before, uint64_t value)
{
	int error = seep_array_reserve(&folded->lines, &folded->capacity, folded->count,
				       sizeof(*folded->lines));

	if (!error)
		folded->lines[folded->count++] = (struct seep_folded_line){
			.start = folded->text.length,
			.before = before,
			.value = value,
		};
	return error;
}

/* The semicolon is the format's separator, it cannot be escaped. */
int seep_folded_name(void *context, const char *name, const char *module)
{
	struct seep_folded *folded = context;

	(void)module; /* lines have no place for it */
	for (const char *c = name; *c; c++)
		seep_buffer_putc(&folded->text, *c == ';' ? ':' : *c);
	seep_buffer_putc(&folded->text, ';');
	return folded->text.error;
}

/* A folding has at least one name (the process or program), so there is a last separator. */
int seep_folded_end(struct seep_folded *folded)
{
	struct seep_buffer *text = &folded->text;

	if (!text->error)
		text->data[text->length - 1] = '\0'; /* in place of the last separator */
	return text->error;
}

static int compare_lines(const void *left, const void *right)
{
	return strcmp(((const struct seep_folded_line *)left)->text,
		      ((const struct seep_folded_line *)right)->text);
}

int seep_folded_write(struct seep_folded *folded, bool both, struct seep_buffer *buffer)
{
	struct seep_folded_line *lines = folded->lines;
	size_t count = folded->count;

	/* The text moves no more: pointers into it are valid from here on. */
	for (size_t i = 0; i < count; i++)
		lines[i].text = folded->text.data + lines[i].start;
	/* qsort must not get NULL, not even for no elements. */
	if (count)
		qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < count; i++) {
		uint64_t before = lines[i].before, value = lines[i].value;

		/*
		 * Different sites may have the same names: other lines of a function, or other
		 * builds.
		 */
		while (i + 1 < count && compare_lines(&lines[i], &lines[i + 1]) == 0) {
			before += lines[++i].before;
			value += lines[i].value;
		}
		seep_buffer_puts(buffer, lines[i].text);
		if (both)
			seep_buffer_printf(buffer, " %" PRIu64, before);
		seep_buffer_printf(buffer, " %" PRIu64 "\n", value);
	}
	return buffer->error;
}
