// SPDX-License-Identifier: GPL-2.0-only
/*
 * The number of tests has to stand in the head, so they are counted first; then findings,
 * suppressed and known sites, kinds without a finding, and the summary follow. At most
 * SEEP_JUNIT_MAX_SITES of each are listed. Each text is put together in a note, which is escaped as
 * a whole when it is put.
 */
#include "formats/junit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/escape.h"
#include "report/intern.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/shorten.h"
#include "report/words.h"
#include "symbol/walk.h"
#include "text/layout.h"
#include "text/sites.h"
#include "verdict/judgement.h"

/* More callers would tell sites apart better, but change with every refactoring. */
#define CALLERS_NAMED 2	 /* in the name of a test */
#define NAME_COLUMNS  80 /* of each function in it */
#define SECOND_LENGTH 19 /* "2026-11-20T10:00:00" */

struct junit {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	const struct seep_report_options *options;
	const struct seep_answer *answer;
	struct seep_buffer *out;
	struct seep_buffer note; /* text being put together: clean, not escaped yet */
	struct seep_strings names;
	uint32_t *times; /* by number of the name: how often it was used */
};

/* The attributes of a test suite; tests includes the kinds that have passed. */
struct tally {
	size_t tests;
	size_t failures;
	size_t skipped;
};

/* The note, escaped; it is empty afterwards. */
static void put_note(struct junit *junit)
{
	seep_report_append_escaped(junit->out, junit->note.data);
	if (junit->note.error && !junit->out->error)
		junit->out->error = junit->note.error;
	seep_buffer_reset(&junit->note);
}

/* The note as the value of an attribute. */
static void put_attribute(struct junit *junit, const char *name)
{
	seep_buffer_printf(junit->out, " %s=\"", name);
	put_note(junit);
	seep_buffer_putc(junit->out, '"');
}

/* Of count sites of a group, those that get a test of their own. */
static size_t listed(size_t count)
{
	return count < SEEP_JUNIT_MAX_SITES ? count : SEEP_JUNIT_MAX_SITES;
}

static bool has_kind(const struct seep_site *const *sites, size_t count, enum seep_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		if (sites[i]->kind == kind)
			return true;
	}
	return false;
}

/* A kind passes if it was traced and has no finding; suppressed and known sites do not fail it. */
static bool has_passed(const struct seep_snapshot *snapshot, const struct seep_findings *findings,
		       enum seep_kind kind)
{
	return snapshot->totals[kind].traced && !has_kind(findings->sites, findings->num, kind);
}

/* Must count exactly what put_sites and put_passed write. */
static struct tally count_tests(const struct seep_snapshot *snapshot,
				const struct seep_findings *findings,
				const struct seep_answer *answer)
{
	struct tally tally = {
		.failures = listed(findings->num),
		.skipped = listed(findings->num_suppressed) + listed(findings->num_known),
	};

	/* The test that stands for the unlisted sites of a group, see put_unlisted. */
	tally.failures += findings->num > SEEP_JUNIT_MAX_SITES;
	tally.skipped += findings->num_suppressed > SEEP_JUNIT_MAX_SITES;
	tally.skipped += findings->num_known > SEEP_JUNIT_MAX_SITES;
	tally.tests = tally.failures + tally.skipped;
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!has_passed(snapshot, findings, kind))
			continue;
		tally.tests++;
		tally.skipped += answer->outcome == SEEP_OUTCOME_UNDECIDED;
	}
	return tally;
}

/* Suites and suite have the same numbers, as there is one suite. JUnit's time is in seconds. */
static void put_tally(struct junit *junit, const struct tally *tally)
{
	uint64_t elapsed_ms = junit->snapshot->elapsed_ns / SEEP_NS_PER_MS;

	seep_buffer_printf(junit->out,
			   " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
			   "time=\"%llu.%03llu\"",
			   tally->tests, tally->failures, tally->skipped,
			   (unsigned long long)elapsed_ms / 1000,
			   (unsigned long long)elapsed_ms % 1000);
}

/* Both elements that are open afterwards are closed by put_all. */
static void put_head(struct junit *junit, const struct tally *tally)
{
	const struct seep_snapshot *snapshot = junit->snapshot;
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_buffer_puts(junit->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				     "<testsuites name=\"seep detect\"");
	put_tally(junit, tally);
	seep_buffer_puts(junit->out, ">\n<testsuite");
	seep_buffer_printf(&junit->note, "seep detect, %s ", snapshot->scope_type);
	seep_text_append_clean(&junit->note, snapshot->scope_value, SIZE_MAX);
	put_attribute(junit, "name");
	put_tally(junit, tally);
	/* The schema wants ISO 8601 without a fraction or zone; the time is UTC. */
	seep_buffer_append(&junit->note, seep_clock_format_utc(time, snapshot->utc_ns),
			   SECOND_LENGTH);
	put_attribute(junit, "timestamp");
	seep_text_append_clean(&junit->note, snapshot->host_name ? snapshot->host_name : "unknown",
			       SIZE_MAX);
	put_attribute(junit, "hostname");
	seep_buffer_puts(junit->out, ">\n");
}

/* A C++ template may fill pages, so names are short; overloads are told apart by a number. */
static void append_function(struct seep_buffer *note, const struct seep_walk *walk)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;

	seep_report_append_short_function(&name, walk->location, walk->line);
	seep_shorten_append_fitting(note, name.data, NAME_COLUMNS);
	if (name.error && !note->error)
		note->error = name.error;
}

/* "buffer_grow (buffer.c), called by handle_request, worker_loop, in server" */
static void append_name(struct junit *junit, const struct seep_site *site)
{
	struct seep_buffer *note = &junit->note;
	struct seep_walk walk;

	if (!seep_naming_walk(junit->symbolizer, site, &walk)) {
		seep_buffer_puts(note, "unknown stack");
	} else {
		append_function(note, &walk);
		/*
		 * The file without its directory and line: a test keeps its name when the line
		 * moves.
		 */
		if (walk.line->source) {
			seep_buffer_puts(note, " (");
			seep_text_append_clean(note, seep_text_basename(walk.line->source),
					       SIZE_MAX);
			seep_buffer_putc(note, ')');
		}
		for (int i = 0; i < CALLERS_NAMED && seep_walk_next(&walk); i++) {
			seep_buffer_puts(note, i ? ", " : ", called by ");
			append_function(note, &walk);
		}
	}
	seep_buffer_puts(note, ", in ");
	seep_text_append_clean(note, site->process->comm ? site->process->comm : "unknown",
			       SIZE_MAX);
}

/* Two tests of the same name are one for many readers. */
static int number_name(struct junit *junit)
{
	uint32_t number;
	int error = seep_strings_get(&junit->names, junit->note.data, &number);

	if (error)
		return error;
	/* The first one has no number, so that a second site does not rename it. */
	if (++junit->times[number] > 1)
		seep_buffer_printf(&junit->note, " #%" PRIu32, junit->times[number]);
	return 0;
}

/* The caller closes the element. An error is of the name table; the XML is whole nevertheless. */
static int open_case(struct junit *junit, const struct seep_site *site)
{
	int error;

	seep_buffer_printf(junit->out, "<testcase classname=\"seep.%s\"",
			   seep_kind_key(site->kind));
	append_name(junit, site);
	error = number_name(junit);
	put_attribute(junit, "name");
	seep_buffer_puts(junit->out, " time=\"0\">\n");
	return error;
}

/* "leak, high: 1.00 MiB/s in server (PID 7), 41.0 MiB in 42,031 objects alive" */
static void append_message(struct junit *junit, const struct seep_site *site)
{
	const struct seep_judgement *judgement = site->judgement;
	struct seep_buffer *note = &junit->note;

	seep_buffer_puts(note, seep_class_key(seep_judgement_class(judgement)));
	if (seep_judgement_severity(judgement) != SEEP_SEVERITY_NONE)
		seep_buffer_printf(note, ", %s",
				   seep_severity_key(seep_judgement_severity(judgement)));
	if (seep_class_grows(seep_judgement_class(judgement))) {
		seep_buffer_puts(note, ": grows by ");
		seep_words_append_rate_of(note, site, judgement->rate.value);
	} else {
		seep_buffer_puts(note, ": not released at the end");
	}
	seep_buffer_puts(note, " in ");
	seep_report_append_process_pid(note, site->process);
	seep_buffer_puts(note, ", ");
	seep_words_append_amount(note, site->kind, site->live_bytes, site->live_objects,
				 site->sampling != NULL);
	seep_buffer_puts(note, " alive");
}

/* What the text report says of a site: verdict, evidence, advice, stack. */
static void put_site_text(struct junit *junit, const struct seep_site *site)
{
	struct seep_layout layout = {.out = &junit->note};

	seep_text_put_one(&layout, junit->snapshot, junit->symbolizer, junit->options, site);
	put_note(junit);
}

static int put_failure(struct junit *junit, const struct seep_site *site)
{
	int error = open_case(junit, site);

	seep_buffer_printf(junit->out, "<failure type=\"%s\"",
			   seep_class_key(seep_judgement_class(site->judgement)));
	append_message(junit, site);
	put_attribute(junit, "message");
	seep_buffer_putc(junit->out, '>');
	put_site_text(junit, site);
	seep_buffer_puts(junit->out, "</failure>\n</testcase>\n");
	return error;
}

static int put_skipped(struct junit *junit, const struct seep_site *site, const char *reason)
{
	int error = open_case(junit, site);

	seep_buffer_puts(junit->out, "<skipped");
	seep_buffer_printf(&junit->note, "%s: ", reason);
	append_message(junit, site);
	put_attribute(junit, "message");
	seep_buffer_puts(junit->out, "/>\n</testcase>\n");
	return error;
}

/* The sites behind the last one that is listed, as one test. */
static void put_unlisted(struct junit *junit, size_t count, const char *what, const char *element)
{
	if (count > SEEP_JUNIT_MAX_SITES)
		seep_buffer_printf(junit->out,
				   "<testcase classname=\"seep\" name=\"sites that are not listed "
				   "(%s)\" time=\"0\">\n<%s message=\"%zu more\"/>\n</testcase>\n",
				   what, element, count - SEEP_JUNIT_MAX_SITES);
}

/* Each group is followed by the test that stands for what is not listed of it. */
static int put_sites(struct junit *junit, const struct seep_findings *findings)
{
	int error = 0;

	for (size_t i = 0; i < listed(findings->num) && !error; i++)
		error = put_failure(junit, findings->sites[i]);
	put_unlisted(junit, findings->num, "failure", "failure");
	for (size_t i = 0; i < listed(findings->num_suppressed) && !error; i++)
		error = put_skipped(junit, findings->suppressed[i], "suppressed");
	put_unlisted(junit, findings->num_suppressed, "suppressed", "skipped");
	for (size_t i = 0; i < listed(findings->num_known) && !error; i++)
		error = put_skipped(junit, findings->known[i], "known in the baseline");
	put_unlisted(junit, findings->num_known, "known", "skipped");
	return error;
}

/*
 * A kind without a finding is a test that passed: a clean run has tests, too. If nothing is decided
 * it has not passed, but that is no failure either.
 */
static void put_passed(struct junit *junit, const struct seep_findings *findings)
{
	bool decided = junit->answer->outcome != SEEP_OUTCOME_UNDECIDED;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!has_passed(junit->snapshot, findings, kind))
			continue;
		seep_buffer_printf(junit->out,
				   "<testcase classname=\"seep.%s\" name=\"no leak found\" "
				   "time=\"0\"%s\n",
				   seep_kind_key(kind), decided ? "/>" : ">");
		if (!decided)
			seep_buffer_printf(junit->out,
					   "<skipped message=\"undecided: %s\"/>\n</testcase>\n",
					   seep_reason_key(junit->answer->reason));
	}
}

/* The verdict as on a terminal, losses included, but for the sites, which are tests. */
static int put_summary(struct junit *junit)
{
	struct seep_report_options options = *junit->options;
	int error;

	options.top = 0;
	error = seep_verdict_render(junit->snapshot, junit->symbolizer, junit->answer, &options,
				    &junit->note);
	seep_buffer_puts(junit->out, "<system-out>");
	put_note(junit);
	seep_buffer_puts(junit->out, "</system-out>\n");
	return error;
}

/* The elements are closed after a failure, too; the caller discards the buffer then. */
static int put_all(struct junit *junit, const struct seep_findings *findings)
{
	struct tally tally = count_tests(junit->snapshot, findings, junit->answer);
	int error;

	put_head(junit, &tally);
	error = put_sites(junit, findings);
	put_passed(junit, findings);
	if (!error)
		error = put_summary(junit);
	seep_buffer_puts(junit->out, "</testsuite>\n</testsuites>\n");
	return error ? error : junit->out->error;
}

int seep_junit_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		      const struct seep_answer *answer, const struct seep_report_options *options,
		      struct seep_buffer *buffer)
{
	const struct seep_findings *findings = answer->findings;
	/*
	 * One for each possible name: no more names than sites. One more, as calloc may return NULL
	 * for 0.
	 */
	SEEP_AUTO_FREE uint32_t *times = calloc(
		findings->num + findings->num_suppressed + findings->num_known + 1, sizeof(*times));
	struct junit junit = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.options = options,
		.answer = answer,
		.out = buffer,
		.times = times,
	};
	int error;

	if (!times)
		return -ENOMEM;
	seep_buffer_init(&junit.note);
	error = put_all(&junit, findings);
	seep_strings_done(&junit.names);
	seep_buffer_done(&junit.note);
	return error;
}
