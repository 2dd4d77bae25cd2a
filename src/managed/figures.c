// SPDX-License-Identifier: GPL-2.0-only
#include "managed/figures.h"

#include <errno.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/units.h"
#include "golang/memstats.h"

/* What is not understood then is not looked at any more; it may have been a bad moment. */
#define TRIES 6

/* In less there are too few collections for a rate. */
#define RATE_MIN_NS (10 * SEEP_NS_PER_S)
#define NS_PER_MIN  (60.0 * (double)SEEP_NS_PER_S)

void seep_tracked_figures_take(struct seep_tracked_figures *tracked,
			       const struct seep_go_figures *figures, uint64_t now_ns)
{
	uint64_t collections = figures->memstats[SEEP_MEMSTAT_NUM_GC];

	tracked->figures = *figures;
	tracked->known = true;
	/* The counter only falls in a process that makes its figures up. */
	if (!tracked->first_ns || collections < tracked->first_collections) {
		tracked->first_ns = now_ns;
		tracked->first_collections = collections;
	}
	if (now_ns - tracked->first_ns >= RATE_MIN_NS)
		tracked->figures.collections_per_min =
			(double)(collections - tracked->first_collections) * NS_PER_MIN /
			(double)(now_ns - tracked->first_ns);
}

void seep_tracked_figures_read(struct seep_tracked_figures *tracked, struct seep_go *go, pid_t pid,
			       uint64_t now_ns)
{
	struct seep_go_figures figures;
	const char *why = NULL;
	int error;

	if (tracked->refused)
		return;
	error = seep_go_memstats_read(go, tracked->first_ns != 0, &figures, &why);
	if (!error) {
		seep_tracked_figures_take(tracked, &figures, now_ns);
		return;
	}
	/* Of one that has ended the last reading stands. */
	if (error == -ESRCH)
		return;
	tracked->known = false;
	if (error == -EPROTO && ++tracked->failures < TRIES)
		return;
	tracked->refused = error == -EPROTO;
	if (!tracked->warned)
		seep_warn("cannot read the memory statistics of Go in process %d: %s", pid,
			  error == -EPROTO ? why : seep_error_text(-error));
	tracked->warned = true;
}
