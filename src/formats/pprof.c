// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports as gzipped profile.proto, which pprof reads
 * (https://github.com/google/pprof/blob/main/proto/profile.proto). The encoding of a message is
 * that of its parts put together, in any order (Protocol Buffers encoding guide, "Last One Wins"):
 * so sample by sample, location by location is packed as a profile of its own and goes through
 * gzip, and only the string table waits for the end.
 *
 * Frames are offsets in files, pprof wants addresses: every file gets a synthetic range of its own,
 * as large as the offsets of a frame can be.
 *
 * render_pprof writes the head, then the sites with what they need (pprof_places.c), mappings,
 * comments and texts, in this order. Memory grows with the number of different frames and texts,
 * not with that of samples.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "formats/formats.h"
#include "formats/pprof_private.h"
#include "report/losses.h"
#include "report/names.h"
#include "report/report.h"
#include "report/words.h"
#include "seep/functions.h"

/* PID_MAX holds the longest int with its sign and NUL. */
#define PID_MAX	   12
#define MAX_VALUES 8 /* four of what is in use, one of each other kind */
#define NUM_LABELS 3
/* Processes whose values are estimates that a comment is made of. */
#define MAX_SAMPLED 8

/*
 * The values of a sample; those of kinds that are not traced are left out. Objects of a runtime are
 * in other memory than blocks of allocators, so both together are what is in use.
 */
#define IN_USE (SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_KIND_BIT(SEEP_KIND_OBJECT))
static const struct value_kind {
	uint32_t kinds;
	enum seep_metric metric;
	const char *type;
	const char *unit;
} value_kinds[MAX_VALUES] = {
	{IN_USE, SEEP_METRIC_ALLOC_OBJECTS, "alloc_objects", "count"},
	{IN_USE, SEEP_METRIC_ALLOC_BYTES, "alloc_space", "bytes"},
	{IN_USE, SEEP_METRIC_LIVE_OBJECTS, "inuse_objects", "count"},
	{IN_USE, SEEP_METRIC_LIVE_BYTES, "inuse_space", "bytes"},
	{SEEP_KIND_BIT(SEEP_KIND_MAPPING), SEEP_METRIC_LIVE_BYTES, "mapping_space", "bytes"},
	{SEEP_KIND_BIT(SEEP_KIND_THREAD), SEEP_METRIC_LIVE_OBJECTS, "threads", "count"},
	{SEEP_KIND_BIT(SEEP_KIND_FD), SEEP_METRIC_LIVE_OBJECTS, "fds", "count"},
	{SEEP_KIND_BIT(SEEP_KIND_GOROUTINE), SEEP_METRIC_LIVE_OBJECTS, "goroutine", "count"},
};

/*
 * profile.proto: frames whose function matches this are not shown, nor what they call, so that what
 * calls an allocator has its memory. pprof compares names without parameters.
 */
#define DROP_ALLOC(symbol)    "|" #symbol
#define DROP_NEW(symbol)      "|" #symbol
#define DROP_STRING(symbol)   "|" #symbol
#define DROP_REALLOC(symbol)  "|" #symbol
#define DROP_REALLOCF(symbol) "|" #symbol
#define DROP_RENEW(symbol)    "|" #symbol
#define DROP_RESIZE(symbol)   "|" #symbol
#define DROP_CREATE(symbol)   "|" #symbol
#define DROP_FREE(symbol)
#define DROP_JOIN(symbol)
#define DROP_TRYJOIN(symbol)
#define DROP_DETACH(symbol)
#define DROP(symbol, family, role, size, count, pointer, out) DROP_##role(symbol)
static const char drop_frames[] =
	"operator new(\\[\\])?" SEEP_MEMORY_FUNCTIONS(DROP) SEEP_THREAD_FUNCTIONS(DROP);

static int64_t to_int64(uint64_t value)
{
	return value < INT64_MAX ? (int64_t)value : INT64_MAX;
}

/* How many. */
static size_t fill_values(const struct pprof *pprof, const struct seep_site *site,
			  int64_t values[MAX_VALUES])
{
	uint32_t traced = seep_snapshot_kinds(pprof->snapshot);
	size_t count = 0;

	for (size_t i = 0; i < MAX_VALUES; i++) {
		const struct value_kind *value = &value_kinds[i];

		if (!(traced & value->kinds))
			continue;
		values[count++] = SEEP_KIND_BIT(site->kind) & value->kinds ?
					  to_int64(seep_site_metric(site, value->metric)) :
					  0;
	}
	return count;
}

/*
 * A profile with this one sample. Its arrays are on the stack, because packing copies them. Ids of
 * locations are innermost first, as profile.proto wants ("The leaf is at location_id[0]") and as a
 * stack has its frames.
 */
static void pack_sample(struct pprof *pprof, const struct seep_site *site)
{
	uint64_t location_ids[SEEP_PPROF_MAX_LOCATIONS];
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
	/*
	 * Packs locations and functions that are new, which is why the sample is packed after them.
	 */
	for (size_t i = 0; i < site->stack->num_frames; i++) {
		/* Go's own profiles do not have who created a goroutine: it has not called it. */
		if (site->stack->frames[i] == SEEP_ORIGIN_FRAME(SEEP_ORIGIN_CREATOR))
			break;
		seep_pprof_add_frame(pprof, &sample, site, site->stack->frames[i]);
	}
	seep_pprof_add_marker(pprof, &sample, site->stack);

	/* A label of text, not a number: pprof shows and filters it by value (-tagfocus). */
	snprintf(pid, sizeof(pid), "%d", (int)site->process->pid);
	for (size_t i = 0; i < NUM_LABELS; i++)
		seep__pprof__label__init(&labels[i]);
	labels[0].key_text = seep_pprof_text(pprof, "pid");
	labels[0].string_text = seep_pprof_text(pprof, pid);
	labels[1].key_text = seep_pprof_text(pprof, "comm");
	labels[1].string_text = seep_pprof_clean_text(pprof, site->process->comm);
	labels[2].key_text = seep_pprof_text(pprof, "kind");
	labels[2].string_text = seep_pprof_text(pprof, seep_kind_key(site->kind));
	part.n_samples = 1;
	part.samples = &samples;
	seep_pprof_pack(pprof, &part);
}

/* Type and unit are numbers in the string table, as all texts of a profile. */
static Seep__Pprof__ValueType value_type(struct pprof *pprof, const char *type, const char *unit)
{
	Seep__Pprof__ValueType value = SEEP__PPROF__VALUE_TYPE__INIT;

	value.type_text = seep_pprof_text(pprof, type);
	value.unit_text = seep_pprof_text(pprof, unit);
	return value;
}

/*
 * Sample types, period and times. The types are in the order and with the omissions of fill_values,
 * because a value belongs to the type at its index.
 */
static void pack_head(struct pprof *pprof)
{
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;
	Seep__Pprof__ValueType types[MAX_VALUES], *list[MAX_VALUES], period;
	/* The type that pprof shows if none is asked for. */
	const char *fallback = "";

	for (size_t i = 0; i < MAX_VALUES; i++) {
		if (!(seep_snapshot_kinds(pprof->snapshot) & value_kinds[i].kinds))
			continue;
		types[part.n_sample_types] =
			value_type(pprof, value_kinds[i].type, value_kinds[i].unit);
		list[part.n_sample_types] = &types[part.n_sample_types];
		part.n_sample_types++;
		/* The last one of memory, else the first. */
		if (!*fallback || value_kinds[i].kinds == IN_USE)
			fallback = value_kinds[i].type;
	}
	period = value_type(pprof, "space", "bytes");
	part.sample_types = list;
	part.default_sample_type_text = seep_pprof_text(pprof, fallback);
	part.drop_frames_text = seep_pprof_text(pprof, drop_frames);
	part.period_type = &period;
	/* Every allocation counts, or one in so many bytes; what was not seen is part of estimates.
	 */
	part.period = pprof->snapshot->sample_bytes ? to_int64(pprof->snapshot->sample_bytes) : 1;
	part.time_ns = to_int64(pprof->snapshot->utc_ns);
	part.duration_ns = to_int64(pprof->snapshot->elapsed_ns - pprof->snapshot->since_ns);
	seep_pprof_pack(pprof, &part);
}

/* Says in a comment that values are growth since a moment: pprof has no field for it. */
static void add_since(struct pprof *pprof, Seep__Pprof__Profile *part)
{
	char unit[SEEP_UNIT_MAX];

	seep_buffer_reset(&pprof->clean);
	seep_buffer_printf(&pprof->clean,
			   "since %s into the trace; in use is what grew, by how much it grew",
			   seep_format_duration(unit, pprof->snapshot->since_ns));
	seep_pprof_keep_error(pprof, pprof->clean.error);
	part->comment_texts[part->n_comment_texts++] = seep_pprof_text(pprof, pprof->clean.data);
}

/* pprof has no field for values that are estimates either; and it shows no errors. */
static void add_sampled(struct pprof *pprof, Seep__Pprof__Profile *part)
{
	const struct seep_snapshot *snapshot = pprof->snapshot;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->num_processes && count < MAX_SAMPLED; i++) {
		if (!snapshot->processes[i].sampled)
			continue;
		count++;
		seep_buffer_reset(&pprof->clean);
		seep_buffer_puts(&pprof->clean, "values are estimates: ");
		seep_report_append_process_pid(&pprof->clean, &snapshot->processes[i]);
		seep_buffer_puts(&pprof->clean, ", ");
		seep_words_append_tracing(&pprof->clean, &snapshot->processes[i]);
		seep_pprof_keep_error(pprof, pprof->clean.error);
		part->comment_texts[part->n_comment_texts++] =
			seep_pprof_text(pprof, pprof->clean.data);
	}
}

/* What the trace did not see: `go tool pprof -comments` shows it. */
static void pack_comments(struct pprof *pprof)
{
	int64_t comments[SEEP_LOSS_COUNT + MAX_SAMPLED + 1];
	Seep__Pprof__Profile part = SEEP__PPROF__PROFILE__INIT;

	part.comment_texts = comments;
	if (pprof->snapshot->since_ns)
		add_since(pprof, &part);
	add_sampled(pprof, &part);
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(pprof->snapshot, loss))
			continue;
		seep_buffer_reset(&pprof->clean);
		seep_buffer_printf(&pprof->clean, "loss: %" PRIu64 " %s",
				   pprof->snapshot->losses[loss],
				   seep_report_loss_text(pprof->snapshot, loss));
		seep_pprof_keep_error(pprof, pprof->clean.error);
		comments[part.n_comment_texts++] = seep_pprof_text(pprof, pprof->clean.data);
	}
	seep_pprof_pack(pprof, &part);
}

/* profile.proto: string_table[0] is "" (0 means that a text is not set). */
static void pack_all(struct pprof *pprof)
{
	const struct seep_snapshot *snapshot = pprof->snapshot;

	seep_pprof_text(pprof, ""); /* the first of the table */
	pack_head(pprof);
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		/*
		 * A site of which nothing was allocated and nothing is live would be a sample of
		 * zeros.
		 */
		if (site->counts.allocs > 0 || site->live_objects > 0)
			pack_sample(pprof, site);
	}
	seep_pprof_pack_mappings(pprof);
	pack_comments(pprof);
	seep_pprof_pack_texts(pprof);
	/* What is below FLUSH_BYTES is still in the buffer. */
	seep_pprof_flush(pprof);
}

static int render_pprof(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct pprof pprof = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
	};
	int error;

	(void)options;
	/*
	 * The only step that fails at once; the error of all later ones is kept in the profile and
	 * returned at the end.
	 */
	error = seep_gzip_init(&pprof.gzip, buffer);
	if (error)
		return error;
	seep_buffer_init(&pprof.clean);
	seep_pprof_start_packing(&pprof);
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
