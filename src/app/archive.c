// SPDX-License-Identifier: GPL-2.0-only
#include "app/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/numbers.h"

/* What the reader's errors mean for a user (store/reader.h). */
static void explain(const char *path, int error)
{
	if (error == -EBADMSG)
		seep_error("cannot read \"%s\": it is no capture, or damaged", path);
	else if (error == -EPROTO)
		seep_error("cannot read \"%s\": it is a capture of another version of seep", path);
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

int seep_archive_load(const struct seep_archive *archive, const struct seep_moment *moment,
		      struct seep_loaded **ret_loaded)
{
	int error = seep_reader_load(archive->reader, moment->id, ret_loaded);

	if (error)
		explain(archive->path, error);
	return error;
}
