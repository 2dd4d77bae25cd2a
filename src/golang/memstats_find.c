// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that allocates large objects counts them in all three variables of memory, and the one
 * that changes GOMAXPROCS has the processors. What these address are candidates,
 * SEEP_GO_OPERANDS_MAX at most; the right ones are those of which what is there fits together.
 */
#include "base/cleanup.h"
#include "golang/memstats_private.h"
#include "golang/operands.h"

static void find_heap(struct seep_go *go, const struct seep_go_operands *operands)
{
	uint64_t *mheap = &go->program.variables[SEEP_GO_MHEAP];
	struct seep_go_fixalloc fixalloc;

	for (size_t i = 0; i < operands->count; i++) {
		uint64_t stat = seep_go_mapped_address(go, offsetof(struct seep_go_mapped, spans));

		*mheap = operands->addresses[i];
		if (!seep_go_fixalloc_read(go, SEEP_GO_MHEAP_SPANS, stat, &fixalloc))
			return;
	}
	*mheap = 0;
}

/* The two variables whose counters fit together. */
static void find_counters(struct seep_go *go, const struct seep_go_operands *operands)
{
	uint64_t *variables = go->program.variables;
	struct seep_go_counters counters;

	for (size_t i = 0; i < operands->count; i++) {
		variables[SEEP_GO_MEMSTATS] = operands->addresses[i];
		for (size_t j = 0; j < operands->count; j++) {
			variables[SEEP_GO_GC_CONTROLLER] = operands->addresses[j];
			if (i != j && !seep_go_counters_read(go, false, &counters))
				return;
		}
	}
	variables[SEEP_GO_MEMSTATS] = 0;
	variables[SEEP_GO_GC_CONTROLLER] = 0;
}

static void find_procs(struct seep_go *go, const struct seep_go_operands *operands)
{
	SEEP_AUTO_FREE uint64_t *procs = calloc(SEEP_GO_PROCS_MAX, sizeof(*procs));
	uint64_t *allp = &go->program.variables[SEEP_GO_ALLP];
	size_t count;

	for (size_t i = 0; i < operands->count && procs; i++) {
		*allp = seep_go_operands_slice(operands, i);
		if (*allp && !seep_go_procs_read(go, procs, &count))
			return;
	}
	*allp = 0;
}

void seep_go_memstats_find(struct seep_go *go)
{
	struct seep_go_operands operands;
	struct seep_pclntab table = go->table;

	/* With the addresses of the file. */
	table.text -= go->bias;
	seep_go_operands_find(go->image, &table, "runtime.(*mcache).allocLarge", false, &operands);
	find_counters(go, &operands);
	find_heap(go, &operands);
	seep_go_operands_find(go->image, &table, "runtime.procresize", false, &operands);
	find_procs(go, &operands);
}
