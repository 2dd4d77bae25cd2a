/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing byte buffer. Appending never fails visibly: the first failure (-ENOMEM, or -E2BIG past
 * SEEP_BUFFER_MAX) is kept in error, later appends do nothing, and the owner looks at error once at
 * the end. data is always NUL-terminated behind length, also when empty (then it may be "").
 */
#ifndef SEEP_BASE_BUFFER_H
#define SEEP_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#define SEEP_BUFFER_MAX (1UL << 32)

struct seep_buffer {
	char *data;
	size_t length;	 /* bytes, without the final NUL */
	size_t capacity; /* bytes allocated */
	int error;	 /* 0 or the first -errno */
	int (*sink)(void *context, const void *bytes, size_t length); /* see seep_buffer_set_sink */
	void *sink_context;
};

/* For declarations: SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT; */
#define SEEP_BUFFER_INIT {.data = (char *)""}

void seep_buffer_init(struct seep_buffer *buffer);
void seep_buffer_done(struct seep_buffer *buffer); /* frees; the buffer is empty again */

void seep_buffer_append(struct seep_buffer *buffer, const void *bytes, size_t length);
void seep_buffer_puts(struct seep_buffer *buffer, const char *text);
void seep_buffer_putc(struct seep_buffer *buffer, char c);
void seep_buffer_printf(struct seep_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void seep_buffer_vprintf(struct seep_buffer *buffer, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Cuts the content to @length bytes if it is longer. */
void seep_buffer_truncate(struct seep_buffer *buffer, size_t length);

/* Empties the buffer but keeps its memory; clears error. */
void seep_buffer_reset(struct seep_buffer *buffer);

/*
 * Hands the content over: memory that the caller frees. The buffer is empty again. NULL if the
 * buffer has failed or memory is out; error says which, and the buffer keeps what it has.
 */
char *seep_buffer_take(struct seep_buffer *buffer);

/*
 * Makes the buffer a window onto @sink: what was appended is handed on in pieces of about
 * SEEP_BUFFER_PIECE, and by seep_buffer_flush, instead of being kept; so a long output needs little
 * memory. data and length are then only what still waits. @sink returns 0 or -errno, which becomes
 * the buffer's error.
 */
#define SEEP_BUFFER_PIECE (256 << 10)
void seep_buffer_set_sink(struct seep_buffer *buffer,
			  int (*sink)(void *context, const void *bytes, size_t length),
			  void *context);
/* Hands on what waits. Without a sink it does nothing. The buffer's error. */
int seep_buffer_flush(struct seep_buffer *buffer);

#define SEEP_AUTO_BUFFER __attribute__((cleanup(seep_buffer_done)))

#endif
