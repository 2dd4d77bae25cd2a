// SPDX-License-Identifier: GPL-2.0-only
/*
 * For each process, the worst first, the outcome with what it stands on: how long it was watched,
 * which sites leak or grow. Their functions are those by which people know them, so that a reader
 * need not search the stacks.
 */
#include "json/answer.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "report/headline.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

/* What the answer points to, and what is needed to name it. */
struct answer_json {
	struct seep_json *json;
	const struct seep_answer *answer;
	struct seep_symbolizer *symbolizer;
	const struct seep_site **pending;
	size_t num_pending;
};

static void add_site(struct answer_json *of, struct json_object *list, const struct seep_site *site)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct json_object *object = seep_json_new(of->json);

	seep_entry_append_name(&name, of->symbolizer, site, SIZE_MAX);
	seep_json_add_id(of->json, object, "id", site->id);
	seep_json_add_text(of->json, object, "kind", seep_kind_key(site->kind));
	seep_json_add_text(of->json, object, "function", name.data);
	/* Arenas are judged together with the others of their heap. */
	seep_json_add_text(of->json, object, "class",
			   site->judgement ? site->judgement->class :
					     seep_class_key(SEEP_CLASS_GROWTH));
	seep_json_append(of->json, list, object);
}

/* Findings, and if there are none what grows all the same. */
static struct json_object *new_sites(struct answer_json *of,
				     const struct seep_answer_process *process)
{
	const struct seep_findings *findings = of->answer->findings;
	struct json_object *list = seep_json_new_array(of->json);

	for (size_t i = 0; i < findings->num; i++) {
		if (findings->sites[i]->process == process->process)
			add_site(of, list, findings->sites[i]);
	}
	for (size_t i = 0; !process->num_findings && i < of->num_pending; i++) {
		if (of->pending[i]->process == process->process)
			add_site(of, list, of->pending[i]);
	}
	for (size_t i = 0; process->heap && i < process->heap->num_sites; i++)
		add_site(of, list, process->heap->sites[i]);
	return list;
}

static struct json_object *new_process(struct answer_json *of,
				       const struct seep_answer_process *process)
{
	struct seep_json *json = of->json;
	struct json_object *object = seep_json_new(json);

	seep_json_add_int(json, object, "pid", process->process->pid);
	seep_json_add_text(json, object, "outcome", seep_outcome_key(process->outcome));
	seep_json_add_text(json, object, "reason",
			   process->reason == SEEP_REASON_NONE ? NULL :
								 seep_reason_key(process->reason));
	seep_json_add_real(json, object, "watched_s", process->watched_s);
	seep_json_add_real(json, object, "needed_s", process->needed_s);
	seep_json_add_real(json, object, "visible_rate_bytes_per_s", process->visible_rate);
	seep_json_add_uint(json, object, "outstanding_objects", process->outstanding.blocks);
	seep_json_add_uint(json, object, "outstanding_bytes", process->outstanding.bytes);
	seep_json_add(json, object, "sites", new_sites(of, process));
	return object;
}

static void write_all(struct answer_json *of, const struct seep_snapshot *snapshot,
		      const struct seep_entries *entries)
{
	const struct seep_answer *answer = of->answer;
	struct seep_headline headline = {snapshot, answer, entries, of->symbolizer};
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct json_object *object = seep_json_new(of->json);
	struct json_object *processes = seep_json_new_array(of->json);

	seep_headline_append(&text, &headline);
	seep_json_add_text(of->json, object, "outcome", seep_outcome_key(answer->outcome));
	seep_json_add_text(of->json, object, "reason",
			   answer->reason == SEEP_REASON_NONE ? NULL :
								seep_reason_key(answer->reason));
	seep_json_add_text(of->json, object, "text", text.data);
	if (answer->command_exit >= 0)
		seep_json_add_int(of->json, object, "command_exit", answer->command_exit);
	else
		seep_json_add_null(of->json, object, "command_exit");
	for (size_t i = 0; i < answer->num; i++)
		seep_json_append(of->json, processes, new_process(of, &answer->processes[i]));
	seep_json_add(of->json, object, "processes", processes);
	seep_buffer_puts(of->json->out, ",\"answer\":");
	seep_json_write(of->json, object);
}

int seep_json_write_answer(struct seep_json *json, const struct seep_snapshot *snapshot,
			   const struct seep_answer *answer, struct seep_symbolizer *symbolizer)
{
	SEEP_AUTO_FREE const struct seep_site **pending = NULL;
	struct answer_json of = {.json = json, .answer = answer, .symbolizer = symbolizer};
	struct seep_entries entries;
	int error = seep_pending_find(snapshot, answer->findings, &pending, &of.num_pending);

	if (error)
		return error;
	of.pending = pending;
	error = seep_entries_join(answer->findings->sites, answer->findings->num, symbolizer,
				  &entries);
	if (!error)
		write_all(&of, snapshot, &entries);
	seep_entries_done(&entries);
	return error;
}
