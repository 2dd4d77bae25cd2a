// SPDX-License-Identifier: GPL-2.0-only
/*
 * The view in the order in which people ask: what is new, what grows, where, and what it costs to
 * know that. Rows are bounded by --top, groups by CGROUPS_SHOWN; the rest is counted. Names come
 * from the processes and are cleaned.
 */
#include "text/watch.h"

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/touched.h"
#include "report/watched.h"
#include "report/words.h"
#include "text/layout.h"
#include "text/table.h"

#define CGROUPS_SHOWN	5
#define CGROUP_COLUMNS	40
#define SCOPE_COLUMNS	40
#define HEADLINE_INDENT 2

static void put_title(const struct seep_layout *layout, const struct seep_watch_view *view)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_buffer_printf(&line, "%s: ", seep_clock_format_utc(time, view->utc_ns));
	seep_words_append_scope_of(&line, view->scope_type, view->scope_value, SCOPE_COLUMNS);
	seep_layout_wrap(layout, SEEP_STYLE_FAINT, 0, line.data);
	seep_layout_reset(layout, &line);
	seep_watched_append_headline(&line, view);
	seep_layout_wrap(layout,
			 view->num_growing || view->results->num ? SEEP_STYLE_WARNING :
								   SEEP_STYLE_STRONG,
			 0, line.data);
	seep_layout_reset(layout, &line);
}

static void add_columns(struct seep_text_table *table)
{
	seep_text_table_add_column(table, "PID", false);
	seep_text_table_add_column(table, "command", true);
	seep_text_table_add_column(table, "grows", true);
	seep_text_table_add_column(table, "now", false);
	seep_text_table_add_column(table, "rate", false);
	seep_text_table_add_column(table, "full in", false);
	seep_text_table_add_column(table, "state", true);
}

/* Hands on what is in @text as a cell. */
static void add_cell(struct seep_text_table *table, const struct seep_layout *layout,
		     struct seep_buffer *text)
{
	seep_text_table_add_cell(table, text->data);
	seep_layout_reset(layout, text);
}

/* What only grew has no numbers. */
static void add_growth(struct seep_text_table *table, const struct seep_layout *layout,
		       const struct seep_watch_process *process,
		       const struct seep_watch_growth *growth)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	seep_text_table_add_cell(table, growth ? seep_watch_kind(growth->value)->text : "-");
	if (growth)
		seep_watched_append_amount(&text, process, growth->value);
	add_cell(table, layout, &text);
	if (growth)
		seep_watched_append_rate(&text, growth);
	add_cell(table, layout, &text);
	if (growth && seep_watched_has_deadline(&growth->eta_s))
		seep_words_append_seconds(&text, growth->eta_s.value);
	else
		seep_buffer_putc(&text, '-');
	add_cell(table, layout, &text);
}

/*
 * Below the row of a process, as long as it lives, stand its verdict and who touches its new
 * memory.
 */
static void append_remark(struct seep_buffer *text, const struct seep_watch_view *view,
			  const struct seep_watch_process *process)
{
	const struct seep_result *result =
		seep_results_of(view->results, process->pid, process->start_ticks);

	if (result && result->leaks && result->headline)
		seep_buffer_puts(text, result->headline);
	if (!process->touches || !process->touches->samples)
		return;
	if (text->length)
		seep_buffer_putc(text, ' ');
	seep_touched_append(text, process->touches);
}

static void add_process(struct seep_text_table *table, const struct seep_layout *layout,
			const struct seep_watch_view *view,
			const struct seep_watch_process *process)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	size_t rows = process->num_growths ? process->num_growths : 1;

	for (size_t i = 0; i < rows; i++) {
		seep_buffer_printf(&text, "%d", (int)process->pid);
		add_cell(table, layout, &text);
		seep_text_append_clean_elided(&text, process->comm, SEEP_WATCHED_COMMAND_COLUMNS);
		add_cell(table, layout, &text);
		add_growth(table, layout, process,
			   process->num_growths ? &process->growths[i] : NULL);
		seep_text_table_add_cell(table, seep_watch_state_key(process->standing.state));
		if (i + 1 == rows)
			append_remark(&text, view, process);
		seep_text_table_end_row(table, text.data);
		seep_layout_reset(layout, &text);
	}
}

static void put_processes(const struct seep_layout *layout, const struct seep_watch_view *view,
			  size_t top)
{
	struct seep_text_table table;
	size_t shown = view->num_growing < top ? view->num_growing : top;

	if (!shown)
		return;
	seep_text_table_init(&table);
	add_columns(&table);
	for (size_t i = 0; i < shown; i++)
		add_process(&table, layout, view, view->growing[i]);
	seep_text_table_put(&table, layout);
	if (shown < view->num_growing)
		seep_buffer_printf(layout->out, "  ... %zu more process%s\n",
				   view->num_growing - shown,
				   view->num_growing - shown == 1 ? "" : "es");
	seep_text_table_done(&table, layout);
}

static void put_cgroup(const struct seep_layout *layout, const struct seep_watch_cgroup *cgroup)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	char unit[SEEP_UNIT_MAX];

	seep_buffer_puts(&line, "cgroup ");
	seep_text_append_clean_elided(&line, cgroup->path, CGROUP_COLUMNS);
	seep_buffer_printf(&line, ": %s", seep_format_bytes(unit, cgroup->current_bytes));
	if (cgroup->grows < SEEP_WATCH_CGROUP_COUNT) {
		seep_buffer_printf(&line, ", %s grows by ", seep_watch_cgroup_text(cgroup->grows));
		seep_words_append_rate(&line, SEEP_KIND_MEMORY, cgroup->growth.rate.value);
	}
	if (seep_watched_has_deadline(&cgroup->eta_s)) {
		seep_buffer_puts(&line, ", full in ");
		seep_words_append_seconds(&line, cgroup->eta_s.value);
	}
	if (cgroup->pressure_pct > 0)
		seep_buffer_printf(&line, ", waits for memory %.1f %% of the time",
				   cgroup->pressure_pct);
	if (cgroup->new_oom_kills)
		seep_buffer_printf(&line, ", %" PRIu64 " killed for want of memory",
				   cgroup->new_oom_kills);
	seep_layout_wrap(layout, SEEP_STYLE_PLAIN, HEADLINE_INDENT, line.data);
	seep_layout_reset(layout, &line);
}

static void put_cgroups(const struct seep_layout *layout, const struct seep_watch_view *view)
{
	if (view->num_cgroups)
		seep_buffer_putc(layout->out, '\n');
	for (size_t i = 0; i < view->num_cgroups && i < CGROUPS_SHOWN; i++)
		put_cgroup(layout, view->cgroups[i]);
	if (view->num_cgroups > CGROUPS_SHOWN)
		seep_buffer_printf(layout->out, "  ... %zu more cgroups\n",
				   view->num_cgroups - CGROUPS_SHOWN);
}

/* "== server (PID 12), traced for 40.1 s ==": what follows is an answer of its own. */
static void put_result(const struct seep_layout *layout, const struct seep_result *result)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	seep_buffer_puts(&line, "== ");
	seep_watched_append_name(&line, result->comm, result->pid);
	if (result->traced_s > 0) {
		seep_buffer_puts(&line, ", traced for ");
		seep_words_append_seconds(&line, result->traced_s);
	}
	if (result->oom_killed)
		seep_buffer_puts(&line,
				 ", killed by the kernel for want of memory: its last report");
	else if (result->ended)
		seep_buffer_puts(&line, ", has ended: its last report");
	seep_buffer_putc(layout->out, '\n');
	seep_layout_wrap(layout, SEEP_STYLE_STRONG, 3, line.data);
	seep_layout_reset(layout, &line);
	if (result->text)
		seep_buffer_puts(layout->out, result->text);
	else if (result->headline)
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 0, result->headline);
}

static bool is_shown(const struct seep_watch_view *view, const struct seep_result *result)
{
	return result->number >= view->first_new ||
	       (view->final && (result->leaks || result->oom_killed));
}

int seep_text_watch(const struct seep_watch_view *view, const struct seep_report_options *options,
		    struct seep_buffer *buffer)
{
	const struct seep_layout layout = {
		.out = buffer,
		.color = options->color,
		.columns = options->columns,
	};
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	put_title(&layout, view);
	put_processes(&layout, view, options->top);
	put_cgroups(&layout, view);
	for (size_t i = 0; i < view->results->num; i++) {
		if (is_shown(view, &view->results->list[i]))
			put_result(&layout, &view->results->list[i]);
	}
	seep_buffer_putc(buffer, '\n');
	seep_watched_append_cost(&line, view);
	seep_layout_wrap(&layout, SEEP_STYLE_FAINT, 0, line.data);
	seep_layout_reset(&layout, &line);
	seep_buffer_putc(buffer, '\n');
	return buffer->error;
}
