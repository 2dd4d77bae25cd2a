// SPDX-License-Identifier: GPL-2.0-only
#include "text/callers.h"

#include <math.h>

#include "base/text.h"
#include "report/callers.h"
#include "report/naming.h"
#include "report/shorten.h"

/* Groups are few lines above the list of sites; the rest is counted. */
#define CALLERS_SHOWN	 5
#define FUNCTION_COLUMNS 40 /* of a correlated */
#define HUNDREDTHS	 100

static bool has_site(const struct seep_entry *entry, const struct seep_site *site)
{
	for (size_t i = 0; i < entry->num_sites; i++) {
		if (entry->sites[i] == site)
			return true;
	}
	return false;
}

/* Whether one entry is all of the group: then the entry itself says how many sites it has. */
static bool is_of_one_entry(const struct seep_caller_group *group,
			    const struct seep_entries *entries)
{
	for (size_t i = 0; entries && i < entries->num; i++) {
		if (!has_site(&entries->entries[i], group->sites[0]))
			continue;
		for (size_t j = 1; j < group->num_sites; j++) {
			if (!has_site(&entries->entries[i], group->sites[j]))
				return false;
		}
		return true;
	}
	return false;
}

/* A sentence for each of the fastest groups; nothing at all without groups. */
static void put_groups(const struct seep_layout *layout, struct seep_symbolizer *symbolizer,
		       const struct seep_caller_groups *groups, const struct seep_entries *entries)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;
	size_t count = 0;

	for (size_t i = 0; i < groups->count; i++) {
		if (is_of_one_entry(&groups->groups[i], entries) || count++ >= CALLERS_SHOWN)
			continue;
		if (count == 1)
			seep_buffer_putc(layout->out, '\n');
		seep_layout_reset(layout, &line);
		seep_caller_group_append(&line, &groups->groups[i], symbolizer);
		seep_buffer_putc(&line, '.');
		seep_layout_wrap(layout, SEEP_STYLE_WARNING, 0, line.data);
	}
	seep_layout_reset(layout, &line);
	if (count > CALLERS_SHOWN) {
		seep_buffer_printf(&line, "%zu more functions have several sites that grow.",
				   count - CALLERS_SHOWN);
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 0, line.data);
		seep_layout_reset(layout, &line);
	}
}

/* Of sites that the caller chose: the findings of a verdict. */
int seep_text_put_callers(const struct seep_layout *layout, struct seep_symbolizer *symbolizer,
			  const struct seep_findings *findings, const struct seep_entries *entries)
{
	struct seep_caller_groups groups;
	int error = seep_caller_groups_find(findings->sites, findings->num, symbolizer, &groups);

	if (error)
		return error;
	put_groups(layout, symbolizer, &groups, entries);
	seep_caller_groups_done(&groups);
	return 0;
}

/* Of all sites of the snapshot that grow. */
int seep_text_put_callers_of_snapshot(const struct seep_layout *layout,
				      struct seep_symbolizer *symbolizer,
				      const struct seep_snapshot *snapshot)
{
	struct seep_caller_groups groups;
	int error = seep_caller_groups_of_snapshot(snapshot, symbolizer, &groups);

	if (error)
		return error;
	put_groups(layout, symbolizer, &groups, NULL);
	seep_caller_groups_done(&groups);
	return 0;
}

/* "buffer_grow (0.97), handle_request (0.93)": what grows with a site, and how closely. */
void seep_text_append_correlated(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
				 const struct seep_judgement *judgement)
{
	for (size_t i = 0; i < judgement->num_correlated; i++) {
		const struct seep_correlated *correlated = &judgement->correlated[i];
		SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
		/* Made from an integer: %f would write the decimal point of the locale. */
		int hundredths = (int)lround(correlated->correlation * HUNDREDTHS);

		/* A site is named by its function, a measure of the process by its words. */
		if (correlated->site)
			seep_naming_append(&name, symbolizer, correlated->site);
		else
			seep_text_append_clean(
				&name, seep_correlated_measure_text(correlated->measure), SIZE_MAX);
		seep_buffer_puts(buffer, i ? ", " : "");
		seep_shorten_append_fitting(buffer, name.data, FUNCTION_COLUMNS);
		seep_buffer_printf(buffer, " (%d.%02d)", hundredths / HUNDREDTHS,
				   hundredths % HUNDREDTHS);
	}
}
