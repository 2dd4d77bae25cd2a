// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that its process keeps writing. seep_jit_source_read takes in what was added since the
 * last time; if the file is another one than it was (shorter, or other bytes at a mark), it begins
 * anew. A file that is no jitdump, or broken, is left alone until then.
 *
 * Called by jit_names.c at most once in a report for each process. Reads at most SEEP_JIT_READ_MAX
 * bytes each time; what is left waits for the next report.
 */
#include "symbol/jit_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * Enough bytes to tell whether a file still is what was read: a jitdump has a time stamp in them.
 */
#define MARK_BYTES 40
#define READ_BYTES (4 * SEEP_JIT_PIECE_BYTES)

struct seep_jit_source {
	int fd;
	enum seep_jit_format format;
	struct seep_jit_map *map;
	uint64_t position; /* what is before it was taken in */
	uint64_t size;	   /* of the file, the last time */
	bool broken;	   /* no use to go on, unless it is written anew */
	/* Some of what was read, to find again: the end of a text, the beginning of a jitdump. */
	uint64_t mark_position;
	size_t mark_length;
	uint8_t mark[MARK_BYTES];
};

int seep_jit_source_new(int fd, enum seep_jit_format format, struct seep_jit_source **ret_source)
{
	SEEP_AUTO_FREE struct seep_jit_source *source = calloc(1, sizeof(*source));
	SEEP_AUTO_CLOSE int owned = fd;

	if (!source || seep_jit_map_new(format, &source->map))
		return -ENOMEM;
	source->fd = SEEP_TAKE_FD(owned);
	source->format = format;
	*ret_source = SEEP_TAKE_PTR(source);
	return 0;
}

void seep_jit_source_free(struct seep_jit_source *source)
{
	if (!source)
		return;
	seep_jit_map_free(source->map);
	close(source->fd);
	free(source);
}

const char *seep_jit_source_find(const struct seep_jit_source *source, uint64_t address)
{
	return seep_jit_map_find(source->map, address);
}

size_t seep_jit_source_bytes(const struct seep_jit_source *source)
{
	return sizeof(*source) + seep_jit_map_bytes(source->map);
}

bool seep_jit_source_is_full(const struct seep_jit_source *source)
{
	return seep_jit_map_is_full(source->map);
}

bool seep_jit_source_is_deleted(const struct seep_jit_source *source)
{
	struct stat status;

	return fstat(source->fd, &status) == 0 && status.st_nlink == 0;
}

/* As much of @length bytes as there is, or -errno. */
static ssize_t read_at(int fd, void *bytes, size_t length, uint64_t position)
{
	ssize_t result;

	do {
		result = pread(fd, bytes, length, (off_t)position);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : result;
}

/*
 * The beginning of a jitdump has its time of creation; a perf map has nothing like that, but its
 * last line that was read stays where it is for as long as lines are only added.
 */
static void set_mark(struct seep_jit_source *source, const uint8_t *bytes, size_t used)
{
	size_t length = used < MARK_BYTES ? used : MARK_BYTES;

	/* The beginning of a jitdump stays the same, so one mark is enough. */
	if (source->format == SEEP_JIT_DUMP && source->mark_length)
		return;
	if (source->format == SEEP_JIT_PERF_MAP)
		bytes += used - length;
	source->mark_position =
		source->format == SEEP_JIT_PERF_MAP ? source->position + used - length : 0;
	source->mark_length = length;
	memcpy(source->mark, bytes, length);
}

/* Java's perf map, for one, is written anew whenever somebody asks for it. */
static bool is_the_same(const struct seep_jit_source *source, uint64_t size)
{
	uint8_t found[MARK_BYTES];

	/* Nothing was read yet, or the file is shorter than it was. */
	if (!source->mark_length || size < source->size)
		return false;
	return read_at(source->fd, found, source->mark_length, source->mark_position) ==
		       (ssize_t)source->mark_length &&
	       memcmp(found, source->mark, source->mark_length) == 0;
}

static void start_again(struct seep_jit_source *source)
{
	seep_jit_map_clear(source->map);
	source->position = 0;
	source->mark_length = 0;
	source->broken = false;
}

/* From source->position to the end of the file, or to a cap. 0, -EINVAL or another -errno. */
static int read_on(struct seep_jit_source *source)
{
	SEEP_AUTO_FREE uint8_t *bytes = malloc(READ_BYTES);
	uint64_t used;
	int error = 0;

	if (!bytes)
		return -ENOMEM;
	for (size_t total = 0; !error && total < SEEP_JIT_READ_MAX; total += READ_BYTES) {
		ssize_t length = read_at(source->fd, bytes, READ_BYTES, source->position);

		if (length <= 0) {
			error = (int)length;
			break;
		}
		error = seep_jit_map_add(source->map, bytes, (size_t)length, &used);
		/*
		 * Of what was used, the part that is in this piece: a jitdump's code may go on
		 * behind it.
		 */
		if (used)
			set_mark(source, bytes,
				 used < (uint64_t)length ? (size_t)used : (size_t)length);
		source->position += used;
		/* The rest is a line or record that is not all there yet. */
		if (!used || seep_jit_map_is_full(source->map))
			break;
	}
	return error;
}

int seep_jit_source_read(struct seep_jit_source *source)
{
	struct stat status;
	int error, settle_err;

	if (fstat(source->fd, &status))
		return -errno;
	if (!is_the_same(source, (uint64_t)status.st_size))
		start_again(source);
	source->size = (uint64_t)status.st_size;
	if (source->broken || seep_jit_map_is_full(source->map))
		return 0;
	error = read_on(source);
	/*
	 * Other errors may pass, but a file that makes no sense is not read again until it is
	 * another one.
	 */
	source->broken = error == -EINVAL;
	/* Lookups come now, and are fast only after this. */
	settle_err = seep_jit_map_settle(source->map);
	return error ? error : settle_err;
}
