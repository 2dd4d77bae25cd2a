// SPDX-License-Identifier: GPL-2.0-only
#include "trace/targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "trace/attach.h"

struct seep_targets {
	struct seep_targets_config config;
	struct seep_target *by_slot[SEEP_MAX_PROCESSES];
	uint32_t next_id[SEEP_MAX_PROCESSES]; /* so that an id is never given twice */
};

int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets)
{
	struct seep_targets *targets = calloc(1, sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	targets->config = *config;
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++)
		targets->next_id[slot] = SEEP_PROCESS_NEXT(slot);
	*ret_targets = targets;
	return 0;
}

static void close_links(struct seep_target *target)
{
	for (size_t i = 0; i < target->num_links; i++)
		close(target->links[i]);
	target->num_links = 0;
}

static void target_free(struct seep_target *target)
{
	close_links(target);
	seep_cleanup_fd(&target->pidfd);
	free(target->links);
	free(target->attached);
	free(target->root);
	free(target);
}

void seep_targets_free(struct seep_targets *targets)
{
	if (!targets)
		return;
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			seep_targets_remove(targets, targets->by_slot[slot]);
	}
	free(targets);
}

/* --- probes ------------------------------------------------------------------------------------ */

static int reserve_links(struct seep_target *target, size_t more)
{
	int *links = realloc(target->links, (target->num_links + more) * sizeof(*links));

	if (!links)
		return -ENOMEM;
	target->links = links;
	return 0;
}

/* The functions of a file that one kind of program serves. */
struct probe_group {
	size_t count;
	uint64_t *offsets;
	uint64_t *cookies;
};

static int attach_group(struct seep_targets *targets, struct seep_target *target,
			const struct seep_file *file, const struct probe_group *group,
			enum seep_program program, bool at_return)
{
	struct seep_attach_request request = {
		.program_fd = seep_kernel_program_fd(targets->config.kernel, program),
		.variant = program == SEEP_PROGRAM_ALLOC_SESSION ?
				   SEEP_ATTACH_SESSION :
				   seep_attach_entry_variant(targets->config.variant),
		.at_return = at_return,
		.pid = target->pid,
		.file_fd = file->fd,
		.count = group->count,
		.offsets = group->offsets,
		.cookies = group->cookies,
	};
	int count;

	if (!group->count)
		return 0;
	if (reserve_links(target, SEEP_ATTACH_FDS(group->count)))
		return -ENOMEM;
	count = seep_attach(&request, target->links + target->num_links);
	if (count < 0)
		return count;
	target->num_links += (size_t)count;
	return 0;
}

static void fill_group(const struct seep_target *target, const struct seep_file *file, bool frees,
		       struct probe_group *group)
{
	group->count = 0;
	for (size_t i = 0; i < file->num_functions; i++) {
		const struct seep_file_function *function = &file->functions[i];

		if ((function->role == SEEP_ROLE_FREE) != frees)
			continue;
		group->offsets[group->count] = function->offset;
		group->cookies[group->count] = SEEP_COOKIE(target->slot, function->probe);
		group->count++;
	}
}

static int attach_file(struct seep_targets *targets, struct seep_target *target,
		       const struct seep_file *file)
{
	SEEP_AUTO_FREE uint64_t *space = calloc(2 * file->num_functions, sizeof(*space));
	struct probe_group group = {0, space, space + file->num_functions};
	int error;

	if (!space)
		return -ENOMEM;
	fill_group(target, file, true, &group);
	error = attach_group(targets, target, file, &group, SEEP_PROGRAM_FREE_ENTRY, false);
	if (error)
		return error;
	fill_group(target, file, false, &group);
	if (targets->config.variant == SEEP_ATTACH_SESSION)
		return attach_group(targets, target, file, &group, SEEP_PROGRAM_ALLOC_SESSION,
				    false);
	/* The return first: an entry without its return would look like a call that never ends. */
	error = attach_group(targets, target, file, &group, SEEP_PROGRAM_ALLOC_RETURN, true);
	if (error)
		return error;
	return attach_group(targets, target, file, &group, SEEP_PROGRAM_ALLOC_ENTRY, false);
}

static bool was_attached(const struct seep_target *target, const struct seep_file *file)
{
	for (size_t i = 0; i < target->num_attached; i++) {
		if (target->attached[i] == file)
			return true;
	}
	return false;
}

/* Looks at a file once per target. Functions that were attached, or -errno. */
static int consider_file(struct seep_targets *targets, struct seep_target *target,
			 const struct seep_file *file, uint64_t *missed)
{
	const struct seep_file **attached;
	int error;

	if (was_attached(target, file) || file->fd < 0)
		return 0;
	attached =
		realloc(target->attached, (target->num_attached + 1) * sizeof(struct seep_file *));
	if (!attached)
		return -ENOMEM;
	target->attached = attached;
	target->attached[target->num_attached++] = file;
	if (seep_is_hotspot(file->path))
		seep_kernel_set_hotspot(targets->config.kernel, target->slot, target->process);
	if (!file->num_functions)
		return 0;
	error = attach_file(targets, target, file);
	if (error == -ESRCH || error == -ENOMEM)
		return error;
	if (error) {
		seep_warn("cannot attach to \"%s\" in process %d: %s; what its functions allocate "
			  "is not seen",
			  file->path, target->pid, strerror(-error));
		++*missed;
		return 0;
	}
	target->num_functions += file->num_functions;
	target->num_files++;
	return (int)file->num_functions;
}

int seep_targets_rescan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	struct seep_maps maps;
	int added = 0, result = seep_maps_read(target->pid, &maps);

	if (result)
		return result;
	for (size_t i = 0; i < maps.num_mappings && result >= 0; i++) {
		const struct seep_mapping *mapping = &maps.mappings[i];
		const struct seep_file *file;

		if (!mapping->executable || !mapping->inode)
			continue;
		result = seep_files_get(targets->config.files, target->pid, target->root, mapping,
					&file);
		if (!result)
			result = consider_file(targets, target, file, missed);
		if (result > 0)
			added += result;
	}
	seep_maps_done(&maps);
	return result < 0 ? result : added;
}

/* --- slots ------------------------------------------------------------------------------------- */

static int find_slot(const struct seep_targets *targets, uint32_t *ret_slot)
{
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (!targets->by_slot[slot]) {
			*ret_slot = slot;
			return 0;
		}
	}
	return -ENOSPC;
}

static bool is_traced(const struct seep_targets *targets, pid_t pid)
{
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot] && targets->by_slot[slot]->pid == pid)
			return true;
	}
	return false;
}

static int set_active(struct seep_targets *targets, const struct seep_target *target, bool active)
{
	struct seep_process_value value = {
		.id = target->process,
		.active = active,
	};

	return seep_kernel_set_process(targets->config.kernel, target->slot, &value);
}

/* Takes a slot for the process: known to the kernel, no probes yet, not counting. */
static int target_new(struct seep_targets *targets, const struct seep_proc_info *info,
		      struct seep_target **ret_target)
{
	struct seep_target *target = calloc(1, sizeof(*target));
	int error;

	if (!target)
		return -ENOMEM;
	target->pid = info->pid;
	target->pidfd = (int)syscall(SYS_pidfd_open, info->pid, 0);
	error = target->pidfd < 0 ? -errno : find_slot(targets, &target->slot);
	if (!error && info->root && !(target->root = strdup(info->root)))
		error = -ENOMEM;
	if (error) {
		target_free(target);
		return error;
	}
	target->process = targets->next_id[target->slot];
	error = seep_processes_add(targets->config.processes, target->process, info,
				   &target->record);
	if (!error)
		error = set_active(targets, target, false);
	if (!error)
		error = seep_kernel_watch(targets->config.kernel, target->pid, target->slot);
	if (error) {
		target_free(target);
		return error;
	}
	targets->by_slot[target->slot] = target;
	*ret_target = target;
	return 0;
}

void seep_targets_remove(struct seep_targets *targets, struct seep_target *target)
{
	struct seep_process_value value = {0};

	/* exec may have moved the id on without our having heard of it yet. */
	if (seep_kernel_get_process(targets->config.kernel, target->slot, &value) == 0)
		targets->next_id[target->slot] = SEEP_PROCESS_NEXT(value.id);
	value.active = 0;
	seep_kernel_set_process(targets->config.kernel, target->slot, &value);
	seep_kernel_unwatch(targets->config.kernel, target->pid);
	targets->by_slot[target->slot] = NULL;
	target_free(target);
}

void seep_targets_detach(struct seep_targets *targets)
{
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			set_active(targets, targets->by_slot[slot], false);
	}
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			close_links(targets->by_slot[slot]);
	}
}

struct seep_target *seep_targets_at(const struct seep_targets *targets, uint32_t slot)
{
	return slot < SEEP_MAX_PROCESSES ? targets->by_slot[slot] : NULL;
}

/* --- processes --------------------------------------------------------------------------------- */

static int explain(pid_t pid, int error)
{
	if (error == -ESRCH)
		seep_error("cannot trace process %d: it has ended", pid);
	else if (error == -EPERM || error == -EACCES)
		seep_error("cannot trace process %d: %s; " SEEP_NEEDS_PERMISSION, pid,
			   strerror(-error));
	else if (error == -ENOSPC)
		seep_error("cannot trace process %d: %d processes are traced already, which is the "
			   "most",
			   pid, SEEP_MAX_PROCESSES);
	else
		seep_error("cannot trace process %d: %s", pid, strerror(-error));
	return error;
}

/* What can be said about @pid before anything is attached. */
static int check_process(const struct seep_targets *targets, pid_t pid,
			 struct seep_proc_info *ret_info)
{
	int error;

	if (!seep_proc_is_process(pid)) {
		pid_t leader = seep_proc_leader(pid);

		if (leader > 0)
			seep_error("cannot trace %d: it is a thread of process %d; use -p %d", pid,
				   leader, leader);
		else
			seep_error("cannot trace process %d: there is no such process", pid);
		return -ESRCH;
	}
	if (pid == getpid()) {
		seep_error("cannot trace process %d: that is seep itself", pid);
		return -EINVAL;
	}
	if (is_traced(targets, pid))
		return -EALREADY;
	error = seep_proc_info_read(pid, ret_info);
	if (error)
		return explain(pid, error);
	if (ret_info->kernel_thread) {
		seep_error("cannot trace process %d (%s): it is a kernel thread, which has no "
			   "memory of its own",
			   pid, ret_info->comm);
		seep_proc_info_done(ret_info);
		return -EINVAL;
	}
	if (ret_info->state == 'Z' || ret_info->state == 'X') {
		seep_proc_info_done(ret_info);
		return explain(pid, -ESRCH);
	}
	return 0;
}

/* Without it stacks still resolve, later and with more tries. */
static void preload(struct seep_targets *targets, const struct seep_target *target)
{
	int error = seep_kernel_preload(targets->config.kernel, target->pid, target->process);

	if (error)
		seep_debug("cannot look through the mappings of process %d: %s", target->pid,
			   strerror(-error));
	/* The files come as events, and become tables, before the first stack needs them. */
	seep_kernel_drain(targets->config.kernel);
	error = seep_tables_flush(targets->config.tables);
	if (error)
		seep_warn("cannot give the kernel its unwind tables: %s", strerror(-error));
}

static int attach_running(struct seep_targets *targets, struct seep_target *target)
{
	struct seep_proc_memory memory;
	uint64_t missed = 0;
	int count = seep_targets_rescan(targets, target, &missed);

	if (count < 0)
		return explain(target->pid, count);
	if (!target->num_functions) {
		seep_error("cannot trace process %d (%s): none of the files it maps has a malloc, "
			   "calloc, realloc or free in its symbol tables; a statically linked and "
			   "stripped program, or one with an allocator of its own?",
			   target->pid, target->record->process.comm);
		return missed ? -EPERM : -ENOENT;
	}
	if (seep_proc_memory_read(target->pid, &memory) == 0)
		target->record->process.pre_attach_bytes = memory.anon_bytes;
	target->record->process.attached_late = true;
	preload(targets, target);
	return set_active(targets, target, true);
}

int seep_targets_add(struct seep_targets *targets, pid_t pid, struct seep_target **ret_target)
{
	struct seep_target *target;
	struct seep_proc_info info;
	int error = check_process(targets, pid, &info);

	if (error)
		return error;
	error = target_new(targets, &info, &target);
	seep_proc_info_done(&info);
	if (error)
		return explain(pid, error);
	error = attach_running(targets, target);
	if (error) {
		seep_targets_remove(targets, target);
		return error;
	}
	*ret_target = target;
	return 0;
}

int seep_targets_add_launched(struct seep_targets *targets, pid_t pid,
			      const struct seep_file *const *files, size_t num_files,
			      struct seep_target **ret_target)
{
	struct seep_target *target;
	struct seep_proc_info info;
	uint64_t missed = 0;
	int result = seep_proc_info_read(pid, &info);

	if (result)
		return explain(pid, result);
	result = target_new(targets, &info, &target);
	seep_proc_info_done(&info);
	if (result)
		return explain(pid, result);
	target->record->before_exec = true;
	for (size_t i = 0; i < num_files && result >= 0; i++)
		result = consider_file(targets, target, files[i], &missed);
	if (result < 0) {
		seep_targets_remove(targets, target);
		return explain(pid, result);
	}
	*ret_target = target;
	return 0;
}

/* What is known of a process that ended before it could be looked at. */
static void info_of_ended(const struct seep_target *target, struct seep_proc_info *ret_info)
{
	*ret_info = (struct seep_proc_info){
		.pid = target->pid,
		.start_utc_ns = target->record->process.start_utc_ns,
	};
	snprintf(ret_info->comm, sizeof(ret_info->comm), "%s", target->record->process.comm);
}

int seep_targets_replace(struct seep_targets *targets, struct seep_target *target, uint32_t id,
			 const char *comm)
{
	struct seep_processes *processes = targets->config.processes;
	struct seep_proc_info info;
	int error;

	if (seep_proc_info_read(target->pid, &info))
		info_of_ended(target, &info);
	if (comm)
		snprintf(info.comm, sizeof(info.comm), "%s", comm);
	target->process = id;
	if (target->record->before_exec) {
		target->record->before_exec = false;
		error = seep_processes_rename(processes, target->record, id, &info);
	} else {
		error = seep_processes_add(processes, id, &info, &target->record);
	}
	if (!error && info.root) {
		free(target->root);
		target->root = SEEP_TAKE_PTR(info.root);
	}
	seep_proc_info_done(&info);
	if (error)
		return error;
	target->record->process.pre_attach_bytes = 0;
	preload(targets, target);
	return 0;
}
