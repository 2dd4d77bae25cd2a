/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the text report that lists the processes, and how a process is called in it. */
#ifndef SEEP_TEXT_PROCESSES_H
#define SEEP_TEXT_PROCESSES_H

#include "base/buffer.h"
#include "model/snapshot.h"
#include "report/report.h"
#include "text/layout.h"

#define SEEP_TEXT_COMMAND_COLUMNS 20 /* of the name of a program */

/*
 * "PID 7 in container 0123456789ab" behind @before, as far as that is not what everybody sees; else
 * nothing.
 */
void seep_text_append_place(struct seep_buffer *buffer, const char *before,
			    const struct seep_process *process);

/*
 * What is traced: "pid 1234 (server)", of a single process with its name, and @with_place with its
 * place. @columns: at most for the PIDs, the path, the command.
 */
void seep_text_append_scope(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			    size_t columns, bool with_place);

/*
 * A table of the processes; nothing for a single one that lives: the totals are its numbers. 0 or
 * -ENOMEM.
 */
int seep_text_put_processes(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			    const struct seep_report_options *options);

#endif
