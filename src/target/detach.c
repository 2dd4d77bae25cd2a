// SPDX-License-Identifier: GPL-2.0-only
/*
 * The links of all targets are closed together, because closes that wait at the same time wait for
 * the same grace period (base/close.h). When these functions return, the breakpoints are gone.
 */
#include "target/detach.h"

#include <stdlib.h>
#include <string.h>

#include "base/close.h"
#include "kernel/processes.h"
#include "target/lost_probes.h"
#include "target/targets_private.h"

/* Adds the links of @probes to the list, which they are moved to. */
static void collect_links(struct seep_probes *probes, int **list, size_t *num_links)
{
	int *links, *longer;
	size_t count = seep_probes_take_links(probes, &links);

	/* Without memory for the list they are closed here, one grace period after the other. */
	longer = realloc(*list, (*num_links + count + 1) * sizeof(*longer));
	if (longer) {
		memcpy(longer + *num_links, links, count * sizeof(*links));
		*list = longer;
		*num_links += count;
	} else {
		seep_close_all(links, count);
	}
	free(links);
}

void seep_targets_detach(struct seep_targets *targets)
{
	int *links = NULL;
	size_t num_links = 0;

	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			/*
			 * In all processes before the first close, which takes a while: the numbers
			 * end at one time.
			 */
			seep_kernel_set_active(targets->config.kernel, slot, false);
	}
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		struct seep_target *target = targets->by_slot[slot];

		if (!target)
			continue;
		/* The breakpoints have to be there still, to see which of them are lost. */
		seep_target_count_lost(targets, target);
		collect_links(&target->probes, &links, &num_links);
	}
	collect_links(&targets->shared, &links, &num_links);
	seep_close_all(links, num_links);
	free(links);
}

void seep_target_drop_probes(struct seep_target *target)
{
	int *links;
	size_t count = seep_probes_take_links(&target->probes, &links);

	seep_close_all(links, count);
	free(links);
	seep_probes_done(&target->probes);
	/* Ready for the probes of the program that the target may become. */
	target->probes.pid = target->pid;
	target->probes.slot = target->slot;
}
