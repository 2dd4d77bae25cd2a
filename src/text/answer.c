// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer in text, in the order of the calls: the headline, of many processes a table of those
 * that need a look, and the sites that also grow. Bounded: PROCESSES_SHOWN rows, PENDING_SHOWN
 * names; the rest is counted.
 */
#include "text/answer.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/words.h"
#include "text/processes.h"
#include "text/table.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

/* Of many processes those that need a look; the others are counted in the headline. */
#define PROCESSES_SHOWN 20

/* Sites that also grow, by name. */
#define PENDING_SHOWN 5
#define NAME_COLUMNS  40 /* of each function in it */

/* What is known of a pool has no other place as long as it is no finding. */
static void put_pool(const struct seep_layout *layout, const struct seep_pool *pool)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	if (!seep_pool_is_known(pool))
		return;
	seep_buffer_puts(&line, "- ");
	seep_text_append_clean(&line, pool->evidence, SIZE_MAX);
	seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 2, line.data);
	seep_layout_reset(layout, &line);
	seep_buffer_puts(&line, "> ");
	seep_text_append_clean(&line, pool->advice, SIZE_MAX);
	seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 2, line.data);
	seep_layout_reset(layout, &line);
}

void seep_text_put_headline(const struct seep_layout *layout, const struct seep_headline *headline)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	bool bad = headline->answer->outcome > SEEP_OUTCOME_NONE;

	seep_headline_append(&line, headline);
	seep_layout_wrap(layout, bad ? SEEP_STYLE_WARNING : SEEP_STYLE_STRONG, 0, line.data);
	seep_layout_reset(layout, &line);
	if (headline->answer->num == 1 && headline->answer->outcome == SEEP_OUTCOME_GROWTH &&
	    headline->answer->processes[0].worst)
		put_pool(layout, headline->answer->processes[0].worst->pool);
	if (headline->answer->command_exit > 0) {
		seep_buffer_printf(&line,
				   "The command ended with exit status %d, which is passed on.",
				   headline->answer->command_exit);
		seep_layout_wrap(layout, SEEP_STYLE_WARNING, 0, line.data);
		seep_layout_reset(layout, &line);
	}
}

/* "17865  leaky_demo  leak  leaks 164 KiB/s in read_headers; ..." */
static void add_process(struct seep_text_table *table, const struct seep_layout *layout,
			const struct seep_headline *headline, const struct seep_answer_process *of)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	seep_buffer_printf(&text, "%d", (int)of->process->pid);
	seep_text_table_add_cell(table, text.data);
	seep_layout_reset(layout, &text);
	seep_text_append_clean_elided(&text, of->process->comm ? of->process->comm : "unknown",
				      SEEP_TEXT_COMMAND_COLUMNS);
	seep_text_table_add_cell(table, text.data);
	seep_layout_reset(layout, &text);
	seep_text_table_add_cell(table, seep_outcome_key(of->outcome));
	seep_headline_append_process(&text, headline, of);
	seep_text_table_end_row(table, text.data);
	seep_layout_reset(layout, &text);
}

/* Those that need a look; returns how many more of them there are. */
static size_t add_processes(struct seep_text_table *table, const struct seep_layout *layout,
			    const struct seep_headline *headline)
{
	const struct seep_answer *answer = headline->answer;

	seep_text_table_add_column(table, "PID", false);
	seep_text_table_add_column(table, "command", true);
	seep_text_table_add_column(table, "answer", true);
	table->sentences = "what";
	for (size_t i = 0; i < answer->num && table->num_rows < PROCESSES_SHOWN; i++) {
		if (answer->processes[i].outcome != SEEP_OUTCOME_NONE)
			add_process(table, layout, headline, &answer->processes[i]);
	}
	return answer->num - answer->counts[SEEP_OUTCOME_NONE] - table->num_rows;
}

void seep_text_put_answers(const struct seep_layout *layout, const struct seep_headline *headline)
{
	struct seep_text_table table;
	size_t more;

	if (headline->answer->num < 2)
		return;
	seep_text_table_init(&table);
	more = add_processes(&table, layout, headline);
	if (table.num_rows)
		seep_text_table_put(&table, layout);
	if (more)
		seep_buffer_printf(layout->out, "  and %zu more\n", more);
	seep_text_table_done(&table, layout);
}

/* Has the headline, or the line of its process, named it already? */
static bool is_named(const struct seep_answer *answer, const struct seep_entry *entry)
{
	for (size_t i = 0; i < answer->num; i++) {
		for (size_t j = 0; answer->processes[i].worst && j < entry->num_sites; j++) {
			if (entry->sites[j] == answer->processes[i].worst)
				return true;
		}
	}
	return false;
}

/* Appends the first of them; how many there are that nothing has named yet. */
static size_t append_pending(struct seep_buffer *line, const struct seep_headline *headline,
			     const struct seep_entries *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < entries->num; i++) {
		const struct seep_entry *entry = &entries->entries[i];

		if (is_named(headline->answer, entry) || count++ >= PENDING_SHOWN)
			continue;
		seep_buffer_puts(line,
				 line->length ? ", " : "Also growing, and not certain to leak: ");
		seep_entry_append_name(line, headline->symbolizer, entry->sites[0], NAME_COLUMNS);
		seep_buffer_puts(line, " (");
		seep_words_append_rate_of(line, entry->sites[0], entry->per_s);
		seep_buffer_putc(line, ')');
	}
	return count;
}

int seep_text_put_pending(const struct seep_layout *layout, const struct seep_headline *headline)
{
	SEEP_AUTO_FREE const struct seep_site **sites = NULL;
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	struct seep_entries entries;
	size_t num, count = 0;
	int error = seep_pending_find(headline->snapshot, headline->answer->findings, &sites, &num);

	if (error)
		return error;
	error = seep_entries_join(sites, num, headline->symbolizer, &entries);
	if (!error)
		count = append_pending(&line, headline, &entries);
	if (count > PENDING_SHOWN)
		seep_buffer_printf(&line, " and %zu more", count - PENDING_SHOWN);
	if (line.length) {
		seep_buffer_puts(&line, ".");
		seep_buffer_putc(layout->out, '\n');
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 0, line.data);
	}
	seep_layout_reset(layout, &line);
	seep_entries_done(&entries);
	return error;
}
