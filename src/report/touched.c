// SPDX-License-Identifier: GPL-2.0-only
#include "report/touched.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/words.h"
#include "symbol/walk.h"

/* Functions that are named; and those among which they are, by stacks in order of their share. */
#define SHOWN  3
#define JOINED 64

/* Of a function, or of its place. */
#define NAME_COLUMNS 60

struct function {
	uint64_t key;
	double faults;
	const struct seep_touch_site *site; /* with the largest share of them */
};

/* Goes to the innermost function that says something; to the innermost one if none does. */
static bool find_function(struct seep_symbolizer *symbolizer, const struct seep_touch_site *site,
			  struct seep_walk *ret_walk)
{
	struct seep_walk walk;

	seep_walk_init(&walk, symbolizer, &site->site, SEEP_WALK_INNERMOST_FIRST);
	if (!seep_walk_next(&walk))
		return false;
	*ret_walk = walk;
	do {
		if (!seep_naming_is_common(&walk)) {
			*ret_walk = walk;
			return true;
		}
	} while (seep_walk_next(&walk));
	return true;
}

/* Sites of one function are one. How many functions there are. */
static size_t join(const struct seep_touches *touches, struct function functions[JOINED])
{
	size_t num = 0;

	for (size_t i = 0; i < touches->num_sites; i++) {
		const struct seep_touch_site *site = &touches->sites[i];
		struct seep_walk walk;
		uint64_t key;
		size_t at = 0;

		if (!find_function(touches->symbolizer, site, &walk))
			continue;
		key = seep_walk_function_key(&walk);
		while (at < num && functions[at].key != key)
			at++;
		if (at == JOINED)
			continue;
		if (at == num)
			functions[num++] = (struct function){.key = key, .site = site};
		functions[at].faults += site->faults;
	}
	return num;
}

/* NULL: there is none left. */
static struct function *take_largest(struct function *functions, size_t num)
{
	struct function *largest = NULL;

	for (size_t i = 0; i < num; i++) {
		if (functions[i].site && (!largest || functions[i].faults > largest->faults))
			largest = &functions[i];
	}
	return largest;
}

/* "make_session (FILE:41)"; without lines "make_session (server)" */
static void append_function(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
			    const struct seep_touch_site *site)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_walk walk;

	if (!find_function(symbolizer, site, &walk))
		return;
	seep_report_append_short_function(&name, walk.location, walk.line);
	seep_text_append_clean_elided(buffer, name.data, NAME_COLUMNS);
	if (!walk.line->function)
		return;
	seep_buffer_reset(&name);
	seep_naming_append_place(&name, &walk);
	seep_buffer_puts(buffer, " (");
	seep_text_append_clean_elided(buffer, seep_text_basename(name.data), NAME_COLUMNS);
	seep_buffer_putc(buffer, ')');
}

void seep_touched_append(struct seep_buffer *buffer, const struct seep_touches *touches)
{
	struct function functions[JOINED];
	size_t num = join(touches, functions);
	char count[SEEP_UNIT_MAX];

	seep_buffer_puts(buffer, "New memory is first written in: ");
	for (int i = 0; i < SHOWN; i++) {
		struct function *function = take_largest(functions, num);

		if (!function)
			break;
		append_function(buffer, touches->symbolizer, function->site);
		seep_buffer_printf(buffer, " %.0f %%, ", 100 * function->faults / touches->faults);
		function->site = NULL;
	}
	seep_buffer_printf(buffer, "of %s sample%s in ", seep_format_count(count, touches->samples),
			   touches->samples == 1 ? "" : "s");
	seep_words_append_seconds(buffer, touches->span_s);
	seep_buffer_putc(buffer, '.');
}
