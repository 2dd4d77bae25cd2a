// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of mappings: passes of the iterator mappings_count until no call of the process is
 * in flight, or MAPPINGS_TIME_NS is over.
 */
#include "kernel/mappings.h"

#include <errno.h>

#include "base/clock.h"
#include "base/units.h"
#include "kernel/kernel_private.h"
#include "kernel/processes.h"

/* How long passes are repeated that find calls in flight: seldom more than one. */
#define MAPPINGS_TIME_NS (20 * SEEP_NS_PER_MS)

/* One pass. -EAGAIN: a call in flight made it leave mappings as they were. */
static int run_mappings_count(struct seep_kernel *kernel, pid_t pid, uint32_t process)
{
	struct seep_mappings_pass *pass = &kernel->skeleton->bss->mappings_pass;
	int error;

	*pass = (struct seep_mappings_pass){.process = process};
	error = seep_kernel_iterate(kernel->skeleton->progs.mappings_count, pid, NULL, NULL);
	if (error)
		return error;
	/* No thread was met, or an exec came in between: the result belongs to nobody. */
	if (!pass->thread || seep_kernel_process_id(kernel, SEEP_PROCESS_SLOT(process)) != process)
		return -ESRCH;
	return pass->unsettled ? -EAGAIN : 0;
}

int seep_kernel_count_mappings(struct seep_kernel *kernel, pid_t pid, uint32_t process)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	int error;

	do {
		error = run_mappings_count(kernel, pid, process);
	} while (error == -EAGAIN && seep_clock_monotonic_ns() - start_ns < MAPPINGS_TIME_NS);
	return error;
}
