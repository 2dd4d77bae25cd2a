/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pprof's profile, gzipped. The encoding of a message is that of its parts put together, in any order
 * (Protocol Buffers encoding guide, "Last One Wins"): so sample by sample, location by location is
 * packed as a profile of its own and goes through gzip, and only the string table waits for the end.
 *
 * Frames are offsets in files, pprof wants addresses: every file gets a synthetic range of its own,
 * as large as the offsets of a frame can be.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "formats/gzip.h"
#include "formats/pprof.h"
#include "report/intern.h"
#include "report/losses.h"
#include "report/names.h"
#include "formats/profile.pb-c.h"
#include "report/report.h"
#include "symbol/walk.h"

#define FLUSH_BYTES   65536
#define PAGE_BYTES    4096
#define PID_MAX	      12
#define MAX_VALUES    7 /* four of memory, one of each other kind */
#define NUM_LABELS    3
#define MAX_LOCATIONS (SEEP_MAX_FRAMES + 1) /* and the marker of a partial stack */

/* Keys of markers among those of frames (seep_walk_frame_key): no address is as high. */
#define MARKER_KEY(end) (UINT64_MAX - (end))

/* The values of a sample; those of kinds that are not traced are left out. */
static const struct value_kind {
	enum seep_kind kind;
	enum seep_metric metric;
	const char *type;
	const char *unit;
} value_kinds[MAX_VALUES] = {
	{SEEP_KIND_MEMORY, SEEP_METRIC_ALLOC_OBJECTS, "alloc_objects", "count"},
	{SEEP_KIND_MEMORY, SEEP_METRIC_ALLOC_BYTES, "alloc_space", "bytes"},
	{SEEP_KIND_MEMORY, SEEP_METRIC_LIVE_OBJECTS, "inuse_objects", "count"},
	{SEEP_KIND_MEMORY, SEEP_METRIC_LIVE_BYTES, "inuse_space", "bytes"},
	{SEEP_KIND_MAPPING, SEEP_METRIC_LIVE_BYTES, "mapping_space", "bytes"},
	{SEEP_KIND_THREAD, SEEP_METRIC_LIVE_OBJECTS, "threads", "count"},
	{SEEP_KIND_FD, SEEP_METRIC_LIVE_OBJECTS, "fds", "count"},
};

struct pprof_mapping {
	uint32_t file_text;
	uint32_t build_id_text;
	uint64_t max_offset;
	bool has_files;
	bool has_lines;
	bool has_inlined;
};

struct pprof {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	struct seep_gzip gzip;
	ProtobufCBuffer base; /* packs into packed, see append_packed */
	struct seep_buffer packed;
	struct seep_buffer clean;
	struct seep_strings texts;
	struct seep_numbers locations; /* by frame key; their ids are one more, 0 means none */
	struct seep_numbers functions; /* by name and file */
	struct seep_numbers mappings;  /* by file and build ID */
	struct pprof_mapping *mapping; /* by number */
	size_t capacity;
	int error; /* the first, like that of a buffer */
};

static void keep_error(struct pprof *pprof, int err)
{
	if (err && !pprof->error)
		pprof->error = err;
}

/* Number of a string in the string table, 0 (the empty one) for NULL and after a failure. */
static uint32_t text_number(struct pprof *pprof, const char *text)
{
	uint32_t number = 0;

	if (text)
		keep_error(pprof, seep_strings_get(&pprof->texts, text, &number));
	return number;
}

/* The same for text of a target. */
static uint32_t clean_number(struct pprof *pprof, const char *text)
{
	seep_buffer_reset(&pprof->clean);
	if (text)
		seep_text_append_clean(&pprof->clean, text, SIZE_MAX);
	keep_error(pprof, pprof->clean.error);
	return text_number(pprof, pprof->clean.data);
}

static void append_packed(ProtobufCBuffer *base, size_t length, const uint8_t *bytes)
{
	struct pprof *pprof = (struct pprof *)((char *)base - offsetof(struct pprof, base));

	seep_buffer_append(&pprof->packed, bytes, length);
}

static void flush(struct pprof *pprof)
{
	keep_error(pprof, pprof->packed.error);
	seep_gzip_append(&pprof->gzip, pprof->packed.data, pprof->packed.length);
	seep_buffer_reset(&pprof->packed);
}

/* Packs a part of the profile. */
static void pack(struct pprof *pprof, const struct Seep__Pprof__Profile *part)
{
	protobuf_c_message_pack_to_buffer(&part->base, &pprof->base);
	if (pprof->packed.length >= FLUSH_BYTES)
		flush(pprof);
}

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
	keep_error(pprof, pprof->clean.error);
	name = text_number(pprof, pprof->clean.data);
	file = clean_number(pprof, line->source);
	keep_error(pprof, seep_numbers_get(&pprof->functions, (uint64_t)name << 32 | file, &number,
					   &is_new));
	if (!is_new)
		return (uint64_t)number + 1;

	function.id = (uint64_t)number + 1;
	function.name_text = name;
	function.system_name_text = name;
	function.file_text = file;
	part.n_functions = 1;
	part.functions = &functions;
	pack(pprof, &part);
	return function.id;
}

/* Notes what is known of the location's file; its number, or -1 without a file. */
static int64_t mapping_number(struct pprof *pprof, const struct seep_location *location)
{
	struct pprof_mapping *mapping;
	uint32_t file, build_id, number;
	bool is_new;
	int err;

	if (!location->module)
		return -1;
	file = clean_number(pprof, location->module);
	build_id = clean_number(pprof, location->build_id);
	err = seep_array_reserve(&pprof->mapping, &pprof->capacity, pprof->mappings.count,
				 sizeof(*pprof->mapping));
	if (!err)
		err = seep_numbers_get(&pprof->mappings, (uint64_t)file << 32 | build_id, &number,
				       &is_new);
	if (err) {
		keep_error(pprof, err);
		return -1;
	}
	mapping = &pprof->mapping[number];
	if (is_new)
		*mapping = (struct pprof_mapping){.file_text = file, .build_id_text = build_id};
	if (location->offset > mapping->max_offset)
		mapping->max_offset = location->offset;
	for (size_t i = 0; i < location->num_lines; i++) {
		mapping->has_files |= location->lines[i].source != NULL;
		mapping->has_lines |= location->lines[i].line > 0;
		mapping->has_inlined |= location->lines[i].inlined;
	}
	return number;
}

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
		keep_error(pprof, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < location->num_lines; i++) {
		seep__pprof__line__init(&lines[i]);
		lines[i].function_id = function_id(pprof, location, &location->lines[i]);
		lines[i].line = location->lines[i].line;
		list[i] = &lines[i];
	}
	packed.id = id;
	packed.address = location->offset;
	if (mapping >= 0) {
		packed.mapping_id = (uint64_t)mapping + 1;
		packed.address += mapping_start((uint32_t)mapping);
	}
	packed.n_lines = location->num_lines;
	packed.lines = list;
	part.n_locations = 1;
	part.locations = &locations;
	pack(pprof, &part);
}

/* Adds the id of the location with @key; true if it is new and has to be packed. */
static bool add_location(struct pprof *pprof, Seep__Pprof__Sample *sample, uint64_t key,
			 uint64_t *ret_id)
{
	uint32_t number = 0;
	bool is_new = false;

	if (sample->n_location_ids == MAX_LOCATIONS)
		return false;
	keep_error(pprof, seep_numbers_get(&pprof->locations, key, &number, &is_new));
	*ret_id = (uint64_t)number + 1;
	sample->location_ids[sample->n_location_ids++] = *ret_id;
	return is_new;
}

static void add_frame(struct pprof *pprof, Seep__Pprof__Sample *sample,
		      const struct seep_site *site, uint64_t frame)
{
	uint64_t key = seep_walk_frame_key(pprof->symbolizer, site, frame), id;

	if (add_location(pprof, sample, key, &id))
		pack_location(pprof, id, !(frame & SEEP_FRAME_RAW),
			      seep_symbolizer_resolve(pprof->symbolizer, site->process->id, frame));
}

/* The marker of a partial stack stands where its outer callers are missing. */
static void add_marker(struct pprof *pprof, Seep__Pprof__Sample *sample,
		       const struct seep_stack *stack)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_line line = {0};
	const struct seep_location location = {.num_lines = 1, .lines = &line};
	uint64_t id;

	seep_report_append_marker(&name, stack);
	keep_error(pprof, name.error);
	line.function = name.data;
	if (name.length > 0 &&
	    add_location(pprof, sample, MARKER_KEY(stack->num_frames ? stack->end : SEEP_END_COUNT),
			 &id))
		pack_location(pprof, id, false, &location);
}

static int64_t to_int64(uint64_t value)
{
	return value < INT64_MAX ? (int64_t)value : INT64_MAX;
}

/* How many. */
static size_t fill_values(const struct pprof *pprof, const struct seep_site *site,
			  int64_t values[MAX_VALUES])
{
	size_t count = 0;

	for (size_t i = 0; i < MAX_VALUES; i++) {
		const struct value_kind *value = &value_kinds[i];

		if (!pprof->snapshot->totals[value->kind].traced)
			continue;
		values[count++] = site->kind == value->kind ?
					  to_int64(seep_site_metric(site, value->metric)) :
					  0;
	}
	return count;
}

static void pack_sample(struct pprof *pprof, const struct seep_site *site)
{
	uint64_t location_ids[MAX_LOCATIONS];
	int64_t values[MAX_VALUES];
	Seep__Pprof__Label labels[NUM_LABELS];
	Seep__Pprof__Label *list[NUM_LABELS] = {&labels[0], &labels[1], &labels[2]};
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__Sample sample = SEEP__PPROF__SAMPLE__INIT;
	Seep__Pprof__Sample *samples = &sample;
	char pid[PID_MAX];

	sample.location_ids = location_ids;
	sample.n_values = fill_values(pprof, site, values);
	sample.values = values;
	sample.n_labels = NUM_LABELS;
	sample.labels = list;
	for (size_t i = 0; i < site->stack->num_frames; i++)
		add_frame(pprof, &sample, site, site->stack->frames[i]);
	add_marker(pprof, &sample, site->stack);

	snprintf(pid, sizeof(pid), "%d", (int)site->process->pid);
	for (size_t i = 0; i < NUM_LABELS; i++)
		seep__pprof__label__init(&labels[i]);
	labels[0].key_text = text_number(pprof, "pid");
	labels[0].string_text = text_number(pprof, pid);
	labels[1].key_text = text_number(pprof, "comm");
	labels[1].string_text = clean_number(pprof, site->process->comm);
	labels[2].key_text = text_number(pprof, "kind");
	labels[2].string_text = text_number(pprof, seep_kind_key(site->kind));
	part.n_samples = 1;
	part.samples = &samples;
	pack(pprof, &part);
}

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
	pack(pprof, &part);
}

/* pprof takes the first mapping for the main program. */
static void pack_mappings(struct pprof *pprof)
{
	const struct seep_snapshot *snapshot = pprof->snapshot;
	const char *exe = snapshot->num_processes ? snapshot->processes[0].exe : NULL;
	uint32_t main_text = clean_number(pprof, exe);

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < pprof->mappings.count; i++) {
			if ((pprof->mapping[i].file_text == main_text) == (pass == 0))
				pack_mapping(pprof, i);
		}
	}
}

static Seep__Pprof__ValueType value_type(struct pprof *pprof, const char *type, const char *unit)
{
	Seep__Pprof__ValueType value = SEEP__PPROF__VALUE_TYPE__INIT;

	value.type_text = text_number(pprof, type);
	value.unit_text = text_number(pprof, unit);
	return value;
}

static void pack_head(struct pprof *pprof)
{
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__ValueType types[MAX_VALUES], *list[MAX_VALUES], period;
	const char *fallback = "";

	for (size_t i = 0; i < MAX_VALUES; i++) {
		if (!pprof->snapshot->totals[value_kinds[i].kind].traced)
			continue;
		types[part.n_sample_types] =
			value_type(pprof, value_kinds[i].type, value_kinds[i].unit);
		list[part.n_sample_types] = &types[part.n_sample_types];
		part.n_sample_types++;
		/* The last one of memory, else the first. */
		if (!*fallback || value_kinds[i].kind == SEEP_KIND_MEMORY)
			fallback = value_kinds[i].type;
	}
	period = value_type(pprof, "space", "bytes");
	part.sample_types = list;
	part.default_sample_type_text = text_number(pprof, fallback);
	part.period_type = &period;
	part.period = 1; /* every allocation counts, none is sampled */
	part.time_ns = to_int64(pprof->snapshot->utc_ns);
	part.duration_ns = to_int64(pprof->snapshot->elapsed_ns - pprof->snapshot->since_ns);
	pack(pprof, &part);
}

static void add_since(struct pprof *pprof, Seep__Pprof__Profile *part)
{
	char unit[SEEP_UNIT_MAX];

	seep_buffer_reset(&pprof->clean);
	seep_buffer_printf(&pprof->clean,
			   "since %s into the trace; in use is what grew, by how much it grew",
			   seep_format_duration(unit, pprof->snapshot->since_ns));
	keep_error(pprof, pprof->clean.error);
	part->comment_texts[part->n_comment_texts++] = text_number(pprof, pprof->clean.data);
}

/* What the trace did not see: `go tool pprof -comments` shows it. */
static void pack_comments(struct pprof *pprof)
{
	int64_t comments[SEEP_LOSS_COUNT + 1];
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;

	part.comment_texts = comments;
	if (pprof->snapshot->since_ns)
		add_since(pprof, &part);
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(pprof->snapshot, loss))
			continue;
		seep_buffer_reset(&pprof->clean);
		seep_buffer_printf(&pprof->clean, "loss: %" PRIu64 " %s",
				   pprof->snapshot->losses[loss],
				   seep_report_loss_text(pprof->snapshot, loss));
		keep_error(pprof, pprof->clean.error);
		comments[part.n_comment_texts++] = text_number(pprof, pprof->clean.data);
	}
	pack(pprof, &part);
}

static void pack_texts(struct pprof *pprof)
{
	for (uint32_t i = 0; !pprof->error && i < pprof->texts.count; i++) {
		Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
		char *text = (char *)seep_strings_text(&pprof->texts, i);

		part.n_texts = 1;
		part.texts = &text;
		pack(pprof, &part);
	}
}

static void pack_all(struct pprof *pprof)
{
	const struct seep_snapshot *snapshot = pprof->snapshot;

	text_number(pprof, ""); /* the first of the table */
	pack_head(pprof);
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (site->counts.allocs > 0 || site->live_objects > 0)
			pack_sample(pprof, site);
	}
	pack_mappings(pprof);
	pack_comments(pprof);
	pack_texts(pprof);
	flush(pprof);
}

static int render_pprof(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct pprof pprof = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.base = {.append = append_packed},
	};
	int err;

	(void)options;
	err = seep_gzip_init(&pprof.gzip, buffer);
	if (err)
		return err;
	seep_buffer_init(&pprof.packed);
	seep_buffer_init(&pprof.clean);
	pack_all(&pprof);
	seep_gzip_done(&pprof.gzip);
	seep_buffer_done(&pprof.packed);
	seep_buffer_done(&pprof.clean);
	seep_strings_done(&pprof.texts);
	seep_numbers_done(&pprof.locations);
	seep_numbers_done(&pprof.functions);
	seep_numbers_done(&pprof.mappings);
	free(pprof.mapping);
	return pprof.error ? pprof.error : buffer->error;
}

const struct seep_report_format seep_report_pprof = {
	.name = "pprof",
	.render = render_pprof,
};
