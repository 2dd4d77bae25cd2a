// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between probe/breakpoints.c, which looks at one mapping, and the targets: rescan.c checks each
 * file that it visits and has lost breakpoints placed again, detach.c only counts them.
 */
#include "target/lost_probes.h"

#include "base/errors.h"
#include "base/log.h"
#include "probe/breakpoints.h"
#include "target/targets_private.h"

void seep_target_check_breakpoints(struct seep_targets *targets, struct seep_target *target,
				   const struct seep_mapping *mapping, const struct seep_file *file,
				   bool again)
{
	size_t lost;
	int error = seep_breakpoints_check(seep_target_probes(targets, target), target->pid,
					   mapping, file, again, &lost);

	/* Counted even if they are placed again: calls in between were missed. */
	*targets->config.lost_probes += lost;
	if (lost)
		seep_debug("process %d has lost %zu probes in \"%s\"%s%s", target->pid, lost,
			   file->path, error ? ": " : "", error ? seep_error_text(-error) : "");
}

void seep_target_count_lost(struct seep_targets *targets, struct seep_target *target)
{
	const struct seep_file *file;
	struct seep_maps maps;

	/* A refused target has no probes, one that has ended no mappings. */
	if (target->refusal || seep_maps_read(target->pid, &maps))
		return;
	for (size_t i = 0; i < maps.num_mappings; i++) {
		if (maps.mappings[i].executable && maps.mappings[i].inode &&
		    seep_files_get(targets->config.files, target->pid, target->root,
				   &maps.mappings[i], &file) == 0)
			seep_target_check_breakpoints(targets, target, &maps.mappings[i], file,
						      false);
	}
	seep_maps_done(&maps);
}
