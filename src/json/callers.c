// SPDX-License-Identifier: GPL-2.0-only
#include "json/callers.h"

#include "report/callers.h"
#include "verdict/verdict.h"

/* The sites are referred to by id, as they are members of "sites" already. */
static struct json_object *new_ids(struct seep_json *json, const struct seep_caller_group *group)
{
	struct json_object *array = seep_json_new_array(json);

	for (size_t i = 0; i < group->num_sites; i++)
		seep_json_append_id(json, array, group->sites[i]->id);
	return array;
}

/* "line" is null if the sites call from different lines of the function. */
static void write_group(struct seep_json *json, const struct seep_caller_group *group,
			struct seep_symbolizer *symbolizer)
{
	const struct seep_location *location = seep_caller_group_location(group, symbolizer);
	const struct seep_line *line = seep_location_function(location);
	const struct seep_site *site = group->site;
	struct json_object *object = seep_json_new(json);
	bool has_line = group->in_common && line->line;

	seep_json_add_text(json, object, "function", line->function);
	seep_json_add_text(json, object, "module", location->module);
	seep_json_add_text(json, object, "file", line->source);
	seep_json_add_uint(json, object, "line", has_line ? line->line : SEEP_UNKNOWN);
	seep_json_add_int(json, object, "pid", site->process->pid);
	seep_json_add_text(json, object, "kind", seep_kind_key(site->kind));
	seep_json_add_text(json, object, "class",
			   seep_class_key(group->leak ? SEEP_CLASS_LEAK : SEEP_CLASS_GROWTH));
	seep_json_add_signed(json, object,
			     seep_kind_is_counted(site->kind) ? "rate_objects_per_s" :
								"rate_bytes_per_s",
			     group->per_s);
	seep_json_add(json, object, "sites", new_ids(json, group));
	seep_json_write(json, object);
}

/* The member is left out if no function has several growing sites. */
int seep_json_write_callers(struct seep_json *json, const struct seep_snapshot *snapshot,
			    struct seep_symbolizer *symbolizer)
{
	struct seep_caller_groups groups;
	int error = seep_caller_groups_of_snapshot(snapshot, symbolizer, &groups);

	if (error)
		return error;
	for (size_t i = 0; i < groups.count; i++) {
		seep_buffer_puts(json->out, i ? "," : ",\"callers\":[");
		write_group(json, &groups.groups[i], symbolizer);
	}
	seep_buffer_puts(json->out, groups.count ? "]" : "");
	seep_caller_groups_done(&groups);
	return 0;
}
