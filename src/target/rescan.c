// SPDX-License-Identifier: GPL-2.0-only
/*
 * One rescan reads /proc/PID/maps, checks whether the target may be probed at all, and visits its
 * executable mappings: the file is looked up or opened, its functions are probed, lost breakpoints
 * are placed again, and code that was moved away is noticed. It repeats as long as probes were
 * added, because a program that is just starting goes on loading. Bounded by the number of
 * mappings.
 */
#include "target/rescan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/log.h"
#include "kernel/processes.h"
#include "proc/maps.h"
#include "stack/code_kind.h"
#include "target/lost_probes.h"
#include "target/safety.h"
#include "target/targets_private.h"

int seep_target_consider_file(struct seep_targets *targets, struct seep_target *target,
			      const struct seep_file *file, uint64_t *missed)
{
	struct seep_probes *probes = seep_target_probes(targets, target);
	enum seep_jit_kind jit = seep_code_jit(file->path, file->fd);
	int result;

	/* A file that nobody may read has no functions for us; one that we have no room for may. */
	if (file->fd < 0) {
		*missed += file->failure == -EMFILE || file->failure == -ENFILE;
		return 0;
	}
	/*
	 * The library of a virtual machine tells BPF how to walk the code that its process makes.
	 */
	if (jit != SEEP_JIT_UNKNOWN)
		seep_kernel_set_jit(targets->config.kernel, target->slot, target->process, jit);
	/* 0 for a file that was probed before: every rescan comes here with every file. */
	result = seep_probes_add(probes, targets->config.kernel, targets->config.variant, file);
	if (result > 0)
		*missed += file->num_unseen > 0;
	if (result >= 0 || result == -ESRCH || result == -ENOMEM)
		return result;
	seep_warn("cannot attach to \"%s\" in process %d: %s; allocations of its "
		  "functions are not seen",
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

/* Is @offset of the file that @like maps in an executable mapping of it? */
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
 * A program that has moved its code to anonymous memory calls functions there that a probe, which
 * is of the file, cannot reach. Says so, once.
 */
static void tell_moved(struct seep_target *target, const struct seep_maps *maps,
		       const struct seep_mapping *mapping, const struct seep_file *file,
		       uint64_t *missed)
{
	size_t count = 0, first = 0;

	/* Backwards, so that `first` ends as the first function in the order of the file. */
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

/* One look at what the target maps. Functions that were added, or -errno. */
static int scan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	struct seep_maps maps;
	/* One snapshot of the mappings serves the checks and the probes of this look. */
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
		/*
		 * Per mapping: know the file, probe it, look for lost breakpoints, and note that
		 * the target has it.
		 */
		result = seep_files_get(targets->config.files, target->pid, target->root, mapping,
					&file);
		if (!result)
			result = seep_target_consider_file(targets, target, file, missed);
		if (result > 0)
			added += result;
		if (result >= 0)
			/*
			 * For files that were probed before; probes that are placed just now are
			 * there.
			 */
			seep_target_check_breakpoints(targets, target, mapping, file, true);
		if (result >= 0)
			tell_moved(target, &maps, mapping, file, missed);
		if (result >= 0 && seep_target_note_file(target, file))
			result = -ENOMEM;
	}
	seep_maps_done(&maps);
	/* What the new one did before them was not seen, and at its exec they will seem to have
	 * been there. */
	if (added > 0 &&
	    seep_kernel_process_id(targets->config.kernel, target->slot) != target->process)
		target->late = true;
	return result < 0 ? result : added;
}

int seep_targets_rescan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed)
{
	const struct seep_probes *probes = seep_target_probes(targets, target);
	int added = 0, result;
	size_t num_links;

	/* A program that starts goes on loading until its loader is probed; so look once more. */
	do {
		num_links = seep_probes_num_links(probes);
		result = scan(targets, target, missed);
		if (result > 0)
			added += result;
	} while (result >= 0 && seep_probes_num_links(probes) != num_links);
	return result < 0 ? result : added;
}
