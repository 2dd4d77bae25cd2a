/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing a capture: the snapshots of a trace in one SQLite file (docs/capture.md), each in a
 * transaction of its own. Only what changed is written. A process that dies, however it dies, loses
 * the snapshot that it was writing and no other; a machine that dies loses 10 s, or one interval if
 * that is longer.
 *
 * Why so (https://www.sqlite.org/wal.html): with a write-ahead log readers never wait for the
 * writer nor it for them, and a commit needs no sync (synchronous = NORMAL). Every 10 s the log is
 * synced and goes into the file, so that the file alone is nearly complete as well. When the writer
 * closes, the log disappears, and the file is one that can be read from a read-only directory.
 *
 * A snapshot that could not be written is left out, and the next is written as if it were not
 * missing: counters are from the beginning of the trace. Nothing is kept of it in memory.
 *
 * One thread.
 */
#ifndef SEEP_STORE_WRITER_H
#define SEEP_STORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/* Sites of a snapshot: those of the kernel's table, and of some thousand ended processes. */
#define SEEP_CAPTURE_MAX_SITES	   (1U << 20)
#define SEEP_CAPTURE_MAX_PROCESSES (1U << 16)

/*
 * Growing sites whose ages are written with every snapshot; at the end of a run it is those of all.
 */
#define SEEP_CAPTURE_MAX_AGES 100

struct seep_writer_config {
	bool append;	    /* go on with a capture that is there; else it is replaced */
	uint64_t keep_ns;   /* how far back it reaches; 0: as far as it goes */
	uint64_t max_bytes; /* of the file; 0: no limit. The last snapshot stays in any case. */
};

struct seep_writer;

/*
 * 0; -EBUSY: another program writes to the file; -EEXIST: what is there is no capture; -EPROTO: it
 * is one of another version, -EBADMSG: a damaged one (both to append to); -errno.
 */
int seep_writer_open(const char *path, const struct seep_writer_config *config,
		     struct seep_writer **ret_writer);

/*
 * Closes the file. A reader that has it open just now makes the log stay beside it; whoever opens
 * it next removes it.
 */
void seep_writer_close(struct seep_writer *writer);

/*
 * Adds @snapshot: a snapshot with a lower number than the last, or of another scope, begins another
 * run. Frames that the file does not know yet are resolved by @symbolizer. The judgements of its
 * sites and processes are verdicts of the capture; those that stay the same go on.
 *
 * 0; or -errno, and the file is as before: -ENOSPC, -EIO, -EROFS, -EFBIG and the like; -EBUSY:
 * another program holds it; -E2BIG: more sites, processes or frames than a capture takes; -EINVAL:
 * two processes with the same id, two sites with the same process, kind and hash of the stack, or a
 * verdict whose correlated site is not one of @snapshot. The next call tries anew.
 */
int seep_writer_write(struct seep_writer *writer, const struct seep_snapshot *snapshot,
		      struct seep_symbolizer *symbolizer);

/*
 * What there is to do after a snapshot was written: gives up old snapshots, and gives back room;
 * every 10 s, moves the log into the file. 0 or -errno, as above; then nothing is lost, and the
 * next call tries anew.
 */
int seep_writer_tidy(struct seep_writer *writer);

#endif
