/* SPDX-License-Identifier: GPL-2.0-only */
/* From a file that BPF has met to the file: while it is mapped, or soon after. */
#ifndef SEEP_TARGET_FILE_EVENTS_H
#define SEEP_TARGET_FILE_EVENTS_H

#include "probe/files.h"
#include "seep/abi.h"
#include "target/targets.h"

/*
 * The file of the event, which is of a mapping of the live target; opened, if it is new and that is
 * possible. NULL if nothing is known of it.
 */
const struct seep_file *seep_file_of_event(struct seep_files *files,
					   const struct seep_target *target,
					   const struct seep_file_event *event);

/* Makes sure that all files are known whose code the live target maps now. */
void seep_files_meet_mapped(struct seep_files *files, const struct seep_target *target);

#endif
