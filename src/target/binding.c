// SPDX-License-Identifier: GPL-2.0-only
#include "target/binding.h"

#include "kernel/processes.h"
#include "proc/process.h"
#include "target/targets_private.h"

void seep_target_bind(struct seep_targets *targets, struct seep_target *target)
{
	pid_t thread = seep_proc_living_thread(target->pid);

	if (thread < 0)
		thread = target->pid;
	target->probes.thread = thread == target->pid ? 0 : thread;
	seep_kernel_set_thread(targets->config.kernel, target->slot, thread);
}

int seep_targets_rebind(struct seep_targets *targets, struct seep_target *target, pid_t ended)
{
	pid_t thread = seep_proc_other_thread(target->pid, ended);

	if (thread < 0)
		return 0; /* it ends as a whole */
	seep_kernel_set_thread(targets->config.kernel, target->slot, thread);
	if (targets->config.shared_probes || target->refusal) {
		target->probes.thread = thread;
		return 0;
	}
	return seep_probes_rebind(&target->probes, targets->config.kernel, targets->config.variant,
				  target->files, target->num_files, thread);
}
