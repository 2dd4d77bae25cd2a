/* SPDX-License-Identifier: GPL-2.0-only */
/* What the runtime of a Go program says of itself, for tests of reports and captures. */
#ifndef TESTS_UNIT_REPORT_GO_FIGURES_H
#define TESTS_UNIT_REPORT_GO_FIGURES_H

#include "model/go_figures.h"
#include "model/snapshot.h"

static const struct seep_go_figures fixture_go = {
	.version = "go1.24.4",
	.gomaxprocs = 8,
	.gogc = 100,
	.gomemlimit_bytes = 64 << 20,
	.gc_cpu_fraction = 0.0123456,
	.collections_per_min = 1.25,
	.memstats =
		{
			[SEEP_MEMSTAT_ALLOC] = 12898533,
			[SEEP_MEMSTAT_TOTAL_ALLOC] = 987654321,
			[SEEP_MEMSTAT_SYS] = 42 << 20,
			[SEEP_MEMSTAT_MALLOCS] = 5000000,
			[SEEP_MEMSTAT_FREES] = 4900000,
			[SEEP_MEMSTAT_HEAP_ALLOC] = 12898533,
			[SEEP_MEMSTAT_HEAP_SYS] = 31562138,
			[SEEP_MEMSTAT_HEAP_IDLE] = 9 << 20,
			[SEEP_MEMSTAT_HEAP_INUSE] = 20 << 20,
			[SEEP_MEMSTAT_HEAP_RELEASED] = 4 << 20,
			[SEEP_MEMSTAT_HEAP_OBJECTS] = 100000,
			[SEEP_MEMSTAT_MSPAN_INUSE] = SEEP_UNKNOWN,
			[SEEP_MEMSTAT_NEXT_GC] = 24 << 20,
			[SEEP_MEMSTAT_LAST_GC] = 1795168795000000000ULL,
			[SEEP_MEMSTAT_PAUSE_TOTAL_NS] = 2400000,
			[SEEP_MEMSTAT_NUM_GC] = 12,
			[SEEP_MEMSTAT_NUM_FORCED_GC] = 2,
		},
};

#endif
