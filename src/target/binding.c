// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target is bound when it enters the table and after an exec by another thread, and bound again
 * each time that BPF tells of the end of the bound thread.
 */
#include "target/binding.h"

#include "kernel/processes.h"
#include "proc/process.h"
#include "target/targets_private.h"

void seep_target_bind(struct seep_targets *targets, struct seep_target *target)
{
	pid_t thread = seep_proc_living_thread(target->pid);

	if (thread < 0)
		thread = target->pid;
	/* 0 stands for the leader, the usual case: then probes are bound by the PID. */
	target->probes.thread = thread == target->pid ? 0 : thread;
	seep_kernel_set_thread(targets->config.kernel, target->slot, thread);
}

int seep_targets_rebind(struct seep_targets *targets, struct seep_target *target, pid_t ended)
{
	pid_t thread = seep_proc_other_thread(target->pid, ended);

	if (thread < 0)
		return 0; /* it ends as a whole */
	seep_kernel_set_thread(targets->config.kernel, target->slot, thread);
	/* No probes of its own: only the thread is noted, whose end BPF tells next. */
	if (targets->config.shared_probes || target->refusal) {
		target->probes.thread = thread;
		return 0;
	}
	return seep_probes_rebind(&target->probes, targets->config.kernel, targets->config.variant,
				  target->files, target->num_files, thread);
}
