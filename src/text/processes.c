// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of processes, of the largest PROCESSES_MAX at most, and the phrases for the scope and for
 * where a process lives (container, pod, cgroup), which other text reports use in their heads. What
 * comes from the target is cleaned and cut to its column.
 */
#include "text/processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "report/words.h"
#include "text/table.h"

#define PROCESSES_MAX 20

/* Of a container: so many of its ID's digits, as its engine shows it; or so much of its name. */
#define ENGINE_ID_DIGITS  64
#define CONTAINER_DIGITS  12
#define CONTAINER_COLUMNS 30

void seep_text_append_place(struct seep_buffer *buffer, const char *before,
			    const struct seep_process *process)
{
	/* 0: it is not known. */
	bool other_pid = process->inner_pid && process->inner_pid != process->pid;

	if (!other_pid && !process->container)
		return;
	seep_buffer_puts(buffer, before);
	if (other_pid)
		seep_buffer_printf(buffer, "PID %d ", (int)process->inner_pid);
	if (!process->container) {
		seep_buffer_puts(buffer, "in its own namespace");
		return;
	}
	seep_buffer_puts(buffer, "in container ");
	/*
	 * The id of an engine has 64 hexadecimal digits, of which people see the first twelve
	 * (docker ps); other runtimes give names.
	 */
	if (strspn(process->container, "0123456789abcdef") == ENGINE_ID_DIGITS)
		seep_buffer_append(buffer, process->container, CONTAINER_DIGITS);
	else
		seep_text_append_clean_elided(buffer, process->container, CONTAINER_COLUMNS);
}

void seep_text_append_scope(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			    size_t columns, bool with_place)
{
	/* The first one, which is only used if it is the only one. */
	const struct seep_process *process = snapshot->processes;

	seep_words_append_scope(buffer, snapshot, columns);
	if (snapshot->num_processes != 1 || !process->comm)
		return;
	seep_buffer_puts(buffer, " (");
	seep_text_append_clean_elided(buffer, process->comm, SEEP_TEXT_COMMAND_COLUMNS);
	if (with_place)
		seep_text_append_place(buffer, ", ", process);
	seep_buffer_putc(buffer, ')');
}

/*
 * The largest first, by memory, then by the other kinds. PIDs are used again, so equal ones are
 * told apart by the id of the process, for an order that is the same in every run.
 */
static int compare_processes(const void *left, const void *right)
{
	const struct seep_process *a = *(const struct seep_process *const *)left;
	const struct seep_process *b = *(const struct seep_process *const *)right;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		const struct seep_totals *of_a = &a->totals[kind], *of_b = &b->totals[kind];

		if (of_a->live_bytes != of_b->live_bytes)
			return of_a->live_bytes < of_b->live_bytes ? 1 : -1;
		if (of_a->live_objects != of_b->live_objects)
			return of_a->live_objects < of_b->live_objects ? 1 : -1;
	}
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* The text of an amount; "-" for one that is not known. */
static const char *bytes_or_unknown(char unit[SEEP_UNIT_MAX], uint64_t bytes)
{
	return bytes == SEEP_UNKNOWN ? "-" : seep_format_bytes(unit, bytes);
}

/* What is alive of each traced kind: bytes of kinds that have them, else objects; of memory both.
 */
static void add_live_cells(struct seep_text_table *table, const struct seep_process *process)
{
	char unit[SEEP_UNIT_MAX], bytes[SEEP_UNIT_MAX + 1], count[SEEP_UNIT_MAX + 1];

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		const struct seep_totals *totals = &process->totals[kind];
		bool counted = seep_kind_is_counted((enum seep_kind)kind);

		if (!totals->traced)
			continue;
		snprintf(bytes, sizeof(bytes), "%s%s", seep_words_mark(totals->estimated),
			 seep_format_bytes(unit, totals->live_bytes));
		snprintf(count, sizeof(count), "%s%s", seep_words_mark(totals->estimated),
			 seep_format_count(unit, totals->live_objects));
		if (!counted)
			seep_text_table_add_cell(table, bytes);
		if (counted || kind == SEEP_KIND_MEMORY)
			seep_text_table_add_cell(table, count);
	}
}

static void add_columns(struct seep_text_table *table, const struct seep_snapshot *snapshot)
{
	seep_text_table_add_column(table, "PID", false);
	seep_text_table_add_column(table, "command", true);
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!snapshot->totals[kind].traced)
			continue;
		if (kind != SEEP_KIND_MEMORY) {
			seep_text_table_add_column(table, seep_kind_plural((enum seep_kind)kind),
						   false);
			continue;
		}
		seep_text_table_add_column(table, snapshot->since_ns ? "grown" : "live", false);
		seep_text_table_add_column(table, "objects", false);
	}
	seep_text_table_add_column(table, "resident", false);
	seep_text_table_add_column(table, "before", false);
}

/* With where it lives below it, if that is a container or another PID namespace. */
static void add_process(struct seep_text_table *table, const struct seep_layout *layout,
			const struct seep_process *process)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char unit[SEEP_UNIT_MAX];

	seep_buffer_printf(&text, "%d", (int)process->pid);
	seep_text_table_add_cell(table, text.data);
	seep_layout_reset(layout, &text);
	seep_text_append_clean_elided(&text, process->comm ? process->comm : "unknown",
				      SEEP_TEXT_COMMAND_COLUMNS);
	seep_text_table_add_cell(table, text.data);
	seep_layout_reset(layout, &text);
	add_live_cells(table, process);
	seep_text_table_add_cell(
		table, process->exited ? "exited" : bytes_or_unknown(unit, process->rss_bytes));
	seep_text_table_add_cell(table, process->attached_late ?
						bytes_or_unknown(unit, process->pre_attach_bytes) :
						"-");
	seep_text_append_place(&text, "", process);
	seep_text_table_end_row(table, text.data);
	seep_layout_reset(layout, &text);
}

int seep_text_put_processes(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			    const struct seep_report_options *options)
{
	struct seep_text_table table;
	size_t shown = snapshot->num_processes;
	SEEP_AUTO_FREE const struct seep_process **order = NULL;

	if (shown == 0 || (shown == 1 && !snapshot->processes[0].exited))
		return 0;
	order = calloc(shown, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < shown; i++)
		order[i] = &snapshot->processes[i];
	/* Pointers are sorted: the processes of a snapshot stay in their order. */
	qsort(order, shown, sizeof(*order), compare_processes);
	/* After the sort, so that the largest ones are shown. */
	if (shown > PROCESSES_MAX && !options->verbose)
		shown = PROCESSES_MAX;
	seep_text_table_init(&table);
	add_columns(&table, snapshot);
	for (size_t i = 0; i < shown; i++)
		add_process(&table, layout, order[i]);
	seep_text_table_put(&table, layout);
	if (shown < snapshot->num_processes)
		seep_buffer_printf(layout->out, "  ... %zu more processes\n",
				   snapshot->num_processes - shown);
	seep_text_table_done(&table, layout);
	return 0;
}
