/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Phrases that reports share, whatever their format: numbers, amounts, changes, rates and durations
 * in words. What is appended is clean, and ASCII but for the µ of µs; failures are kept in the
 * buffer.
 */
#ifndef SEEP_REPORT_WORDS_H
#define SEEP_REPORT_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "measure/interval.h"
#include "model/change.h"
#include "model/snapshot.h"

/* "1 leak", "3 leaks", "2 processes". */
void seep_words_append_number(struct seep_buffer *buffer, uint64_t count, const char *noun);

/* What stands before a number that is an estimate; nothing before one that was counted. */
static inline const char *seep_words_mark(bool estimated)
{
	return estimated ? "~" : "";
}

/*
 * What there is of a kind, in what it is measured by: "6.73 MiB in 4,226 objects", "12 threads with
 * 96.0 MiB of stack", "12 descriptors"; estimated: "~6.73 MiB in ~4,226 objects".
 */
void seep_words_append_amount(struct seep_buffer *buffer, enum seep_kind kind, uint64_t bytes,
			      uint64_t objects, bool estimated);

/* How much more of it: "+1.50 KiB", "~-3", "unchanged". */
void seep_words_append_change(struct seep_buffer *buffer, enum seep_kind kind, int64_t bytes,
			      int64_t objects, bool estimated);

/*
 * The same in full: "+1.50 KiB in +3 objects", "-3 threads"; then how much that is in an hour, if
 * it took @span_ns (0: not known).
 */
void seep_words_append_difference(struct seep_buffer *buffer, enum seep_kind kind, int64_t bytes,
				  int64_t objects, uint64_t span_ns, bool estimated);

/* "1.50 KiB" or "3 objects", by the metric. */
void seep_words_append_value(struct seep_buffer *buffer, enum seep_metric metric, uint64_t value);

/* "1.50 KiB/s", "2.4 descriptors/h": growth of a kind per second, by the hour if it is slow. */
void seep_words_append_rate(struct seep_buffer *buffer, enum seep_kind kind, double per_s);
/* The same of a site, or of several with @site: "about 1.50 KiB/s" if its numbers are estimates. */
void seep_words_append_rate_of(struct seep_buffer *buffer, const struct seep_site *site,
			       double per_s);
/*
 * "1.50 KiB/s (95 %: 1.40 KiB/s to 1.60 KiB/s)"; without the interval if one of its ends is not
 * known.
 */
void seep_words_append_rate_interval(struct seep_buffer *buffer, enum seep_kind kind,
				     const struct seep_interval *rate);

/* Seconds as a duration; "ever" for what is infinite. */
void seep_words_append_seconds(struct seep_buffer *buffer, double seconds);

/* "97.3%", of a share from 0 to 1. */
void seep_words_append_share(struct seep_buffer *buffer, double share);

/*
 * How a process is traced, how much of it is seen and what that costs it: "traced in windows, 2.90
 * % of its calls seen, the probes take 2.80 % of its CPU time". The other one says whether that is
 * worth a line: not if all is seen, for next to nothing.
 */
void seep_words_append_tracing(struct seep_buffer *buffer, const struct seep_process *process);
bool seep_words_has_tracing(const struct seep_process *process);

/* "PID 7", "cgroup /shop", "the whole machine": what is traced, at most @columns of its name. */
void seep_words_append_scope(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			     size_t columns);
/* The same of @type and @value, as in a snapshot. */
void seep_words_append_scope_of(struct seep_buffer *buffer, const char *type, const char *value,
				size_t columns);

#endif
