// SPDX-License-Identifier: GPL-2.0-only
#include "target/targets_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/close.h"
#include "base/errors.h"
#include "base/log.h"
#include "kernel/processes.h"
#include "probe/breakpoints.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "stack/code_kind.h"

int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets)
{
	struct seep_targets *targets = calloc(1, sizeof(*targets));

	if (!targets || seep_translators_new(&targets->translators)) {
		free(targets);
		return -ENOMEM;
	}
	targets->config = *config;
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
	struct pollfd ended = {.fd = target->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

/* --- probes ------------------------------------------------------------------------------------ */

static struct seep_probes *probes_of(struct seep_targets *targets, struct seep_target *target)
{
	return targets->config.shared_probes ? &targets->shared : &target->probes;
}

int seep_target_consider_file(struct seep_targets *targets, struct seep_target *target,
			      const struct seep_file *file, uint64_t *missed)
{
	struct seep_probes *probes = probes_of(targets, target);
	enum seep_jit_kind jit = seep_code_jit(file->path, file->fd);
	int result;

	/* A file that nobody may read has no functions for us; one that we have no room for may. */
	if (file->fd < 0) {
		*missed += file->failure == -EMFILE || file->failure == -ENFILE;
		return 0;
	}
	if (jit != SEEP_JIT_UNKNOWN)
		seep_kernel_set_jit(targets->config.kernel, target->slot, target->process, jit);
	result = seep_probes_add(probes, targets->config.kernel, targets->config.variant, file);
	if (result > 0)
		*missed += file->num_unseen > 0;
	if (result >= 0 || result == -ESRCH || result == -ENOMEM)
		return result;
	seep_warn("cannot attach to \"%s\" in process %d: %s; what its functions allocate is not "
		  "seen",
		  file->path, target->pid, seep_error_text(-result));
	++*missed;
	return 0;
}

int seep_target_note_file(struct seep_target *target, const struct seep_file *file)
{
	const struct seep_file **files;

	if (file->fd < 0)
		return 0;
	for (size_t i = 0; i < target->num_files; i++) {
		if (target->files[i] == file)
			return 0;
	}
	files = realloc(target->files, (target->num_files + 1) * sizeof(struct seep_file *));
	if (!files)
		return -ENOMEM;
	target->files = files;
	target->files[target->num_files++] = file;
	target->num_functions += file->num_functions;
	return 0;
}

static bool is_mapped(const struct seep_maps *maps, const struct seep_mapping *like,
		      uint64_t offset)
{
	for (size_t i = 0; i < maps->num_mappings; i++) {
		const struct seep_mapping *mapping = &maps->mappings[i];

		if (mapping->executable && mapping->inode == like->inode &&
		    mapping->dev_major == like->dev_major &&
		    mapping->dev_minor == like->dev_minor && offset >= mapping->offset &&
		    offset - mapping->offset < mapping->end - mapping->start)
			return true;
	}
	return false;
}

/*
 * A program that has moved its code to anonymous memory calls functions there that a probe, which is
 * of the file, cannot reach. Says so, once.
 */
static void tell_moved(struct seep_target *target, const struct seep_maps *maps,
		       const struct seep_mapping *mapping, const struct seep_file *file,
		       uint64_t *missed)
{
	size_t count = 0, first = 0;

	for (size_t i = file->num_functions; i-- > 0 && !target->moved;) {
		if (is_mapped(maps, mapping, file->functions[i].offset))
			continue;
		first = i;
		count++;
	}
	if (!count)
		return;
	target->moved = true;
	++*missed;
	seep_warn("process %d has moved code of \"%s\" to anonymous memory, where it cannot be "
		  "probed: what %s and %zu more functions allocate is not seen",
		  target->pid, file->path, file->functions[first].name, count - 1);
}

/* What the process does to its own code is no error of ours: it is counted. */
static void check_breakpoints(struct seep_targets *targets, struct seep_target *target,
			      const struct seep_mapping *mapping, const struct seep_file *file,
			      bool again)
{
	size_t lost;
	int error = seep_breakpoints_check(probes_of(targets, target), target->pid, mapping, file,
					   again, &lost);

	*targets->config.lost_probes += lost;
	if (lost)
		seep_debug("process %d has lost %zu probes in \"%s\"%s%s", target->pid, lost,
			   file->path, error ? ": " : "", error ? seep_error_text(-error) : "");
}

/* At the end: what was lost since the last report. */
static void count_lost(struct seep_targets *targets, struct seep_target *target)
{
	const struct seep_file *file;
	struct seep_maps maps;

	if (target->refusal || seep_maps_read(target->pid, &maps))
		return;
	for (size_t i = 0; i < maps.num_mappings; i++) {
		if (maps.mappings[i].executable && maps.mappings[i].inode &&
		    seep_files_get(targets->config.files, target->pid, target->root,
				   &maps.mappings[i], &file) == 0)
			check_breakpoints(targets, target, &maps.mappings[i], file, false);
	}
	seep_maps_done(&maps);
}

/* One look at what the target maps. Functions that were added, or -errno. */
static int scan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	struct seep_maps maps;
	int added = 0, result = seep_maps_read(target->pid, &maps);

	/* In the middle of an exec it has no memory; when that is over we hear of it. */
	if (result == -ESRCH && !seep_target_has_ended(target))
		return 0;
	if (result)
		return result;
	/* It is another program by now, of which the event is on its way. */
	if (seep_kernel_process_id(targets->config.kernel, target->slot) != target->process) {
		seep_maps_done(&maps);
		return 0;
	}
	target->num_functions = 0;
	target->num_files = 0;
	/* Before each time: what it is may show only now. */
	if (!target->refusal) {
		enum seep_refusal refusal = seep_target_check(targets, target, &maps);

		if (refusal)
			seep_targets_refuse(targets, target, refusal);
	}
	for (size_t i = 0; i < maps.num_mappings && result >= 0; i++) {
		const struct seep_mapping *mapping = &maps.mappings[i];
		const struct seep_file *file;

		if (target->refusal || !mapping->executable || !mapping->inode)
			continue;
		result = seep_files_get(targets->config.files, target->pid, target->root, mapping,
					&file);
		if (!result)
			result = seep_target_consider_file(targets, target, file, missed);
		if (result > 0)
			added += result;
		if (result >= 0)
			check_breakpoints(targets, target, mapping, file, true);
		if (result >= 0)
			tell_moved(target, &maps, mapping, file, missed);
		if (result >= 0 && seep_target_note_file(target, file))
			result = -ENOMEM;
	}
	seep_maps_done(&maps);
	/* What the new one did before them was not seen, and at its exec they will seem to have been there. */
	if (added > 0 &&
	    seep_kernel_process_id(targets->config.kernel, target->slot) != target->process)
		target->late = true;
	return result < 0 ? result : added;
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

int seep_targets_rescan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	const struct seep_probes *probes = probes_of(targets, target);
	int added = 0, result;
	size_t num_links;

	/* A program that starts goes on loading until its loader is probed; so look once more. */
	do {
		num_links = probes->num_links;
		result = scan(targets, target, missed);
		if (result > 0)
			added += result;
	} while (result >= 0 && probes->num_links != num_links);
	return result < 0 ? result : added;
}

/* --- slots ------------------------------------------------------------------------------------- */

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

void seep_target_bind(struct seep_targets *targets, struct seep_target *target)
{
	pid_t thread = seep_proc_living_thread(target->pid);

	if (thread < 0)
		thread = target->pid;
	target->probes.thread = thread == target->pid ? 0 : thread;
	seep_kernel_set_thread(targets->config.kernel, target->slot, thread);
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

/* Adds the links of @probes to the list, which they are moved to. */
static void collect_links(struct seep_probes *probes, int **list, size_t *num_links)
{
	int *links, *longer;
	size_t count = seep_probes_take_links(probes, &links);

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
			seep_kernel_set_active(targets->config.kernel, slot, false);
	}
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		struct seep_target *target = targets->by_slot[slot];

		if (!target)
			continue;
		count_lost(targets, target);
		collect_links(&target->probes, &links, &num_links);
	}
	collect_links(&targets->shared, &links, &num_links);
	seep_close_all(links, num_links);
	free(links);
}

void seep_targets_sum(const struct seep_targets *targets, struct seep_targets_sum *ret_sum)
{
	struct seep_targets_sum sum = {
		.num_functions = targets->shared.num_functions,
		.num_files = targets->shared.num_files,
	};

	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		const struct seep_target *target = targets->by_slot[slot];

		if (!target)
			continue;
		sum.num_targets++;
		sum.num_without += !target->num_functions && !target->refusal;
		sum.num_refused += target->refusal != SEEP_REFUSAL_NONE;
		sum.num_functions += target->probes.num_functions;
		sum.num_files += target->probes.num_files;
	}
	*ret_sum = sum;
}

struct seep_target *seep_targets_at(const struct seep_targets *targets, uint32_t slot)
{
	return slot < SEEP_MAX_PROCESSES ? targets->by_slot[slot] : NULL;
}

struct seep_target *seep_targets_of(const struct seep_targets *targets, uint32_t process)
{
	struct seep_target *target = seep_targets_at(targets, SEEP_PROCESS_SLOT(process));

	return target && target->process == process ? target : NULL;
}
