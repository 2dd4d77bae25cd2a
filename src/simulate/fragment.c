// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragmentation: documents in memory are replaced by as many bytes of lines, each of which was read
 * into a large buffer and then cut to its length. What is live does not change. But between two
 * lines there is a hole that is too small for the next buffer and too close to a line to be given
 * back, so each line keeps a page. That is so in allocators that shrink in place, as those of glibc
 * and musl; those with classes of sizes move the line, and do not grow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/activity.h"

/* As large as a page, so each line that is cut from a buffer keeps about one page resident. */
#define BUFFER_BYTES	   4096
#define LINE_BYTES	   16
#define LINES_PER_DOCUMENT (BUFFER_BYTES / LINE_BYTES)

/* Lines are chained, so that they can be reached: they are live, not leaked. */
struct line {
	struct line *previous;
	char text[LINE_BYTES - sizeof(struct line *)];
};

enum fragment_site {
	SITE_BUFFER,
	SITE_TEXT,
};

/* What is read, and what is kept of it: first documents, then lines in their place. */
struct fragment {
	size_t bytes;	/* of the text that is being read */
	char *buffer;	/* that is being read into */
	uint64_t count; /* of documents, to begin with */
	uint64_t num_read;
	uint64_t num_documents;
	char **documents;
	struct line *last;
};

/* Writes to all of it, so that it becomes resident. */
SIMULATED char *read_buffer(struct seep_work *work)
{
	char *buffer = malloc(BUFFER_BYTES);

	if (buffer) {
		memset(buffer, 't', BUFFER_BYTES);
		seep_count_made(work, SITE_BUFFER, BUFFER_BYTES);
	}
	return buffer;
}

/* realloc counts as the release of the buffer and the allocation of the text, as seep sees it. */
SIMULATED void *cut_text(struct seep_work *work, char *buffer, size_t bytes)
{
	void *text = realloc(buffer, bytes);

	if (text) {
		seep_count_released(work, SITE_BUFFER, BUFFER_BYTES);
		seep_count_made(work, SITE_TEXT, bytes);
	}
	return text;
}

/*
 * What was read, cut to its length while the next buffer is in use: so the hole between stays one.
 */
SIMULATED void *read_text(struct seep_work *work, struct fragment *fragment)
{
	char *buffer = fragment->buffer;

	fragment->buffer = read_buffer(work);
	return fragment->buffer ? cut_text(work, buffer, fragment->bytes) : NULL;
}

/* When lines have come to as many bytes as a document has, one document goes. */
static void keep_line(struct seep_work *work, struct fragment *fragment, struct line *line)
{
	line->previous = fragment->last;
	fragment->last = line;
	if (++work->done % LINES_PER_DOCUMENT == 0) {
		free(fragment->documents[--fragment->num_documents]);
		seep_count_released(work, SITE_TEXT, BUFFER_BYTES);
	}
}

/* Documents are only read at the beginning, up to fragment->count. */
static void keep_document(struct fragment *fragment, char *document)
{
	fragment->documents[fragment->num_documents++] = document;
	fragment->num_read++;
}

/*
 * The documents first, then lines, both by the same call: so what it has live does not change. The
 * size is kept where the compiler cannot follow it, or it would make two calls of the one.
 */
SIMULATED int add_text(struct seep_work *work, struct fragment *fragment)
{
	void *text;

	fragment->bytes = fragment->num_read < fragment->count ? BUFFER_BYTES : LINE_BYTES;
	text = read_text(work, fragment);
	if (!text)
		return -ENOMEM;
	if (fragment->bytes == BUFFER_BYTES)
		keep_document(fragment, text);
	else
		keep_line(work, fragment, text);
	return 0;
}

/* One buffer ahead: read_text cuts a buffer only after the next one has been allocated. */
static int begin(struct seep_work *work)
{
	struct fragment *fragment = work->state;

	fragment->count = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);
	fragment->documents = calloc(fragment->count + 1, sizeof(*fragment->documents));
	fragment->buffer = read_buffer(work);
	return fragment->documents && fragment->buffer ? 0 : -ENOMEM;
}

/* The growth is that of the resident set: a buffer for each line. */
static int advance(struct seep_work *work)
{
	struct fragment *fragment = work->state;
	double lines = work->parameters[SEEP_SIMULATE_GROWTH] / BUFFER_BYTES * work->time_s;
	uint64_t due = seep_work_share(work, lines);

	/*
	 * All documents at once; then lines as they come due, as long as there is a document to
	 * give up.
	 */
	while (fragment->num_read < fragment->count ||
	       (work->done < due && fragment->num_documents)) {
		int error = add_text(work, fragment);

		if (error)
			return error;
	}
	return 0;
}

const struct seep_activity seep_activity_fragment = {
	/* Both are steady: the growth is not in what is live. */
	.sites = {[SITE_BUFFER] = {"read_buffer", SEEP_KIND_MEMORY, {SEEP_TRUTH_STEADY}},
		  [SITE_TEXT] = {"cut_text", SEEP_KIND_MEMORY, {SEEP_TRUTH_STEADY}}},
	.num_sites = 2,
	.state_bytes = sizeof(struct fragment),
	.begin = begin,
	.advance = advance,
};
