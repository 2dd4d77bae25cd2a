// SPDX-License-Identifier: GPL-2.0-only
#include "formats/gzip.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Of compressed output, on the stack; deflate is called again until it leaves room in it. */
#define CHUNK_BYTES 16384

/* deflateInit2 of zlib.h: 15 bits of window, 16 more for a gzip header. */
#define WINDOW_BITS_GZIP (15 + 16)
/* The default of deflateInit (zlib.h), which has to be given here. */
#define MEMORY_LEVEL 8

/* Z_MEM_ERROR is the only failure that is possible: the parameters are constants. */
int seep_gzip_init(struct seep_gzip *gzip, struct seep_buffer *out)
{
	memset(gzip, 0, sizeof(*gzip));
	gzip->out = out;
	if (deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS_GZIP,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	return 0;
}

/* deflate cannot fail here: the state is its own and there is always room for output. */
static void deflate_all(struct seep_gzip *gzip, int flush)
{
	unsigned char chunk[CHUNK_BYTES];

	do {
		gzip->stream.next_out = chunk;
		gzip->stream.avail_out = sizeof(chunk);
		deflate(&gzip->stream, flush);
		seep_buffer_append(gzip->out, chunk, sizeof(chunk) - gzip->stream.avail_out);
		/* zlib.h: output that filled the chunk may not be all of it. */
	} while (gzip->stream.avail_out == 0);
}

void seep_gzip_append(struct seep_gzip *gzip, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	while (length > 0) {
		/* avail_in is an unsigned int. */
		size_t part = length < UINT_MAX ? length : UINT_MAX;

		gzip->stream.next_in = (unsigned char *)next;
		gzip->stream.avail_in = (unsigned int)part;
		deflate_all(gzip, Z_NO_FLUSH);
		next += part;
		length -= part;
	}
}

void seep_gzip_done(struct seep_gzip *gzip)
{
	deflate_all(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
}
