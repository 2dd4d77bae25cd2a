// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings, modules, frames and stacks get their numbers when a site needs them first, and their
 * JSON is written at that moment into a buffer for each table; at the end the buffers are copied
 * out. So each is resolved once, and memory grows with what is different, not with the number of
 * sites.
 */
#include "web/html_tables.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "flame/colors.h"
#include "report/names.h"
#include "report/naming.h"
#include "symbol/walk.h"

void seep_html_tables_init(struct seep_html_tables *tables, struct seep_symbolizer *symbolizer)
{
	memset(tables, 0, sizeof(*tables));
	tables->symbolizer = symbolizer;
	seep_buffer_init(&tables->module_text);
	seep_buffer_init(&tables->frame_text);
	seep_buffer_init(&tables->stack_text);
	seep_buffer_init(&tables->short_text);
	seep_buffer_init(&tables->scratch);
}

void seep_html_tables_done(struct seep_html_tables *tables)
{
	seep_strings_done(&tables->strings);
	seep_numbers_done(&tables->modules);
	seep_numbers_done(&tables->frames);
	seep_numbers_done(&tables->shared);
	seep_numbers_done(&tables->stacks);
	seep_buffer_done(&tables->module_text);
	seep_buffer_done(&tables->frame_text);
	seep_buffer_done(&tables->stack_text);
	seep_buffer_done(&tables->short_text);
	seep_numbers_done(&tables->shortened);
	seep_buffer_done(&tables->scratch);
}

/* Strings are stored clean, so that two raw ones that look the same are one. */
int seep_html_tables_string(struct seep_html_tables *tables, const char *raw, uint32_t *ret_number)
{
	seep_buffer_reset(&tables->scratch);
	seep_text_append_clean(&tables->scratch, raw ? raw : "", SIZE_MAX);
	if (tables->scratch.error)
		return tables->scratch.error;
	return seep_strings_get(&tables->strings, tables->scratch.data, ret_number);
}

/* Called before an element: a comma, unless it is the first. */
static void separate(struct seep_buffer *text)
{
	if (text->length > 0)
		seep_buffer_putc(text, ',');
}

static int get_module(struct seep_html_tables *tables, const struct seep_location *location,
		      uint32_t *ret_number)
{
	uint32_t path, build;
	bool is_new;
	int error;

	error = seep_html_tables_string(tables, location->module, &path);
	if (!error)
		error = seep_html_tables_string(tables, location->build_id, &build);
	if (!error)
		/*
		 * Both numbers have 32 bits, so a pair is one key. Two builds of a path are two
		 * modules.
		 */
		error = seep_numbers_get(&tables->modules, (uint64_t)path << 32 | build, ret_number,
					 &is_new);
	if (error || !is_new)
		return error;
	separate(&tables->module_text);
	seep_buffer_printf(&tables->module_text, "[%" PRIu32 ",%" PRIu32 ",%u]", path, build,
			   seep_flame_module_color(location->module));
	return 0;
}

/* Writes the short form of the name with this number, once, if it is another one. */
static int write_short(struct seep_html_tables *tables, const struct seep_location *location,
		       const struct seep_line *line, uint32_t name)
{
	uint32_t number, short_name;
	bool is_new;
	int error;

	error = seep_numbers_get(&tables->shortened, name, &number, &is_new);
	if (error || !is_new)
		return error;
	seep_buffer_reset(&tables->scratch);
	seep_report_append_short_function(&tables->scratch, location, line);
	if (tables->scratch.error)
		return tables->scratch.error;
	error = seep_strings_get(&tables->strings, tables->scratch.data, &short_name);
	if (error || short_name == name)
		return error;
	separate(&tables->short_text);
	seep_buffer_printf(&tables->short_text, "[%" PRIu32 ",%" PRIu32 "]", name, short_name);
	return 0;
}

/* The name that is shown, which is an address if there is none. */
static int get_function(struct seep_html_tables *tables, const struct seep_location *location,
			const struct seep_line *line, uint32_t *ret_number)
{
	int error;

	seep_buffer_reset(&tables->scratch);
	seep_report_append_function(&tables->scratch, location, line);
	error = tables->scratch.error;
	if (!error)
		error = seep_strings_get(&tables->strings, tables->scratch.data, ret_number);
	return error ? error : write_short(tables, location, line, *ret_number);
}

/* Module and offset, then three numbers for each function of the frame. */
static int write_frame(struct seep_html_tables *tables, const struct seep_location *location)
{
	uint32_t module, function, source;
	int error;

	error = get_module(tables, location, &module);
	if (error)
		return error;
	separate(&tables->frame_text);
	seep_buffer_printf(&tables->frame_text, "[%" PRIu32 ",%" PRIu64, module, location->offset);
	for (size_t i = 0; i < location->num_lines; i++) {
		const struct seep_line *line = &location->lines[i];

		error = get_function(tables, location, line, &function);
		if (!error)
			error = seep_html_tables_string(tables, line->source, &source);
		if (error)
			return error;
		seep_buffer_printf(&tables->frame_text, ",%" PRIu32 ",%" PRIu32 ",%u", function,
				   source, line->line);
	}
	seep_buffer_putc(&tables->frame_text, ']');
	return 0;
}

/* A frame is resolved when its number is new; the key has the process in it where that matters. */
static int get_frame(struct seep_html_tables *tables, const struct seep_site *site, uint64_t frame,
		     uint32_t *ret_number)
{
	uint64_t key = seep_walk_frame_key(tables->symbolizer, site, frame);
	bool is_new;
	int error;

	error = seep_numbers_get(&tables->frames, key, ret_number, &is_new);
	if (error || !is_new)
		return error;
	return write_frame(tables,
			   seep_symbolizer_resolve(tables->symbolizer, site->process->id, frame));
}

/*
 * End and index of the naming function, then the frames. New frames are written meanwhile, but into
 * a buffer of their own.
 */
static int write_stack(struct seep_html_tables *tables, const struct seep_site *site)
{
	const struct seep_stack *stack = site->stack;
	struct seep_buffer *text = &tables->stack_text;
	uint32_t number;
	int error;

	separate(text);
	seep_buffer_printf(text, "[%d,%zu", (int)stack->end,
			   seep_naming_index(tables->symbolizer, site));
	for (size_t i = 0; i < stack->num_frames; i++) {
		error = get_frame(tables, site, stack->frames[i], &number);
		if (error)
			return error;
		seep_buffer_printf(text, ",%" PRIu32, number);
	}
	seep_buffer_putc(text, ']');
	return 0;
}

/* Code of no file is another one in each process, so such a stack is too. */
static bool is_of_process(const struct seep_stack *stack)
{
	for (size_t i = 0; i < stack->num_frames; i++) {
		if (stack->frames[i] & SEEP_FRAME_RAW)
			return true;
	}
	return false;
}

/*
 * The number of a stack, which is written if it is new. Sites of several processes share it, unless
 * it has code of no file.
 */
int seep_html_tables_stack(struct seep_html_tables *tables, const struct seep_site *site,
			   uint32_t *ret_number)
{
	/* Process ids begin with 1: see SEEP_PROCESS_NEXT. */
	uint64_t process = is_of_process(site->stack) ? site->process->id : UINT32_MAX;
	uint32_t shared;
	bool is_new;
	int error;

	/* Equal stacks of a snapshot are one object (model/snapshot.h), so the address is a key. */
	error = seep_numbers_get(&tables->shared, (uintptr_t)site->stack, &shared, &is_new);
	if (!error)
		error = seep_numbers_get(&tables->stacks, process << 32 | shared, ret_number,
					 &is_new);
	if (error || !is_new)
		return error;
	return write_stack(tables, site);
}

/* The text of a table has the elements; here it gets its key and brackets. */
static void write_table(struct seep_json *json, const char *key, const struct seep_buffer *text)
{
	seep_buffer_printf(json->out, ",\"%s\":[", key);
	seep_buffer_append(json->out, text->data, text->length);
	seep_buffer_putc(json->out, ']');
	if (text->error && !json->out->error)
		json->out->error = text->error;
}

/* Strings are cleaned and escaped by json-c; the other tables are numbers only. */
void seep_html_tables_write(struct seep_html_tables *tables, struct seep_json *json)
{
	struct json_object *array = seep_json_new_array(json);

	for (uint32_t i = 0; i < tables->strings.count; i++)
		seep_json_append_text(json, array, seep_strings_text(&tables->strings, i));
	seep_buffer_puts(json->out, ",\"strings\":");
	seep_json_write(json, array);
	write_table(json, "short", &tables->short_text);
	write_table(json, "modules", &tables->module_text);
	write_table(json, "frames", &tables->frame_text);
	write_table(json, "stacks", &tables->stack_text);
}
