/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a capture: the list of its snapshots; any of them whole (load.h); and the series of a
 * site or a process. Works without root, on any machine, and while the capture is being written.
 *
 * The file is not trusted. It is read, never mapped; what it says is checked, and how much work it
 * can make is bounded by its size. A damaged one gives -EBADMSG, sooner or later: only what is
 * needed is looked at. Texts are raw bytes, as in a snapshot.
 *
 * One thread.
 */
#ifndef SEEP_STORE_READER_H
#define SEEP_STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "store/load.h"

struct seep_reader;

/*
 * 0; -EBADMSG: no capture, or a damaged one; -EPROTO: one of another version; -EBUSY: it is just
 * being made; -ENOENT, -EACCES and the like.
 */
int seep_reader_open(const char *path, struct seep_reader **ret_reader);
void seep_reader_close(struct seep_reader *reader);

/* A snapshot in the list. */
struct seep_moment {
	int64_t id;  /* in this file */
	int64_t run; /* the trace that it is of */
	uint64_t seq;
	bool final;
	uint64_t utc_ns;
	uint64_t elapsed_ns; /* since the run began */
	uint64_t time_ns; /* since the capture began, over all runs; ascends whatever clocks did */
};

/* All snapshots, the oldest first; the caller frees them. 0 or -errno. */
int seep_reader_list(struct seep_reader *reader, struct seep_moment **ret_moments,
		     size_t *ret_count);

/* A point of a series: it holds until the next one. */
struct seep_point {
	int64_t snapshot;
	uint64_t utc_ns;
	uint64_t elapsed_ns;
	struct seep_counts counts;
	uint64_t live_objects;
	uint64_t live_bytes;
};

/*
 * The series of @site, which is one of loaded->snapshot.sites, over all snapshots of its run, or of
 * the sites of one kind of a process (NULL: of all processes together, those that have gone too);
 * the oldest first, a point wherever something changed. The caller frees the points. 0 or -errno.
 */
int seep_reader_site_series(struct seep_reader *reader, const struct seep_loaded *loaded,
			    const struct seep_site *site, struct seep_point **ret_points,
			    size_t *ret_count);
int seep_reader_process_series(struct seep_reader *reader, const struct seep_loaded *loaded,
			       const struct seep_process *process, enum seep_kind kind,
			       struct seep_point **ret_points, size_t *ret_count);

/* What a process had resident from then on. */
struct seep_resident_point {
	size_t process; /* in loaded->snapshot.processes */
	uint64_t elapsed_ns;
	uint64_t rss_bytes; /* 0 from the moment on in which its end was noticed */
};

/*
 * The history of resident memory of the processes of @loaded, all in one list, the oldest first;
 * what is not known has no point. The caller frees them. 0 or -errno.
 */
int seep_reader_resident_history(struct seep_reader *reader, const struct seep_loaded *loaded,
				 struct seep_resident_point **ret_points, size_t *ret_count);

#endif
