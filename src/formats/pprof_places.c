// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the samples of a profile were taken: functions, locations and mappings (files). Each is
 * packed when the first sample needs it, except for mappings: their length is known only when all
 * locations are. Ids are the numbers of report/intern.h plus one, because 0 means none in a
 * profile.
 *
 * A location has as many lines as the symbolizer gave it (SEEP_SOURCE_SCOPES_MAX at most); how many
 * locations there are is bounded by the sites of the snapshot.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "formats/pprof_private.h"
#include "report/names.h"
#include "symbol/walk.h"

/* A range of addresses ends at a page, as that of a real mapping. */
#define PAGE_BYTES 4096

/* Keys of markers among those of frames (seep_walk_frame_key): no address is as high. */
#define MARKER_KEY(end) (UINT64_MAX - (end))

/*
 * The id of the function of a line, which is packed if it is new. Equal names in different files
 * are different functions.
 */
static uint64_t function_id(struct pprof *pprof, const struct seep_location *location,
			    const struct seep_line *line)
{
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__Function function = SEEP__PPROF__FUNCTION__INIT;
	Seep__Pprof__Function *functions = &function;
	uint32_t name, file, number = 0;
	bool is_new = false;

	seep_buffer_reset(&pprof->clean);
	seep_report_append_function(&pprof->clean, location, line);
	seep_pprof_keep_error(pprof, pprof->clean.error);
	/* The name is put together from location and line, and is clean already. */
	name = seep_pprof_text(pprof, pprof->clean.data);
	file = seep_pprof_clean_text(pprof, line->source);
	seep_pprof_keep_error(pprof,
			      seep_numbers_get(&pprof->functions, (uint64_t)name << 32 | file,
					       &number, &is_new));
	if (!is_new)
		return (uint64_t)number + 1;

	function.id = (uint64_t)number + 1;
	function.name_text = name;
	function.system_name_text = name;
	function.file_text = file;
	part.n_functions = 1;
	part.functions = &functions;
	seep_pprof_pack(pprof, &part);
	return function.id;
}

/* Notes what is known of the location's file; its number, or -1 without a file. */
static int64_t mapping_number(struct pprof *pprof, const struct seep_location *location)
{
	struct pprof_mapping *mapping;
	uint32_t file, build_id, number;
	bool is_new;
	int error;

	if (!location->module)
		return -1;
	file = seep_pprof_clean_text(pprof, location->module);
	build_id = seep_pprof_clean_text(pprof, location->build_id);
	error = seep_array_reserve(&pprof->mapping, &pprof->capacity, pprof->mappings.count,
				   sizeof(*pprof->mapping));
	if (!error)
		error = seep_numbers_get(&pprof->mappings, (uint64_t)file << 32 | build_id, &number,
					 &is_new);
	if (error) {
		seep_pprof_keep_error(pprof, error);
		return -1;
	}
	mapping = &pprof->mapping[number];
	if (is_new)
		*mapping = (struct pprof_mapping){.file_text = file, .build_id_text = build_id};
	/* The mapping is packed last, when the highest offset and the sorts of lines are known. */
	if (location->offset > mapping->max_offset)
		mapping->max_offset = location->offset;
	for (size_t i = 0; i < location->num_lines; i++) {
		mapping->has_files |= location->lines[i].source != NULL;
		mapping->has_lines |= location->lines[i].line > 0;
		mapping->has_inlined |= location->lines[i].inlined;
	}
	return number;
}

/*
 * The synthetic range of a file: no range starts at 0, and an offset cannot reach the next one, as
 * frames have SEEP_FRAME_FILE_SHIFT bits for it.
 */
static uint64_t mapping_start(uint32_t number)
{
	return ((uint64_t)number + 1) << SEEP_FRAME_FILE_SHIFT;
}

/* Code of no file is at an address, which has no place in the range of a mapping. */
static void pack_location(struct pprof *pprof, uint64_t id, bool in_file,
			  const struct seep_location *location)
{
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__Location packed = SEEP__PPROF__LOCATION__INIT;
	Seep__Pprof__Location *locations = &packed;
	SEEP_AUTO_FREE Seep__Pprof__Line *lines = calloc(location->num_lines, sizeof(*lines));
	SEEP_AUTO_FREE Seep__Pprof__Line **list = calloc(location->num_lines, sizeof(*list));
	int64_t mapping = in_file ? mapping_number(pprof, location) : -1;

	if (!lines || !list) {
		seep_pprof_keep_error(pprof, -ENOMEM);
		return;
	}
	/* Several lines: the inlined functions, innermost first, as profile.proto has them. */
	for (size_t i = 0; i < location->num_lines; i++) {
		seep__pprof__line__init(&lines[i]);
		lines[i].function_id = function_id(pprof, location, &location->lines[i]);
		lines[i].line = location->lines[i].line;
		list[i] = &lines[i];
	}
	packed.id = id;
	/* Code of no file keeps its own address. */
	packed.address = location->offset;
	if (mapping >= 0) {
		packed.mapping_id = (uint64_t)mapping + 1;
		packed.address += mapping_start((uint32_t)mapping);
	}
	packed.n_lines = location->num_lines;
	packed.lines = list;
	part.n_locations = 1;
	part.locations = &locations;
	seep_pprof_pack(pprof, &part);
}

/* Adds the id of the location with @key; true if it is new and has to be packed. */
static bool add_location(struct pprof *pprof, Seep__Pprof__Sample *sample, uint64_t key,
			 uint64_t *ret_id)
{
	uint32_t number = 0;
	bool is_new = false;

	/*
	 * Cannot happen with stacks of SEEP_MAX_FRAMES; the array of the sample is on the caller's
	 * stack.
	 */
	if (sample->n_location_ids == SEEP_PPROF_MAX_LOCATIONS)
		return false;
	seep_pprof_keep_error(pprof, seep_numbers_get(&pprof->locations, key, &number, &is_new));
	*ret_id = (uint64_t)number + 1;
	sample->location_ids[sample->n_location_ids++] = *ret_id;
	return is_new;
}

/* A frame that is known already costs a look in the table: it is neither resolved nor packed. */
void seep_pprof_add_frame(struct pprof *pprof, Seep__Pprof__Sample *sample,
			  const struct seep_site *site, uint64_t frame)
{
	uint64_t key = seep_walk_frame_key(pprof->symbolizer, site, frame), id;

	if (add_location(pprof, sample, key, &id))
		pack_location(pprof, id, !(frame & SEEP_FRAME_RAW),
			      seep_symbolizer_resolve(pprof->symbolizer, site->process->id, frame));
}

/* The marker is the outermost location: a function whose name says why the stack ends. */
void seep_pprof_add_marker(struct pprof *pprof, Seep__Pprof__Sample *sample,
			   const struct seep_stack *stack)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_line line = {0};
	const struct seep_location location = {.num_lines = 1, .lines = &line};
	uint64_t id;

	seep_report_append_marker(&name, stack);
	seep_pprof_keep_error(pprof, name.error);
	line.function = name.data;
	if (name.length > 0 &&
	    add_location(pprof, sample, MARKER_KEY(stack->num_frames ? stack->end : SEEP_END_COUNT),
			 &id))
		pack_location(pprof, id, false, &location);
}

/* The range reaches from the start of the file to the page of its highest offset that was seen. */
static void pack_mapping(struct pprof *pprof, uint32_t number)
{
	const struct pprof_mapping *mapping = &pprof->mapping[number];
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__Mapping packed = SEEP__PPROF__MAPPING__INIT;
	Seep__Pprof__Mapping *mappings = &packed;

	packed.id = (uint64_t)number + 1;
	packed.start = mapping_start(number);
	packed.limit = packed.start + (mapping->max_offset / PAGE_BYTES + 1) * PAGE_BYTES;
	packed.file_text = mapping->file_text;
	packed.build_id_text = mapping->build_id_text;
	/* Each location has a name, if only module and offset: nothing is left to symbolise. */
	packed.has_functions = true;
	packed.has_filenames = mapping->has_files;
	packed.has_line_numbers = mapping->has_lines;
	packed.has_inline_frames = mapping->has_inlined;
	part.n_mappings = 1;
	part.mappings = &mappings;
	seep_pprof_pack(pprof, &part);
}

/*
 * Two passes: the file of the first process, then all others. Processes of other programs come from
 * the same snapshot, but pprof knows one main program.
 */
void seep_pprof_pack_mappings(struct pprof *pprof)
{
	const struct seep_snapshot *snapshot = pprof->snapshot;
	const char *exe = snapshot->num_processes ? snapshot->processes[0].exe : NULL;
	uint32_t main_text = seep_pprof_clean_text(pprof, exe);

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < pprof->mappings.count; i++) {
			if ((pprof->mapping[i].file_text == main_text) == (pass == 0))
				pack_mapping(pprof, i);
		}
	}
}
