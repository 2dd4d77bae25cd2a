// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every append goes through buffer_reserve, the only place that allocates and that refuses: it
 * keeps the first error, after which nothing is appended any more. The capacity doubles, so an
 * append costs O(1) on average. With a sink, what is there is handed on before it would exceed
 * SEEP_BUFFER_PIECE.
 */
#include "base/buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN_CAPACITY 64

void seep_buffer_init(struct seep_buffer *buffer)
{
	/* Never written to: every write is preceded by buffer_reserve. */
	*buffer = (struct seep_buffer)SEEP_BUFFER_INIT;
}

void seep_buffer_done(struct seep_buffer *buffer)
{
	/* Without capacity, data is a literal and not from malloc. */
	if (buffer->capacity)
		free(buffer->data);
	seep_buffer_init(buffer);
}

/* Makes room for @extra bytes and the NUL behind them; false if the buffer has failed. */
static bool buffer_reserve(struct seep_buffer *buffer, size_t extra)
{
	size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_MIN_CAPACITY;
	char *data;

	if (buffer->error)
		return false;
	/* length never exceeds the maximum, so this cannot wrap around. */
	if (extra > SEEP_BUFFER_MAX - buffer->length) {
		buffer->error = -E2BIG;
		return false;
	}
	/* Below, not up to: the NUL needs a byte as well. */
	if (buffer->length + extra < buffer->capacity)
		return true;

	while (capacity <= buffer->length + extra)
		capacity *= 2;
	/* On failure the old content stays valid. */
	data = realloc(buffer->capacity ? buffer->data : NULL, capacity);
	if (!data) {
		buffer->error = -ENOMEM;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void seep_buffer_set_sink(struct seep_buffer *buffer,
			  int (*sink)(void *context, const void *bytes, size_t length),
			  void *context)
{
	buffer->sink = sink;
	buffer->sink_context = context;
}

int seep_buffer_flush(struct seep_buffer *buffer)
{
	/* After a failure nothing more is handed on: the output would have a hole. */
	if (!buffer->sink || buffer->error)
		return buffer->error;
	if (buffer->length)
		buffer->error = buffer->sink(buffer->sink_context, buffer->data, buffer->length);
	/* Also after a failure: what waits cannot be handed on any more. */
	buffer->length = 0;
	return buffer->error;
}

void seep_buffer_append(struct seep_buffer *buffer, const void *bytes, size_t length)
{
	/* A text longer than a piece still goes in as a whole, and leaves with the next flush. */
	if (buffer->sink && buffer->length + length > SEEP_BUFFER_PIECE)
		seep_buffer_flush(buffer);
	if (length == 0 || !buffer_reserve(buffer, length))
		return;

	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void seep_buffer_puts(struct seep_buffer *buffer, const char *text)
{
	seep_buffer_append(buffer, text, strlen(text));
}

void seep_buffer_putc(struct seep_buffer *buffer, char c)
{
	seep_buffer_append(buffer, &c, 1);
}

void seep_buffer_printf(struct seep_buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	seep_buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}

void seep_buffer_vprintf(struct seep_buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	int length;

	/* Formatted twice, first to know the length. */
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0) {
		if (!buffer->error)
			buffer->error = -errno;
		return;
	}
	if (buffer->sink && buffer->length + (size_t)length > SEEP_BUFFER_PIECE)
		seep_buffer_flush(buffer);
	if (!buffer_reserve(buffer, (size_t)length))
		return;

	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	buffer->length += length;
}

void seep_buffer_truncate(struct seep_buffer *buffer, size_t length)
{
	/* Also if data is the literal, which must not be written to. */
	if (length >= buffer->length)
		return;

	buffer->length = length;
	buffer->data[length] = '\0';
}

void seep_buffer_reset(struct seep_buffer *buffer)
{
	seep_buffer_truncate(buffer, 0);
	buffer->error = 0;
}

char *seep_buffer_take(struct seep_buffer *buffer)
{
	char *data;

	/* An empty text has to be memory that the caller can free. */
	if (!buffer_reserve(buffer, 0))
		return NULL;

	data = buffer->data;
	data[buffer->length] = '\0';
	seep_buffer_init(buffer);
	return data;
}
