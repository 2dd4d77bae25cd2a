// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing: every site of both snapshots becomes a row; the rows of one id are joined
 * (join_by_id), then those left over by the names of their functions (join_by_names), and what is
 * left are the changes. Each step sorts the rows and joins neighbours in place, so the memory is
 * one row for each site of both snapshots, and the time that of sorting them.
 */
#include "model/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/numbers.h"

const char *seep_program_of(const struct seep_process *process)
{
	/* A path that ends in a slash has no last part, and is the name as a whole. */
	const char *slash = process->exe ? strrchr(process->exe, '/') : NULL;

	if (slash && slash[1])
		return slash + 1;
	if (process->exe && *process->exe)
		return process->exe;
	return process->comm ? process->comm : "";
}

/* Over all changes of the kind, also those that only one side has. */
void seep_comparison_sum(const struct seep_comparison *comparison, enum seep_kind kind,
			 struct seep_amount *ret_before, struct seep_amount *ret_after)
{
	*ret_before = *ret_after = (struct seep_amount){0};
	for (size_t i = 0; i < comparison->num_changes; i++) {
		if (comparison->changes[i].site->kind != kind)
			continue;
		seep_amount_add(ret_before, &comparison->changes[i].before);
		seep_amount_add(ret_after, &comparison->changes[i].after);
	}
}

/* A change that is being put together, and what it can be found by. */
struct row {
	struct seep_change change;
	struct seep_path path;
};

/* The same thing by its id? */
static int compare_identity(const struct row *a, const struct row *b)
{
	int result = seep_order(a->change.site->kind, b->change.site->kind);

	if (result == 0)
		result = seep_order(a->change.site->id, b->change.site->id);
	return result ? result : strcmp(a->change.program, b->change.program);
}

/* What is there later comes first, and of that the site with the most: it stands for all. */
static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int result = compare_identity(a, b);

	if (result == 0)
		result = seep_order(b->change.after.num_sites, a->change.after.num_sites);
	if (result == 0)
		result = seep_order(b->change.site->live_bytes, a->change.site->live_bytes);
	if (result == 0)
		result = seep_order(a->change.site->process->id, b->change.site->process->id);
	return result;
}

static struct seep_amount amount_of(const struct seep_site *site)
{
	struct seep_amount amount = {
		.num_sites = 1,
		.counts = site->counts,
		.live_objects = site->live_objects,
		.live_bytes = site->live_bytes,
		.estimated = site->sampling != NULL,
	};

	for (enum seep_metric metric = 0; metric < SEEP_METRIC_COUNT; metric++)
		amount.variances[metric] = seep_site_variance(site, metric);
	return amount;
}

/*
 * Adds a row for each site of one side whose kind is compared. What the other side has stays 0
 * until rows are joined. Returns how many were added.
 */
static size_t add_side(const struct seep_side *side, uint32_t kinds, bool later, struct row *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < side->snapshot->num_sites; i++) {
		const struct seep_site *site = &side->snapshot->sites[i];
		struct row *row = &rows[count];

		if (!(kinds & SEEP_KIND_BIT(site->kind)))
			continue;
		*row = (struct row){
			.change = {.site = site, .program = seep_program_of(site->process)},
			.path = side->paths ? side->paths[i] : (struct seep_path){0},
		};
		*(later ? &row->change.after : &row->change.before) = amount_of(site);
		count++;
	}
	return count;
}

/* The row keeps the site and the path that it has; the other one only adds its amounts. */
static void join(struct row *row, const struct row *other)
{
	seep_amount_add(&row->change.before, &other->change.before);
	seep_amount_add(&row->change.after, &other->change.after);
}

/* How many rows are left, sorted. */
static size_t join_by_id(struct row *rows, size_t count)
{
	size_t used = 0;

	qsort(rows, count, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < count; i++) {
		/*
		 * Sorted, all rows of one identity are neighbours, and the first of them stands for
		 * all.
		 */
		if (used && compare_identity(&rows[used - 1], &rows[i]) == 0)
			join(&rows[used - 1], &rows[i]);
		else
			rows[used++] = rows[i];
	}
	return used;
}

/* On one side only, and with names by which it may be found on the other. */
static bool is_lonely(const struct row *row)
{
	return row->path.names && (!row->change.before.num_sites || !row->change.after.num_sites);
}

/* Of rows that are lonely: on the later side, rather than on the earlier one. */
static bool is_after(const struct row *row)
{
	return row->change.after.num_sites > 0;
}

/* Rows of equal names are one thing only within one kind and one program. */
static int compare_path(const struct row *a, const struct row *b)
{
	int result = seep_order(a->change.site->kind, b->change.site->kind);

	if (result == 0)
		result = seep_order(a->path.names, b->path.names);
	return result ? result : strcmp(a->change.program, b->change.program);
}

/* Those to be matched first, side by side if their names are the same; the later side first. */
static int compare_names(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int result = seep_order(is_lonely(b), is_lonely(a));

	if (result == 0)
		result = compare_path(a, b);
	if (result == 0)
		/* are_rebuilt relies on this: the later side in front, and each side by builds. */
		result = seep_order(is_after(b), is_after(a));
	if (result == 0)
		result = seep_order(a->path.builds, b->path.builds);
	return result ? result : compare_rows(left, right);
}

/* May rows of the same names be one thing? Not if two of both sides are of the same build. */
static bool are_rebuilt(const struct row *rows, size_t count)
{
	size_t split = 0;

	while (split < count && is_after(&rows[split]))
		split++;
	/* All are on one side, so there is nothing to match. */
	if (split == 0 || split == count)
		return false;
	/* Both parts are sorted by builds. */
	for (size_t i = 0, j = split; i < split && j < count;) {
		int result = seep_order(rows[i].path.builds, rows[j].path.builds);

		if (result == 0)
			return false;
		if (result < 0)
			i++;
		else
			j++;
	}
	return true;
}

/* How many rows are left. */
static size_t join_by_names(struct row *rows, size_t count)
{
	size_t used = 0, end;

	/*
	 * Lonely rows first, equal names side by side; the others follow and are left as they are.
	 */
	qsort(rows, count, sizeof(*rows), compare_names);
	for (size_t i = 0; i < count; i = end) {
		bool rebuilt;

		/* From i up to end: lonely rows of the same names, or a single row of any sort. */
		end = i + 1;
		while (is_lonely(&rows[i]) && end < count && is_lonely(&rows[end]) &&
		       compare_path(&rows[i], &rows[end]) == 0)
			end++;
		rebuilt = are_rebuilt(&rows[i], end - i);
		for (size_t j = i; j < end; j++) {
			if (j == i || !rebuilt)
				rows[used++] = rows[j];
			else
				join(&rows[used - 1], &rows[j]);
		}
		/* A run that was not joined leaves several rows, and none of them is by names. */
		rows[used - 1].change.by_names = rebuilt;
	}
	return used;
}

/* Equal numbers are no change, even if only one side has the site: it may have nothing live. */
static enum seep_change_type type_of(const struct seep_change *change, enum seep_metric metric)
{
	uint64_t before = seep_amount_metric(&change->before, metric);
	uint64_t after = seep_amount_metric(&change->after, metric);

	if (before == after)
		return SEEP_CHANGE_SAME;
	if (!change->before.num_sites)
		return SEEP_CHANGE_NEW;
	if (seep_change_is_noise(change, metric))
		return SEEP_CHANGE_SAME;
	if (!after)
		return SEEP_CHANGE_GONE;
	return after > before ? SEEP_CHANGE_GREW : SEEP_CHANGE_SHRANK;
}

/*
 * The amount of the change without its sign. INT64_MIN has no positive counterpart, so it is
 * negated unsigned.
 */
static uint64_t size_of(const struct seep_change *change, enum seep_metric metric)
{
	int64_t size = seep_change_of(change, seep_metric_of_kind(metric, change->site->kind));

	return size < 0 ? -(uint64_t)size : (uint64_t)size;
}

/* The order of the report; id and program at the end make it the same in each run. */
static int compare_changes(const void *left, const void *right, void *context)
{
	const struct seep_change *a = left, *b = right;
	enum seep_metric metric = *(const enum seep_metric *)context;
	int result = seep_order(a->site->kind, b->site->kind);

	if (result == 0)
		result = seep_order(a->type, b->type);
	if (result == 0)
		result = seep_order(size_of(b, metric), size_of(a, metric));
	if (result == 0)
		result = seep_order(b->after.live_bytes, a->after.live_bytes);
	if (result == 0)
		result = seep_order(a->site->id, b->site->id);
	return result ? result : strcmp(a->program, b->program);
}

/* Types and order come after joining: before that, a change has one side only. */
static void finish_changes(struct seep_comparison *comparison, const struct row *rows)
{
	for (size_t i = 0; i < comparison->num_changes; i++) {
		struct seep_change *change = &comparison->changes[i];

		*change = rows[i].change;
		change->type = type_of(change,
				       seep_metric_of_kind(comparison->metric, change->site->kind));
		comparison->num_by_names += change->by_names;
	}
	qsort_r(comparison->changes, comparison->num_changes, sizeof(*comparison->changes),
		compare_changes, &comparison->metric);
}

/* The steps in their order; 0 or -ENOMEM. The rows are needed until the changes are copied out. */
static int fill_changes(struct seep_comparison *comparison)
{
	/* Joining only makes fewer of them. */
	size_t max = comparison->before.snapshot->num_sites + comparison->after.snapshot->num_sites;
	SEEP_AUTO_FREE struct row *rows = calloc(max + 1, sizeof(*rows));
	size_t count;

	comparison->changes = calloc(max + 1, sizeof(*comparison->changes));
	if (!rows || !comparison->changes)
		return -ENOMEM;
	count = add_side(&comparison->before, comparison->kinds, false, rows);
	count += add_side(&comparison->after, comparison->kinds, true, rows + count);
	count = join_by_id(rows, count);
	comparison->num_changes = join_by_names(rows, count);
	finish_changes(comparison, rows);
	return 0;
}

/* Both have sites, and none of them is in both. */
static bool is_disjoint(const struct seep_comparison *comparison)
{
	size_t num_before = 0, num_after = 0;

	for (size_t i = 0; i < comparison->num_changes; i++) {
		const struct seep_change *change = &comparison->changes[i];

		if (change->before.num_sites && change->after.num_sites)
			return false;
		num_before += change->before.num_sites;
		num_after += change->after.num_sites;
	}
	return num_before && num_after;
}

/* Only memory is ever estimated. */
static bool is_sampled(const struct seep_comparison *comparison)
{
	return comparison->kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY) &&
	       (seep_snapshot_is_sampled(comparison->before.snapshot) ||
		seep_snapshot_is_sampled(comparison->after.snapshot));
}

int seep_compare(const struct seep_side *before, const struct seep_side *after,
		 const struct seep_compare_options *options,
		 struct seep_comparison **ret_comparison)
{
	uint32_t both =
		seep_snapshot_kinds(before->snapshot) & seep_snapshot_kinds(after->snapshot);
	struct seep_comparison *comparison;

	/* A kind that one side did not trace would look as if all of it were new, or gone. */
	if (!(both & options->kinds))
		return -ENODATA;
	comparison = calloc(1, sizeof(*comparison));
	if (!comparison)
		return -ENOMEM;
	comparison->before = *before;
	comparison->after = *after;
	comparison->metric = options->metric;
	comparison->kinds = both & options->kinds;
	/*
	 * Two moments of one trace have a distance, and were traced alike. Of two traces the
	 * distance means nothing, and there may be doubts.
	 */
	if (options->same_trace)
		comparison->span_ns = after->snapshot->elapsed_ns - before->snapshot->elapsed_ns;
	else
		comparison->doubts =
			seep_doubts_find(before->snapshot, after->snapshot, options->kinds);
	if (fill_changes(comparison)) {
		seep_comparison_free(comparison);
		return -ENOMEM;
	}
	if (comparison->num_by_names)
		comparison->doubts |= 1u << SEEP_DOUBT_BUILDS;
	if (is_disjoint(comparison))
		comparison->doubts |= 1u << SEEP_DOUBT_DISJOINT;
	if (is_sampled(comparison))
		comparison->doubts |= 1u << SEEP_DOUBT_SAMPLED;
	*ret_comparison = comparison;
	return 0;
}

void seep_comparison_free(struct seep_comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->changes);
	free(comparison);
}
