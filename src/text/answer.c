// SPDX-License-Identifier: GPL-2.0-only
#include "text/answer.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/words.h"
#include "text/processes.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

/* Of many processes those that need a look; the others are counted in the headline. */
#define PROCESSES_SHOWN 20

/* Sites that also grow, by name. */
#define PENDING_SHOWN 5

#define OUTCOME_COLUMNS 9

void seep_text_put_headline(const struct seep_layout *layout, const struct seep_headline *headline)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	bool bad = headline->answer->outcome > SEEP_OUTCOME_NONE;

	seep_headline_append(&line, headline);
	seep_layout_wrap(layout, bad ? SEEP_STYLE_WARNING : SEEP_STYLE_STRONG, 0, line.data);
	seep_layout_reset(layout, &line);
	if (headline->answer->command_exit > 0) {
		seep_buffer_printf(&line,
				   "The command ended with exit status %d, which is passed on.",
				   headline->answer->command_exit);
		seep_layout_wrap(layout, SEEP_STYLE_WARNING, 0, line.data);
		seep_layout_reset(layout, &line);
	}
}

/* "  17865  leaky_demo       leak       leaks 164 KiB/s in read_headers; ..." */
static void put_process(const struct seep_layout *layout, const struct seep_headline *headline,
			const struct seep_answer_process *of)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	size_t indent = 11 + SEEP_TEXT_COMMAND_COLUMNS;

	seep_text_append_clean_elided(&line, of->process->comm ? of->process->comm : "unknown",
				      SEEP_TEXT_COMMAND_COLUMNS);
	seep_buffer_printf(layout->out, "  %7d  %s", (int)of->process->pid, line.data);
	seep_layout_pad(layout, SEEP_TEXT_COMMAND_COLUMNS - seep_text_columns(line.data));
	seep_layout_reset(layout, &line);
	seep_buffer_printf(layout->out, "  %-*s  ", OUTCOME_COLUMNS, seep_outcome_key(of->outcome));
	seep_headline_append_process(&line, headline, of);
	seep_layout_wrap(layout, SEEP_STYLE_PLAIN, indent + OUTCOME_COLUMNS + 4, line.data);
	seep_layout_reset(layout, &line);
}

void seep_text_put_answers(const struct seep_layout *layout, const struct seep_headline *headline)
{
	const struct seep_answer *answer = headline->answer;
	size_t shown = 0;

	if (answer->num < 2)
		return;
	for (size_t i = 0; i < answer->num; i++) {
		const struct seep_answer_process *of = &answer->processes[i];

		if (of->outcome == SEEP_OUTCOME_NONE || shown == PROCESSES_SHOWN)
			continue;
		if (!shown++)
			seep_buffer_printf(layout->out, "\n  %7s  %-*s  %-*s  %s\n", "PID",
					   SEEP_TEXT_COMMAND_COLUMNS, "command", OUTCOME_COLUMNS,
					   "answer", "what");
		put_process(layout, headline, of);
	}
	if (answer->num - answer->counts[SEEP_OUTCOME_NONE] > shown)
		seep_buffer_printf(layout->out, "  and %zu more\n",
				   answer->num - answer->counts[SEEP_OUTCOME_NONE] - shown);
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
		seep_entry_append_name(line, headline->symbolizer, entry->sites[0]);
		seep_buffer_puts(line, " (");
		seep_words_append_rate(line, entry->sites[0]->kind, entry->per_s);
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
