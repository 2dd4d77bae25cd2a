// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table, by slot. A slot is taken in the kernel's table first, then the target is entered here;
 * a removed target's slot rests in `retired` until everything in the maps that names it has been
 * reaped. At most SEEP_MAX_PROCESSES targets; looking one up by PID is a walk over the slots, which
 * is fast enough for events of processes.
 */
#include "target/targets_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "kernel/processes.h"
#include "proc/process.h"
#include "target/binding.h"
#include "target/detach.h"

/* Most processes that live for this long live on. */
#define BRIEF_NS SEEP_NS_PER_S

int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets)
{
	struct seep_targets *targets = calloc(1, sizeof(*targets));

	if (!targets || seep_translators_new(&targets->translators)) {
		free(targets);
		return -ENOMEM;
	}
	targets->config = *config;
	/* Shared probes are hit by any process: BPF finds its slot by its PID. */
	targets->shared.slot = SEEP_SLOT_ANY;
	*ret_targets = targets;
	return 0;
}

void seep_target_free(struct seep_target *target)
{
	seep_probes_done(&target->probes);
	seep_cleanup_fd(&target->pidfd);
	free(target->files);
	free(target->root);
	free(target);
}

void seep_targets_free(struct seep_targets *targets)
{
	if (!targets)
		return;
	/* Not in the background: no probe is left when we are gone. */
	seep_targets_detach(targets);
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			seep_targets_remove(targets, targets->by_slot[slot]);
	}
	seep_probes_done(&targets->shared);
	seep_translators_free(targets->translators);
	free(targets);
}

bool seep_target_has_ended(const struct seep_target *target)
{
	/*
	 * A pidfd is readable once its process has ended (pidfd_open(2)), whoever has the PID by
	 * then.
	 */
	struct pollfd ended = {.fd = target->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

struct seep_probes *seep_target_probes(struct seep_targets *targets, struct seep_target *target)
{
	return targets->config.shared_probes ? &targets->shared : &target->probes;
}

/* A walk over all slots; targets that have ended and were not removed yet still have their PID. */
struct seep_target *seep_targets_by_pid(const struct seep_targets *targets, pid_t pid)
{
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot] && targets->by_slot[slot]->pid == pid)
			return targets->by_slot[slot];
	}
	return NULL;
}

/* Takes a free slot, with the next id of it. */
static int take_slot(struct seep_targets *targets, struct seep_target *target)
{
	int error = seep_kernel_take_slot(targets->config.kernel, &target->slot);

	if (error)
		return error;
	target->process =
		SEEP_PROCESS_NEXT(seep_kernel_process_id(targets->config.kernel, target->slot));
	/* Sets it inactive as well: nothing counts before seep_kernel_set_active. */
	seep_kernel_set_process(targets->config.kernel, target->slot, target->process);
	return 0;
}

/* A target without slot: its descriptor is that of the process that @info is of. */
int seep_target_alloc(const struct seep_proc_info *info, struct seep_target **ret_target)
{
	struct seep_target *target = calloc(1, sizeof(*target));
	int error;

	if (!target)
		return -ENOMEM;
	target->pid = info->pid;
	/* By number: glibc has a function for it only since 2.36. */
	target->pidfd = (int)syscall(SYS_pidfd_open, info->pid, 0);
	error = target->pidfd < 0 ? -errno : 0;
	if (!error && info->root && !(target->root = strdup(info->root)))
		error = -ENOMEM;
	if (error) {
		seep_target_free(target);
		return error;
	}
	*ret_target = target;
	return 0;
}

void seep_target_enter(struct seep_targets *targets, struct seep_target *target)
{
	target->probes.pid = target->pid;
	target->probes.slot = target->slot;
	seep_target_bind(targets, target);
	targets->by_slot[target->slot] = target;
}

int seep_target_new(struct seep_targets *targets, const struct seep_proc_info *info,
		    struct seep_target **ret_target)
{
	struct seep_target *target;
	int error = seep_target_alloc(info, &target);

	if (error)
		return error;
	error = take_slot(targets, target);
	if (error) {
		seep_target_free(target);
		return error;
	}
	/*
	 * From here on BPF follows exec and fork of this PID. -EEXIST: the scope has brought it
	 * meanwhile.
	 */
	error = seep_kernel_watch(targets->config.kernel, target->pid, target->slot);
	if (!error)
		error = seep_processes_add(targets->config.processes, target->process, info,
					   &target->record);
	if (error) {
		seep_kernel_give_slot(targets->config.kernel, target->slot);
		seep_target_free(target);
		return error == -EEXIST ? -EALREADY : error;
	}
	seep_target_enter(targets, target);
	*ret_target = target;
	return 0;
}

/*
 * The order: stop counting, let the PID lead nowhere, then close the probes. The slot stays taken
 * until seep_targets_release, because sites and objects in the maps still name it.
 */
void seep_targets_remove(struct seep_targets *targets, struct seep_target *target)
{
	seep_kernel_set_active(targets->config.kernel, target->slot, false);
	/* Of one that has ended BPF has taken care; its PID may be somebody else's by now. */
	if (!seep_target_has_ended(target))
		seep_kernel_unwatch(targets->config.kernel, target->pid);
	seep_files_forget(targets->config.files, target->pid);
	targets->by_slot[target->slot] = NULL;
	targets->retired[targets->num_retired++] = target->slot;
	seep_target_free(target);
}

void seep_targets_release(struct seep_targets *targets)
{
	while (targets->num_retired)
		seep_kernel_give_slot(targets->config.kernel,
				      targets->retired[--targets->num_retired]);
}

void seep_targets_sum(const struct seep_targets *targets, struct seep_targets_sum *ret_sum)
{
	struct seep_targets_sum sum = {
		/* Probes that all processes share count once. */
		.num_functions = targets->shared.num_functions,
		.num_files = targets->shared.num_files,
	};

	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		const struct seep_target *target = targets->by_slot[slot];

		if (!target)
			continue;
		sum.num_targets++;
		/* A refused target has no functions either, and is counted as refused only. */
		sum.num_without += !target->num_functions && !target->refusal;
		sum.num_refused += target->refusal != SEEP_REFUSAL_NONE;
		sum.num_functions += target->probes.num_functions;
		sum.num_files += target->probes.num_files;
	}
	*ret_sum = sum;
}

bool seep_target_is_brief(const struct seep_target *target)
{
	uint64_t start_ns = target->record->process.start_utc_ns;

	return target->by_scope && start_ns != SEEP_UNKNOWN &&
	       seep_clock_utc_ns() < start_ns + BRIEF_NS;
}

struct seep_target *seep_targets_at(const struct seep_targets *targets, uint32_t slot)
{
	return slot < SEEP_MAX_PROCESSES ? targets->by_slot[slot] : NULL;
}

struct seep_target *seep_targets_of(const struct seep_targets *targets, uint32_t process)
{
	/*
	 * The slot is in the low bits of an id; the whole id tells a former process of the slot
	 * apart.
	 */
	struct seep_target *target = seep_targets_at(targets, SEEP_PROCESS_SLOT(process));

	return target && target->process == process ? target : NULL;
}
