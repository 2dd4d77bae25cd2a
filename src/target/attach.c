// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding and replacing targets. A running process: check it, make its unwind tables, probe its
 * files, note what it had before, and count from then on. A launched command: probe the files that
 * it will map, count from its exec. A process of the scope that BPF found: take over the slot that
 * BPF gave it. After an exec: a new record and new files for the same slot. Each failure is said
 * here, once, unless the scope brought the process.
 */
#include "target/attach.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/errors.h"
#include "base/log.h"
#include "kernel/address_space.h"
#include "kernel/processes.h"
#include "target/binding.h"
#include "target/coverage.h"
#include "target/detach.h"
#include "target/rescan.h"
#include "target/targets_private.h"

/* To root nobody says that it should be root: something takes a right from it. */
static const char *permission_advice(void)
{
	if (geteuid() != 0)
		return SEEP_NEEDS_PERMISSION;
	if (capng_get_caps_process() == 0 &&
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE))
		return "root has not the capability CAP_SYS_PTRACE here, as in most containers; "
		       "see seep doctor";
	return "a security module (AppArmor, SELinux, Yama), or the user namespace that the "
	       "process is in, forbids it to root";
}

/* Says why @pid cannot be traced, and passes @error on. */
static int explain(pid_t pid, int error)
{
	if (error == -ESRCH)
		seep_error("cannot trace process %d: it has ended", pid);
	else if (error == -EPERM || error == -EACCES)
		seep_error("cannot trace process %d: %s; %s", pid, seep_error_text(-error),
			   permission_advice());
	else if (error == -ENOSPC)
		seep_error("cannot trace process %d: %d processes are traced already, the maximum",
			   pid, SEEP_MAX_PROCESSES);
	else
		seep_error("cannot trace process %d: %s", pid, seep_error_text(-error));
	return error;
}

/* What can be said about @pid before anything is attached. */
static int check_process(const struct seep_targets *targets, pid_t pid,
			 struct seep_proc_info *ret_info)
{
	int error;

	/* /proc/TID exists for every thread, although a listing of /proc shows processes only. */
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
	/* A zombie has no memory and no mappings any more: for a trace it has ended. */
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
			   seep_error_text(-error));
	/* The files come as events, and become tables, before the first stack needs them. */
	seep_tables_drain(targets->config.tables);
}

/* Without any function there is nothing to be traced. */
bool seep_targets_want_functions_only(const struct seep_targets *targets)
{
	return seep_allocators_kinds(targets->config.allocators) == SEEP_KIND_BIT(SEEP_KIND_MEMORY);
}

/* What it has of its own from before it was traced. Counting is on already, so nothing is missed.
 */
static void take_inventory(const struct seep_targets *targets, const struct seep_target *target)
{
	seep_inventory_take(targets->config.inventory, target->pid, target->process, true);
	if (!seep_target_is_brief(target))
		seep_managed_take(targets->config.managed, target->pid, target->process,
				  target->root);
}

/*
 * The order matters in a process at work: tables, probes, and only then "active", so that no call
 * counts before every function is probed. On failure the caller removes the target.
 */
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
	*targets->config.missed_attach += missed;
	if (count < 0)
		return target->by_scope ? count : explain(target->pid, count);
	if (target->refusal && !target->by_scope && seep_targets_want_functions_only(targets)) {
		seep_error(
			"cannot trace process %d: its memory cannot be traced without probes, and probes would harm it",
			target->pid);
		return -EOPNOTSUPP;
	}
	if (!target->num_functions && !target->refusal && !target->by_scope &&
	    seep_targets_want_functions_only(targets)) {
		seep_coverage_explain_none(target);
		/* A file that could not be probed may have been the one with the allocator. */
		return missed ? -EPERM : -ENOENT;
	}
	if (!target->by_scope && !target->refusal)
		seep_coverage_tell_missing(targets->config.allocators, target);
	/* What was allocated before belongs to no site; the report shows it as one number. */
	if (seep_proc_memory_read(target->pid, &memory) == 0)
		target->record->process.pre_attach_bytes = memory.anon_bytes;
	target->record->process.attached_late = true;
	seep_kernel_set_active(targets->config.kernel, target->slot, true);
	take_inventory(targets, target);
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
	error = seep_target_new(targets, &info, &target);
	seep_proc_info_done(&info);
	if (error)
		return by_scope || error == -EALREADY ? error : explain(pid, error);
	target->by_scope = by_scope;
	/* On a failure its slot rests until a reap, because calls may have counted already. */
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
		/*
		 * The record comes before the check below: a process that has ended already had
		 * sites, too.
		 */
		(*ret_record)->by_scope = true;
		error = seep_target_alloc(&info, &target);
	}
	seep_proc_info_done(&info);
	/* Whoever has the PID now may not be who was meant. */
	if (!error && !seep_kernel_is_watched(targets->config.kernel, target->pid, slot)) {
		seep_target_free(target);
		error = -ESRCH;
	}
	if (error) {
		/*
		 * BPF has taken this slot; it is given back with those of removed targets, after a
		 * reap.
		 */
		targets->retired[targets->num_retired++] = slot;
		return error;
	}
	target->slot = slot;
	target->process = event->process;
	target->record = *ret_record;
	target->by_scope = true;
	seep_target_enter(targets, target);
	take_inventory(targets, target);
	if (event->parent)
		note_inherited(target);
	else
		/* It came by an exec, which gave it a new address space: nothing is from before. */
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
	result = seep_target_new(targets, &info, &target);
	seep_proc_info_done(&info);
	if (result)
		return explain(pid, result);
	/*
	 * The waiting child is still a copy of seep: it is not reported, and its exec renames this
	 * record.
	 */
	target->record->before_exec = true;
	for (size_t i = 0; i < num_files && result >= 0; i++) {
		/* The kernel places the breakpoints when the program maps the file. */
		result = seep_target_consider_file(targets, target, files[i], &missed);
		if (result >= 0 && seep_target_note_file(target, files[i]))
			result = -ENOMEM;
	}
	if (result < 0) {
		seep_targets_remove(targets, target);
		return explain(pid, result);
	}
	/* A warning is enough: a library that is loaded later may bring the functions. */
	if (!target->num_functions && seep_targets_want_functions_only(targets))
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
			 const char *comm, bool unbound)
{
	struct seep_processes *processes = targets->config.processes;
	struct seep_proc_info info;
	int error;

	if (seep_proc_info_read(target->pid, &info))
		info_of_ended(target, &info);
	if (comm)
		/*
		 * The name at the time of the exec; by now the program may have given itself
		 * another one.
		 */
		snprintf(info.comm, sizeof(info.comm), "%s", comm);
	/* From here on the target is the new program; the rest may fail without undoing that. */
	target->process = id;
	target->refusal = SEEP_REFUSAL_NONE;
	/* Those of a thread that is gone do not come along. */
	if (target->probes.thread || unbound) {
		seep_target_drop_probes(target);
		seep_target_bind(targets, target);
	}
	/* What was found out about the old program. */
	target->moved = false;
	target->late = false;
	/* Overlay inodes of the old image may not be its own any more (probe/inodes.h). */
	seep_files_forget(targets->config.files, target->pid);
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
	take_inventory(targets, target);
	seep_targets_preload(targets, target);
	return 0;
}
