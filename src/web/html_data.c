// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sites are written one after the other into the page; the series of sites and the tables of what
 * they share are collected in buffers and follow, as an object has to be complete. Points of series
 * are thinned by points_for, so that a file stays readable with any number of sites and any length
 * of trace. Text is raw until escape_piece: the element that it is in ends at "<".
 */
#include "web/html_data.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/sampling.h"
#include "verdict/judgement.h"
#include "web/html_history.h"
#include "web/html_tables.h"
#include "web/html_words.h"
#include "json/fields.h"
#include "json/parts.h"

#define MILLIONTHS_MAX 9e15 /* below 2^53: exact in a double */

/* The data while it is written; the page gets it through text. */
struct data {
	struct seep_html_page *page;
	struct seep_html_tables tables;
	struct seep_buffer text; /* hands on to the page, through escape_piece */
	struct seep_json json;	 /* into text */
	struct seep_buffer history;
	size_t site_points; /* that a series of a site may have ... */
	size_t alarms_left; /* ... but so many of those that leak or grow may have more */
};

/*
 * Sink of the text. An element script ends at "</script", and "<!--" in it changes what ends it;
 * JSON has "<" in strings only, where it can be written otherwise. "&" means nothing there.
 */
static int escape_piece(void *context, const void *bytes, size_t length)
{
	struct seep_buffer *out = context;
	const char *at = bytes;
	const char *end = at + length;

	while (at < end) {
		/* The pieces between "<" are copied whole. */
		const char *next = memchr(at, '<', (size_t)(end - at));

		seep_buffer_append(out, at, (size_t)((next ? next : end) - at));
		if (!next)
			break;
		seep_buffer_puts(out, "\\u003c");
		at = next + 1;
	}
	return out->error;
}

/* Six decimals at most, in a way that no locale changes; not finite is null. */
static void write_real(struct seep_buffer *out, double value)
{
	double millionths = value * 1e6;

	if (!isfinite(value))
		seep_buffer_puts(out, ",null");
	else if (fabs(millionths) < MILLIONTHS_MAX)
		/* A whole number with an exponent has no decimal point. */
		seep_buffer_printf(out, ",%" PRId64 "e-6", (int64_t)llround(millionths));
	else
		seep_buffer_printf(out, ",%" PRId64,
				   (int64_t)fmax(-MILLIONTHS_MAX, fmin(value, MILLIONTHS_MAX)));
}

/* The estimate and the ends of its 95 % interval. */
static void write_interval(struct seep_buffer *out, const struct seep_interval *interval)
{
	write_real(out, interval->value);
	write_real(out, interval->low);
	write_real(out, interval->high);
}

/* Texts are written as numbers of the table of strings; NULL has that of "". */
static int write_string(struct data *data, const char *raw)
{
	uint32_t number;
	int error = seep_html_tables_string(&data->tables, raw, &number);

	if (!error)
		seep_buffer_printf(&data->text, ",%" PRIu32, number);
	return error;
}

static int write_strings(struct data *data, const char *const *texts, size_t count)
{
	int error = 0;

	seep_buffer_puts(&data->text, ",[");
	for (size_t i = 0; !error && i < count; i++) {
		uint32_t number;

		error = seep_html_tables_string(&data->tables, texts[i], &number);
		if (!error)
			seep_buffer_printf(&data->text, "%s%" PRIu32, i ? "," : "", number);
	}
	seep_buffer_putc(&data->text, ']');
	return error;
}

/* In the order of write_verdict; words and sentences are strings of the tables. */
static const char verdict_columns[] =
	"[\"confidence\",\"rate\",\"rate_low\",\"rate_high\",\"leaked\",\"leaked_low\","
	"\"leaked_high\",\"eta_s\",\"eta_low_s\",\"eta_high_s\",\"period_s\",\"since_s\","
	"\"class\",\"pattern\",\"sureness\",\"severity\",\"limit\",\"evidence\",\"advice\"]";

/*
 * An array, as verdict_columns names it, or 0 for a site that was not judged: keys for each of
 * thousands of sites would be most of the file.
 */
static int write_verdict(struct data *data, const struct seep_judgement *judgement)
{
	/* What people call the limit; the script shows it as it is. */
	const char *limit =
		judgement && judgement->limit ? seep_html_limit_text(judgement->limit) : NULL;
	struct seep_buffer *out = &data->text;
	int error;

	if (!judgement) {
		seep_buffer_puts(out, ",0");
		return 0;
	}
	/* The first number without a comma. */
	seep_buffer_printf(out, ",[%" PRId64 "e-3", (int64_t)llround(judgement->confidence * 1e3));
	write_interval(out, &judgement->rate);
	write_interval(out, &judgement->leaked);
	write_interval(out, &judgement->eta_s);
	write_real(out, judgement->period_s);
	write_real(out, judgement->since_s);
	/* Words and sentences last, as they have numbers of strings in place of values. */
	error = write_string(data, judgement->class);
	if (!error)
		error = write_string(data, judgement->pattern);
	if (!error)
		error = write_string(data, seep_sureness_key(seep_judgement_sureness(judgement)));
	if (!error)
		error = write_string(data, judgement->severity ?
						   judgement->severity :
						   seep_severity_key(SEEP_SEVERITY_NONE));
	if (!error)
		error = write_string(data, limit);
	if (!error)
		error = write_strings(data, judgement->evidence, judgement->num_evidence);
	if (!error)
		error = write_strings(data, judgement->advice, judgement->num_advice);
	seep_buffer_putc(out, ']');
	return error;
}

/* Without the empty buckets at the end, as in the JSON report. */
static void write_histogram(struct seep_buffer *out, const uint64_t counts[SEEP_LIFETIME_BUCKETS])
{
	size_t used = SEEP_LIFETIME_BUCKETS;

	while (used > 0 && counts[used - 1] == 0)
		used--;
	seep_buffer_puts(out, ",[");
	for (size_t i = 0; i < used; i++)
		seep_buffer_printf(out, "%s%" PRIu64, i ? "," : "", counts[i]);
	seep_buffer_putc(out, ']');
}

/* In the order of write_site. */
static const char site_columns[] =
	"[\"id\",\"process\",\"kind\",\"stack\",\"allocs\",\"frees\",\"alloc_bytes\",\"free_bytes\","
	"\"live_objects\",\"live_bytes\",\"objects_change\",\"bytes_change\",\"oldest_ns\","
	"\"lifetimes\",\"ages\",\"verdict\",\"details\",\"sampling\",\"before\"]";

/* After the first one standard errors, then the share that is never released and its interval. */
static const char sampling_columns[] =
	"[\"seen_objects\",\"allocs\",\"alloc_bytes\",\"live_objects\",\"live_bytes\",\"staying\","
	"\"staying_low\",\"staying_high\"]";

static void write_details(struct data *data, const struct seep_details *details)
{
	struct json_object *object;

	/* 0 is shorter than null, which counts with thousands of sites. */
	if (!details) {
		seep_buffer_puts(&data->text, ",0");
		return;
	}
	object = seep_json_new(&data->json);
	seep_json_add_details(&data->json, object, details);
	seep_buffer_putc(&data->text, ',');
	seep_json_write(&data->json, object);
}

/* In the order of sampling_columns; 0: the numbers are exact. */
static void write_sampling(struct seep_buffer *out, const struct seep_sampling *sampling)
{
	if (!sampling) {
		seep_buffer_puts(out, ",0");
		return;
	}
	seep_buffer_printf(out, ",[%" PRIu64, sampling->seen_objects);
	write_real(out, sampling->allocs_error);
	write_real(out, sampling->alloc_bytes_error);
	write_real(out, sampling->live_objects_error);
	write_real(out, sampling->live_bytes_error);
	write_real(out, sampling->staying);
	write_real(out, sampling->staying_low);
	write_real(out, sampling->staying_high);
	seep_buffer_putc(out, ']');
}

/* The middle columns of a site, from allocs to oldest_ns. */
static void write_numbers(struct seep_buffer *out, const struct seep_site *site)
{
	seep_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			   site->counts.allocs, site->counts.frees, site->counts.alloc_bytes,
			   site->counts.free_bytes);
	seep_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRId64, site->live_objects,
			   site->live_bytes, site->live_objects_change, site->live_bytes_change);
	if (site->oldest_ns == SEEP_UNKNOWN)
		seep_buffer_puts(out, ",null");
	else
		seep_buffer_printf(out, ",%" PRIu64, site->oldest_ns);
}

/* The process and the kind are indexes: of the processes in this object, and of words.kinds. */
static int write_site(struct data *data, const struct seep_site *site)
{
	struct seep_buffer *out = &data->text;
	uint32_t stack;
	int error;

	/* First, because it may write frames and strings, which have buffers of their own. */
	error = seep_html_tables_stack(&data->tables, site, &stack);
	if (error)
		return error;
	seep_buffer_printf(out, "[\"%016" PRIx64 "\",%zu,%d,%" PRIu32, site->id,
			   (size_t)(site->process - data->page->snapshot->processes),
			   (int)site->kind, stack);
	write_numbers(out, site);
	write_histogram(out, site->lifetimes);
	/* Ages that are not known are 0, to tell them from an empty histogram. */
	if (site->ages_known)
		write_histogram(out, site->ages);
	else
		seep_buffer_puts(out, ",0");
	error = write_verdict(data, site->judgement);
	write_details(data, site->details);
	write_sampling(out, site->sampling);
	/* Whether it was there before the trace. */
	seep_buffer_printf(out, ",%d]", seep_origin_of(site->stack) == SEEP_ORIGIN_BEFORE);
	return error;
}

/*
 * Sites that leak or grow get the full resolution, as long as the budget for them lasts; their
 * order is that of the snapshot, so large ones come first.
 */
static size_t points_for(struct data *data, const struct seep_judgement *judgement)
{
	if (data->alarms_left == 0 || !judgement ||
	    !seep_class_grows(seep_judgement_class(judgement)))
		return data->site_points;
	data->alarms_left--;
	return SEEP_HTML_SITE_POINTS;
}

/*
 * Asked for right behind its site and kept in a buffer of its own: a series must not stand between
 * the sites of the array that is open.
 */
static int write_site_series(struct data *data, const struct seep_site *site)
{
	const struct seep_html_history *history = data->page->history;
	struct seep_html_series series = {0};
	int error = history->site(history->context, site, &series);

	if (error)
		return error;
	/* A comma before each series but the first, in the order of the sites. */
	if (data->history.length > 0)
		seep_buffer_putc(&data->history, ',');
	seep_html_series_write(&data->history, &series, seep_kind_is_counted(site->kind),
			       points_for(data, site->judgement));
	return data->history.error;
}

static int write_sites(struct data *data)
{
	const struct seep_snapshot *snapshot = data->page->snapshot;
	int error = 0;

	seep_buffer_printf(
		&data->text,
		",\"site_columns\":%s,\"verdict_columns\":%s,\"sampling_columns\":%s,\"sites\":[",
		site_columns, verdict_columns, sampling_columns);
	for (size_t i = 0; !error && i < snapshot->num_sites; i++) {
		if (i > 0)
			seep_buffer_putc(&data->text, ',');
		error = write_site(data, &snapshot->sites[i]);
		if (!error && data->page->history->site)
			error = write_site_series(data, &snapshot->sites[i]);
	}
	seep_buffer_putc(&data->text, ']');
	return error;
}

/* Kinds that were not traced have no series. */
static void write_total_history(struct data *data)
{
	const struct seep_html_history *history = data->page->history;
	const char *before = "";

	seep_buffer_puts(&data->text, "\"totals\":{");
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (history->totals[kind].num_points == 0)
			continue;
		seep_buffer_printf(&data->text, "%s\"%s\":", before, seep_kind_key(kind));
		seep_html_series_write(&data->text, &history->totals[kind],
				       seep_kind_is_counted(kind), SEEP_HTML_POINTS);
		before = ",";
	}
	seep_buffer_puts(&data->text, "}");
}

/* Processes share the budget of points as sites do: each has at least SEEP_HTML_FEWEST. */
static void write_history(struct data *data)
{
	const struct seep_html_history *history = data->page->history;
	/* Without a history of residents there is an empty array, not one of empty series. */
	size_t count = history->resident ? data->page->snapshot->num_processes : 0;
	size_t max = count ? SEEP_HTML_ALL_POINTS / count : 0;

	max = max > SEEP_HTML_SITE_POINTS ? SEEP_HTML_SITE_POINTS : max;
	max = max < SEEP_HTML_FEWEST ? SEEP_HTML_FEWEST : max;
	seep_buffer_puts(&data->text, ",\"courses\":{");
	write_total_history(data);
	seep_buffer_puts(&data->text, ",\"resident\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			seep_buffer_putc(&data->text, ',');
		seep_html_series_write(&data->text, &history->resident[i], false, max);
	}
	seep_buffer_puts(&data->text, "],\"sites\":[");
	/* The series of sites, which write_sites has collected. */
	seep_buffer_append(&data->text, data->history.data, data->history.length);
	seep_buffer_puts(&data->text, "]}");
}

/* Tables come behind the sites, because these fill them; the tail closes the object. */
static int write_all(struct data *data)
{
	const struct seep_snapshot *snapshot = data->page->snapshot;
	int error;

	seep_json_write_head(&data->json, snapshot);
	seep_json_write_processes(&data->json, snapshot);
	/* The script needs the words to show anything of the sites. */
	seep_html_write_words(data->page, &data->json);
	error = write_sites(data);
	if (error)
		return error;
	write_history(data);
	seep_html_tables_write(&data->tables, &data->json);
	seep_json_write_tail(&data->json, snapshot);
	return seep_buffer_flush(&data->text);
}

/*
 * The budget of points is divided by the number of sites, within limits: a few sites need no more
 * than a chart shows, and of many each keeps its shape.
 */
int seep_html_put_data(struct seep_html_page *page)
{
	size_t num_sites = page->snapshot->num_sites;
	size_t points = num_sites ? SEEP_HTML_ALL_POINTS / num_sites : SEEP_HTML_SITE_POINTS;
	struct data data = {
		.page = page,
		.history = SEEP_BUFFER_INIT,
		.alarms_left = SEEP_HTML_ALL_POINTS / SEEP_HTML_SITE_POINTS,
	};
	int error;

	points = points > SEEP_HTML_SITE_POINTS ? SEEP_HTML_SITE_POINTS : points;
	data.site_points = points < SEEP_HTML_FEWEST ? SEEP_HTML_FEWEST : points;
	seep_buffer_init(&data.text);
	/* Everything below writes into this buffer, and so through the escaping. */
	seep_buffer_set_sink(&data.text, escape_piece, page->out);
	seep_json_init(&data.json, &data.text);
	seep_html_tables_init(&data.tables, page->symbolizer);
	error = write_all(&data);
	seep_html_tables_done(&data.tables);
	seep_json_done(&data.json);
	seep_buffer_done(&data.history);
	seep_buffer_done(&data.text);
	return error;
}
