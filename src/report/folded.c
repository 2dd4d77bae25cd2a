/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folded stacks, the input of flamegraph.pl, inferno and speedscope: frames from the outermost to
 * the innermost, separated by semicolons, a space, a number.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"
#include "report/walk.h"

struct folded_line {
	const char *text;
	uint64_t value;
};

/* fn of seep_report_fold: the semicolon is the format's separator, it cannot be escaped. */
static int append_name(void *context, const char *name)
{
	struct seep_buffer *lines = context;

	for (const char *c = name; *c; c++)
		seep_buffer_putc(lines, *c == ';' ? ':' : *c);
	seep_buffer_putc(lines, ';');
	return lines->error;
}

static int compare_lines(const void *left, const void *right)
{
	return strcmp(((const struct folded_line *)left)->text,
		      ((const struct folded_line *)right)->text);
}

static void append_merged(struct folded_line *lines, size_t num_lines, struct seep_buffer *buffer)
{
	qsort(lines, num_lines, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < num_lines; i++) {
		uint64_t value = lines[i].value;

		while (i + 1 < num_lines && compare_lines(&lines[i], &lines[i + 1]) == 0)
			value += lines[++i].value;
		seep_buffer_puts(buffer, lines[i].text);
		seep_buffer_printf(buffer, " %" PRIu64 "\n", value);
	}
}

static int render_folded(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			 const struct seep_report_options *options, struct seep_buffer *buffer)
{
	SEEP_AUTO_FREE struct folded_line *lines = NULL;
	SEEP_AUTO_FREE size_t *starts = NULL;
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	size_t num_lines = 0;
	int err;

	lines = calloc(snapshot->num_sites + 1, sizeof(*lines));
	starts = calloc(snapshot->num_sites + 1, sizeof(*starts));
	if (!lines || !starts)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		uint64_t value = seep_site_metric(&snapshot->sites[i], options->metric);

		if (value == 0)
			continue;
		starts[num_lines] = text.length;
		lines[num_lines++].value = value;
		err = seep_report_fold(snapshot, symbolizer, &snapshot->sites[i], append_name,
				       &text);
		if (err)
			return err;
		text.data[text.length - 1] = '\0'; /* in place of the last separator */
	}
	/* Only now: the text moves while it grows. */
	for (size_t i = 0; i < num_lines; i++)
		lines[i].text = text.data + starts[i];
	append_merged(lines, num_lines, buffer);
	return buffer->error;
}

const struct seep_report_format seep_report_folded = {
	.name = "folded",
	.render = render_folded,
};
