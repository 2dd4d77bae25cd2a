/* SPDX-License-Identifier: GPL-2.0-only */
/* A gzip stream (RFC 1952) into a buffer. */
#ifndef SEEP_FORMATS_GZIP_H
#define SEEP_FORMATS_GZIP_H

#include <stddef.h>
#include <zlib.h>

#include "base/buffer.h"

struct seep_gzip {
	struct seep_buffer *out;
	z_stream stream;
};

/* 0 or -ENOMEM. Failures of @out are kept in its error. */
int seep_gzip_init(struct seep_gzip *gzip, struct seep_buffer *out);
void seep_gzip_append(struct seep_gzip *gzip, const void *bytes, size_t length);
/* Writes the end of the stream and frees; needed once after a successful init. */
void seep_gzip_done(struct seep_gzip *gzip);

#endif
