// SPDX-License-Identifier: GPL-2.0-only
#include "report/names.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/shorten.h"

/*
 * An unnamed function is known by module and offset in the file; code of no file by its address,
 * which location->offset has then.
 */
void seep_report_append_function(struct seep_buffer *buffer, const struct seep_location *location,
				 const struct seep_line *line)
{
	if (line->function && line->function[0]) {
		seep_text_append_clean(buffer, line->function, SIZE_MAX);
		return;
	}
	if (location->module) {
		seep_text_append_clean(buffer, seep_text_basename(location->module), SIZE_MAX);
		seep_buffer_putc(buffer, '+');
	}
	seep_buffer_printf(buffer, "0x%" PRIx64, location->offset);
}

void seep_report_append_short_function(struct seep_buffer *buffer,
				       const struct seep_location *location,
				       const struct seep_line *line)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	/* What a runtime calls its code has brackets of its own. */
	bool generated = location->module && strcmp(location->module, SEEP_JIT_MODULE) == 0;

	if (generated || !line->function) {
		seep_report_append_function(buffer, location, line);
		return;
	}
	seep_report_append_function(&name, location, line);
	seep_shorten_append(buffer, name.data);
	if (name.error && !buffer->error)
		buffer->error = name.error;
}

static void append_command(struct seep_buffer *buffer, const struct seep_process *process)
{
	bool named = process->comm && process->comm[0];

	seep_text_append_clean(buffer, named ? process->comm : "unknown", SIZE_MAX);
}

void seep_report_append_process(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				const struct seep_process *process)
{
	append_command(buffer, process);
	/*
	 * The PID would make stacks of different runs differ, so it is added only where it is
	 * needed.
	 */
	if (snapshot->num_processes > 1)
		seep_buffer_printf(buffer, "-%d", (int)process->pid);
}

void seep_report_append_process_pid(struct seep_buffer *buffer, const struct seep_process *process)
{
	append_command(buffer, process);
	seep_buffer_printf(buffer, " (PID %d)", (int)process->pid);
}

void seep_report_append_marker(struct seep_buffer *buffer, const struct seep_stack *stack)
{
	/* The brackets tell a marker from a function: flamegraph.c draws it in another colour. */
	if (stack->num_frames == 0)
		seep_buffer_puts(buffer, "[no stack]");
	else if (stack->end != SEEP_END_COMPLETE)
		seep_buffer_printf(buffer, "[partial: %s]", seep_end_key(stack->end));
}

const char *seep_report_metric_text(enum seep_metric metric)
{
	static const char *const texts[SEEP_METRIC_COUNT] = {
		[SEEP_METRIC_LIVE_BYTES] = "live bytes",
		[SEEP_METRIC_LIVE_OBJECTS] = "live objects",
		[SEEP_METRIC_ALLOC_BYTES] = "bytes allocated",
		[SEEP_METRIC_ALLOC_OBJECTS] = "objects allocated",
	};

	return texts[metric];
}
