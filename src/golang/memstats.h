/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The figures of Go's runtime, as runtime.ReadMemStats would tell them, read from outside. The
 * program is not stopped: while it works, what is counted at the same moment may be in one figure
 * and not yet in another. At rest they are exact.
 */
#ifndef SEEP_GOLANG_MEMSTATS_H
#define SEEP_GOLANG_MEMSTATS_H

#include <stdbool.h>

#include "golang/runtime.h"
#include "model/go_figures.h"

/*
 * Reads them. @proven: they have been read from @go before. 0; -EPROTO: what is there does not look
 * like them, or they change too fast for a first look, and *ret_why, a clause, says why; -ESRCH;
 * -ENOMEM; or an error of seep_remote_read. The rate of collections is not known here.
 */
int seep_go_memstats_read(struct seep_go *go, bool proven, struct seep_go_figures *ret_figures,
			  const char **ret_why);

#endif
