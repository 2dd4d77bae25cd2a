// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_words.h"

#include "verdict/class.h"

/* The kind of the worst site, else memory, else the first that was traced. */
static enum seep_kind first_kind(const struct seep_html_page *page)
{
	const struct seep_answer *answer = page->answer.answer;
	enum seep_kind kind = SEEP_KIND_MEMORY;

	if (answer->num && answer->processes[0].worst)
		return answer->processes[0].worst->kind;
	while (kind + 1 < SEEP_KIND_COUNT && !page->snapshot->totals[kind].traced)
		kind++;
	return kind;
}

/* The words of the lists that the data refers to by number, and of the classes by key. */
void seep_html_write_words(const struct seep_html_page *page, struct seep_json *json)
{
	struct json_object *words = seep_json_new(json);
	struct json_object *kinds = seep_json_new_array(json);
	SEEP_AUTO_BUFFER struct seep_buffer title = SEEP_BUFFER_INIT;
	struct json_object *titles = seep_json_new_array(json);
	struct json_object *nouns = seep_json_new_array(json);
	struct json_object *ends = seep_json_new_array(json);
	struct json_object *classes = seep_json_new(json);

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		seep_json_append_text(json, kinds, seep_kind_key(kind));
		seep_html_append_kind(&title, kind);
		seep_json_append_text(json, titles, title.data);
		seep_buffer_reset(&title);
		seep_json_append_text(json, nouns, seep_kind_noun(kind));
	}
	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++)
		seep_json_append_text(json, ends, seep_end_text(end));
	for (enum seep_class class = 0; class < SEEP_CLASS_COUNT; class ++)
		seep_json_add_text(json, classes, seep_class_key(class), seep_class_text(class));
	seep_json_add(json, words, "kinds", kinds);
	seep_json_add(json, words, "titles", titles);
	seep_json_add(json, words, "nouns", nouns);
	seep_json_add(json, words, "ends", ends);
	seep_json_add(json, words, "classes", classes);
	seep_json_add_int(json, words, "kind", (int)first_kind(page));
	seep_json_add_text(json, words, "metric", seep_metric_key(page->options->metric));
	seep_buffer_puts(json->out, ",\"words\":");
	seep_json_write(json, words);
}
