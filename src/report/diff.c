// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the formats of a comparison share: which symbolizer knows a stack, the folded stack of a
 * change, and the sentences that say why the two sides are hard to compare.
 */
#include "report/diff.h"

#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/fold.h"
#include "report/words.h"

/* A change has the stack of the new side, unless the site is only in the old one. */
struct seep_symbolizer *seep_diff_symbolizer(const struct seep_diff *diff,
					     const struct seep_change *change)
{
	return change->after.num_sites ? diff->after.symbolizer : diff->before.symbolizer;
}

/* The kind is a level of its own if more than one kind is compared (more than one bit is set). */
int seep_diff_fold(const struct seep_diff *diff, const struct seep_change *change, seep_fold_fn fn,
		   void *context)
{
	/* Of the comparison, as bits SEEP_KIND_BIT. */
	const uint32_t kinds = diff->comparison->kinds;
	SEEP_AUTO_BUFFER struct seep_buffer program = SEEP_BUFFER_INIT;

	seep_text_append_clean(&program, change->program[0] ? change->program : "unknown",
			       SIZE_MAX);
	if (program.error)
		return program.error;
	return seep_report_fold_below(program.data, kinds & (kinds - 1),
				      seep_diff_symbolizer(diff, change), change->site, fn,
				      context);
}

/* A comparison needs a kind in both snapshots; those that are in one only are named here. */
static void append_kinds(struct seep_buffer *text, const struct seep_snapshot *before,
			 const struct seep_snapshot *after)
{
	const char *between = "left out: ";

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (before->totals[kind].traced == after->totals[kind].traced)
			continue;
		seep_buffer_printf(text, "%s%s, traced in %s only", between, seep_kind_key(kind),
				   before->totals[kind].traced ? "old" : "new");
		between = "; ";
	}
}

/* 0 is no lower limit and UINT64_MAX no upper one. */
static void append_size(struct seep_buffer *text, uint64_t bytes)
{
	char unit[SEEP_UNIT_MAX];

	if (bytes == 0 || bytes == UINT64_MAX)
		seep_buffer_puts(text, "any size");
	else
		seep_buffer_puts(text, seep_format_bytes(unit, bytes));
}

/* "the smallest objects are of 1.00 KiB in old, of any size in new" */
static void append_sizes(struct seep_buffer *text, const char *limit, uint64_t before,
			 uint64_t after)
{
	seep_buffer_printf(text, "%s are of ", limit);
	append_size(text, before);
	seep_buffer_puts(text, " in old, of ");
	append_size(text, after);
	seep_buffer_puts(text, " in new");
}

static void append_age(struct seep_buffer *text, uint64_t min_age_ns)
{
	char unit[SEEP_UNIT_MAX];

	if (min_age_ns)
		seep_buffer_printf(text, "older than %s", seep_format_duration(unit, min_age_ns));
	else
		seep_buffer_puts(text, "of any age");
}

/* "live objects are older than 30 s in old, of any age in new" */
static void append_ages(struct seep_buffer *text, uint64_t before_ns, uint64_t after_ns)
{
	seep_buffer_puts(text, "live objects are ");
	append_age(text, before_ns);
	seep_buffer_puts(text, " in old, ");
	append_age(text, after_ns);
	seep_buffer_puts(text, " in new");
}

/* One process that was attached late is enough: its objects from before are in no site. */
static const char *attached(const struct seep_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (snapshot->processes[i].attached_late)
			return "attached to later, without what was there before";
	}
	return "traced from its beginning on";
}

/* One of them at least has estimates. */
static const char *sampled_sides(const struct seep_snapshot *before,
				 const struct seep_snapshot *after)
{
	if (!seep_snapshot_is_sampled(after))
		return "old";
	return seep_snapshot_is_sampled(before) ? "both" : "new";
}

/*
 * Says which property of the two traces differs and how, so that a reader can judge what the
 * comparison is worth.
 */
void seep_diff_append_doubt(struct seep_buffer *text, const struct seep_diff *diff,
			    enum seep_doubt doubt)
{
	const struct seep_snapshot *before = diff->comparison->before.snapshot;
	const struct seep_snapshot *after = diff->comparison->after.snapshot;
	char old_unit[SEEP_UNIT_MAX], new_unit[SEEP_UNIT_MAX];

	switch (doubt) {
	case SEEP_DOUBT_KINDS:
		append_kinds(text, before, after);
		break;
	case SEEP_DOUBT_MIN_AGE:
		append_ages(text, before->min_age_ns, after->min_age_ns);
		break;
	case SEEP_DOUBT_MIN_SIZE:
		append_sizes(text, "the smallest objects", before->min_size_bytes,
			     after->min_size_bytes);
		break;
	case SEEP_DOUBT_MAX_SIZE:
		append_sizes(text, "the largest objects", before->max_size_bytes,
			     after->max_size_bytes);
		break;
	case SEEP_DOUBT_LENGTH:
		seep_buffer_printf(text,
				   "old was watched for %s, new for %s: what grows had %s time",
				   seep_format_duration(old_unit, before->elapsed_ns),
				   seep_format_duration(new_unit, after->elapsed_ns),
				   after->elapsed_ns > before->elapsed_ns ? "more" : "less");
		break;
	case SEEP_DOUBT_ATTACHED:
		seep_buffer_printf(text, "old was %s, new was %s", attached(before),
				   attached(after));
		break;
	case SEEP_DOUBT_DISJOINT:
		seep_buffer_puts(text, "no site of old is in new: other programs, or other builds "
				       "without names");
		break;
	case SEEP_DOUBT_PROCESSES:
		seep_words_append_number(text, before->num_processes, "process");
		seep_buffer_printf(text, " in old, %s in new: a site is the sum of all",
				   seep_format_count(new_unit, after->num_processes));
		break;
	case SEEP_DOUBT_BUILDS:
		seep_words_append_number(text, diff->comparison->num_by_names, "site");
		seep_buffer_printf(text,
				   " %s of other builds, and matched by the names of functions",
				   diff->comparison->num_by_names == 1 ? "is" : "are");
		break;
	case SEEP_DOUBT_SAMPLED:
		seep_buffer_printf(
			text,
			"memory of %s was sampled: amounts marked ~ are "
			"estimates, and a site whose difference may be their error counts as "
			"unchanged",
			sampled_sides(before, after));
		break;
	case SEEP_DOUBT_COUNT:
		break;
	}
}
