// SPDX-License-Identifier: GPL-2.0-only
#include "trace/targets.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/close.h"
#include "base/log.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "trace/coverage.h"

struct seep_targets {
	struct seep_targets_config config;
	struct seep_target *by_slot[SEEP_MAX_PROCESSES];
	struct seep_probes shared; /* in all processes, if config.shared_probes */
	size_t num_retired;	   /* slots of removed targets */
	uint32_t retired[SEEP_MAX_PROCESSES];
};

int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets)
{
	struct seep_targets *targets = calloc(1, sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	targets->config = *config;
	targets->shared.slot = SEEP_SLOT_ANY;
	*ret_targets = targets;
	return 0;
}

static void target_free(struct seep_target *target)
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
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		if (targets->by_slot[slot])
			seep_targets_remove(targets, targets->by_slot[slot]);
	}
	seep_probes_done(&targets->shared);
	free(targets);
}

static bool has_ended(const struct seep_target *target)
{
	struct pollfd ended = {.fd = target->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

/* --- probes ------------------------------------------------------------------------------------ */

static struct seep_probes *probes_of(struct seep_targets *targets, struct seep_target *target)
{
	return targets->config.shared_probes ? &targets->shared : &target->probes;
}

/* Looks at a file once per target. Functions that were attached, or -errno. */
static int consider_file(struct seep_targets *targets, struct seep_target *target,
			 const struct seep_file *file, uint64_t *missed)
{
	struct seep_probes *probes = probes_of(targets, target);
	int result;

	if (file->fd < 0)
		return 0;
	if (seep_is_hotspot(file->path))
		seep_kernel_set_hotspot(targets->config.kernel, target->slot, target->process);
	result = seep_probes_add(probes, targets->config.kernel, targets->config.variant, file);
	if (result >= 0 || result == -ESRCH || result == -ENOMEM)
		return result;
	seep_warn("cannot attach to \"%s\" in process %d: %s; what its functions allocate is not "
		  "seen",
		  file->path, target->pid, strerror(-result));
	++*missed;
	return 0;
}

/* Notes a file of the target, once. 0 or -ENOMEM. */
static int note_file(struct seep_target *target, const struct seep_file *file)
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

/* One look at what the target maps. Functions that were added, or -errno. */
static int scan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	struct seep_maps maps;
	int added = 0, result = seep_maps_read(target->pid, &maps);

	/* In the middle of an exec it has no memory; when that is over we hear of it. */
	if (result == -ESRCH && !has_ended(target))
		return 0;
	if (result)
		return result;
	target->num_functions = 0;
	target->num_files = 0;
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
		if (result >= 0 && note_file(target, file))
			result = -ENOMEM;
	}
	seep_maps_done(&maps);
	return result < 0 ? result : added;
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
static int target_alloc(const struct seep_proc_info *info, struct seep_target **ret_target)
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
		target_free(target);
		return error;
	}
	*ret_target = target;
	return 0;
}

static void target_enter(struct seep_targets *targets, struct seep_target *target)
{
	target->probes.pid = target->pid;
	target->probes.slot = target->slot;
	targets->by_slot[target->slot] = target;
}

/* Takes a slot for the process: known to the kernel, no probes yet, not counting. */
static int target_new(struct seep_targets *targets, const struct seep_proc_info *info,
		      struct seep_target **ret_target)
{
	struct seep_target *target;
	int error = target_alloc(info, &target);

	if (error)
		return error;
	error = take_slot(targets, target);
	if (error) {
		target_free(target);
		return error;
	}
	error = seep_kernel_watch(targets->config.kernel, target->pid, target->slot);
	if (!error)
		error = seep_processes_add(targets->config.processes, target->process, info,
					   &target->record);
	if (error) {
		seep_kernel_give_slot(targets->config.kernel, target->slot);
		target_free(target);
		return error == -EEXIST ? -EALREADY : error;
	}
	target_enter(targets, target);
	*ret_target = target;
	return 0;
}

void seep_targets_remove(struct seep_targets *targets, struct seep_target *target)
{
	seep_kernel_set_active(targets->config.kernel, target->slot, false);
	/* Of one that has ended BPF has taken care; its PID may be somebody else's by now. */
	if (!has_ended(target))
		seep_kernel_unwatch(targets->config.kernel, target->pid);
	targets->by_slot[target->slot] = NULL;
	targets->retired[targets->num_retired++] = target->slot;
	target_free(target);
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
		if (targets->by_slot[slot])
			collect_links(&targets->by_slot[slot]->probes, &links, &num_links);
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
		sum.num_without += !target->num_functions;
		sum.num_functions += target->probes.num_functions;
		sum.num_files += target->probes.num_files;
	}
	*ret_sum = sum;
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
	if (seep_targets_by_pid(targets, pid))
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
void seep_targets_preload(struct seep_targets *targets, const struct seep_target *target)
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
	int count;

	/* First the tables: a busy process would have many stacks before they are there. */
	seep_targets_preload(targets, target);
	/* Whoever waits for the probes of one that joins a scope sees nothing but the probes. */
	if (target->by_scope)
		seep_kernel_set_active(targets->config.kernel, target->slot, true);
	count = seep_targets_rescan(targets, target, &missed);
	if (count < 0)
		return target->by_scope ? count : explain(target->pid, count);
	if (!target->num_functions && !target->by_scope) {
		seep_coverage_explain_none(target);
		return missed ? -EPERM : -ENOENT;
	}
	if (!target->by_scope)
		seep_coverage_tell_missing(targets->config.allocators, target);
	if (seep_proc_memory_read(target->pid, &memory) == 0)
		target->record->process.pre_attach_bytes = memory.anon_bytes;
	target->record->process.attached_late = true;
	seep_kernel_set_active(targets->config.kernel, target->slot, true);
	return 0;
}

/* What has to be known of a process of the scope: not one of the kernel, not ourselves. */
static int check_process_of_scope(const struct seep_targets *targets, pid_t pid,
				  struct seep_proc_info *ret_info)
{
	int error;

	if (pid == getpid())
		return -EINVAL;
	if (seep_targets_by_pid(targets, pid))
		return -EALREADY;
	error = seep_proc_info_read(pid, ret_info);
	if (error)
		return error;
	if (ret_info->kernel_thread || ret_info->state == 'Z' || ret_info->state == 'X') {
		seep_proc_info_done(ret_info);
		return -ESRCH;
	}
	return 0;
}

int seep_targets_add(struct seep_targets *targets, pid_t pid, bool by_scope,
		     struct seep_target **ret_target)
{
	struct seep_target *target;
	struct seep_proc_info info;
	int error = by_scope ? check_process_of_scope(targets, pid, &info) :
			       check_process(targets, pid, &info);

	if (error)
		return error;
	error = target_new(targets, &info, &target);
	seep_proc_info_done(&info);
	if (error)
		return by_scope || error == -EALREADY ? error : explain(pid, error);
	target->by_scope = by_scope;
	error = attach_running(targets, target);
	if (error) {
		seep_targets_remove(targets, target);
		return error;
	}
	*ret_target = target;
	return 0;
}

/* What BPF told of a process, when /proc does not know it any more. */
static void info_of_event(const struct seep_process_event *event, struct seep_proc_info *ret_info)
{
	*ret_info = (struct seep_proc_info){.pid = (pid_t)event->pid};
	snprintf(ret_info->comm, sizeof(ret_info->comm), "%.*s", SEEP_COMM_BYTES, event->comm);
}

/* A child has the heap of its parent, which is nothing that it has made itself. */
static void note_inherited(struct seep_target *target)
{
	struct seep_proc_memory memory;

	target->record->process.attached_late = true;
	if (seep_proc_memory_read(target->pid, &memory) == 0)
		target->record->process.pre_attach_bytes = memory.anon_bytes;
}

int seep_targets_adopt(struct seep_targets *targets, const struct seep_process_event *event,
		       struct seep_target **ret_target, struct seep_record **ret_record)
{
	uint32_t slot = SEEP_PROCESS_SLOT(event->process);
	struct seep_target *target = NULL;
	struct seep_proc_info info;
	int error;

	/* It may be another program by now. */
	if (seep_kernel_process_id(targets->config.kernel, slot) != event->process ||
	    seep_proc_info_read((pid_t)event->pid, &info))
		info_of_event(event, &info);
	error = seep_processes_add(targets->config.processes, event->process, &info, ret_record);
	if (!error) {
		(*ret_record)->by_scope = true;
		error = target_alloc(&info, &target);
	}
	seep_proc_info_done(&info);
	/* Whoever has the PID now may not be who was meant. */
	if (!error && !seep_kernel_is_watched(targets->config.kernel, target->pid, slot)) {
		target_free(target);
		error = -ESRCH;
	}
	if (error) {
		targets->retired[targets->num_retired++] = slot;
		return error;
	}
	target->slot = slot;
	target->process = event->process;
	target->record = *ret_record;
	target->by_scope = true;
	target_enter(targets, target);
	if (event->parent)
		note_inherited(target);
	else
		target->record->process.pre_attach_bytes = 0;
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
	for (size_t i = 0; i < num_files && result >= 0; i++) {
		result = consider_file(targets, target, files[i], &missed);
		if (result >= 0 && note_file(target, files[i]))
			result = -ENOMEM;
	}
	if (result < 0) {
		seep_targets_remove(targets, target);
		return explain(pid, result);
	}
	if (!target->num_functions)
		seep_coverage_warn_none(target);
	seep_coverage_tell_missing(targets->config.allocators, target);
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
		if (!error)
			target->record->by_scope = target->by_scope;
	}
	if (!error && info.root) {
		free(target->root);
		target->root = SEEP_TAKE_PTR(info.root);
	}
	seep_proc_info_done(&info);
	if (error)
		return error;
	target->record->process.pre_attach_bytes = 0;
	seep_targets_preload(targets, target);
	return 0;
}
