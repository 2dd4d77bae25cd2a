// SPDX-License-Identifier: GPL-2.0-only
#include "archive/archive.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/numbers.h"
#include "base/units.h"
#include "store/schema.h"

/*
 * The user version in the header of the file, a big-endian number at byte 60
 * (https://www.sqlite.org/fileformat2.html#database_header); 0 if it cannot be read.
 */
static uint32_t read_version(const char *path)
{
	SEEP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint32_t version;

	if (fd < 0 || pread(fd, &version, sizeof(version), 60) != sizeof(version))
		return 0;
	return be32toh(version);
}

/* What the reader's errors mean for a user (store/reader.h). */
static void explain(const char *path, int error)
{
	if (error == -EBADMSG)
		seep_error("cannot read \"%s\": it is no capture, or damaged", path);
	else if (error == -EPROTO)
		seep_error("cannot read \"%s\": it is a capture of format %u, and this seep (%s) "
			   "reads %d to %d; the seep that wrote it, or a later one, reads it",
			   path, read_version(path), SEEP_VERSION, SEEP_CAPTURE_VERSION_OLDEST,
			   SEEP_CAPTURE_VERSION);
	else if (error == -ENODATA)
		seep_error("there is no report in \"%s\" yet", path);
	else
		seep_error("cannot read \"%s\": %s", path, strerror(-error));
}

int seep_archive_open(const char *path, struct seep_archive *ret_archive)
{
	struct seep_archive archive = {.path = path};
	int error = seep_reader_open(path, &archive.reader);

	if (!error)
		error = seep_reader_list(archive.reader, &archive.moments, &archive.num_moments);
	/* A capture that was begun, but whose first report was never written. */
	if (!error && !archive.num_moments)
		error = -ENODATA;
	if (error) {
		/* Said here, once: commands only pass the failure on. */
		explain(path, error);
		seep_archive_close(&archive);
		return error;
	}
	*ret_archive = archive;
	return 0;
}

void seep_archive_close(struct seep_archive *archive)
{
	free(archive->moments);
	seep_reader_close(archive->reader);
	*archive = (struct seep_archive){0};
}

/* Device and inode: two paths may lead to one file. */
bool seep_archive_is_same(const struct seep_archive *a, const struct seep_archive *b)
{
	struct stat of_a, of_b;

	return stat(a->path, &of_a) == 0 && stat(b->path, &of_b) == 0 &&
	       of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/* SEEP_ARCHIVE_END is the largest number, so the last moment is nearest to it. */
const struct seep_moment *seep_archive_find(const struct seep_archive *archive, uint64_t at_ns)
{
	const struct seep_moment *found = &archive->moments[0];

	for (size_t i = 1; i < archive->num_moments; i++) {
		/*
		 * Less, not less or equal: of two moments that are as near the earlier one is
		 * taken.
		 */
		if (seep_distance(archive->moments[i].time_ns, at_ns) <
		    seep_distance(found->time_ns, at_ns))
			found = &archive->moments[i];
	}
	return found;
}

int seep_archive_check_time(const struct seep_archive *archive, const char *option, uint64_t at_ns)
{
	const struct seep_moment *last = &archive->moments[archive->num_moments - 1];
	uint64_t before_ns = archive->num_moments > 1 ? last[-1].time_ns : 0;
	char at[SEEP_UNIT_MAX], first[SEEP_UNIT_MAX], end[SEEP_UNIT_MAX];

	/* Reports come a little early or late: as much behind the last one is still meant for it.
	 */
	if (at_ns == SEEP_ARCHIVE_END ||
	    at_ns <= last->time_ns + seep_distance(last->time_ns, before_ns))
		return 0;
	seep_error("--%s %s is beyond the end of \"%s\", which has reports from %s to %s after it "
		   "began",
		   option, seep_format_duration(at, at_ns), archive->path,
		   seep_format_duration(first, archive->moments[0].time_ns),
		   seep_format_duration(end, last->time_ns));
	return -EINVAL;
}

int seep_archive_load(const struct seep_archive *archive, const struct seep_moment *moment,
		      struct seep_loaded **ret_loaded)
{
	int error = seep_reader_load(archive->reader, moment->id, ret_loaded);

	if (error)
		explain(archive->path, error);
	return error;
}
