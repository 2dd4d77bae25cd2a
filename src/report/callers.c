// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups come from model/callers.h, which finds the calls that stacks have in common; here they get
 * names and rates. Called by text, JSON and HTML with the sites that grow: few, so that groups are
 * searched linearly. A stack is named from its outermost frame, because it is the callers that are
 * in common.
 */
#include "report/callers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/names.h"
#include "report/words.h"
#include "verdict/judgement.h"

/* Never NULL: code that is not known has a location with one line, too. */
static const struct seep_location *resolve(struct seep_symbolizer *symbolizer,
					   const struct seep_site *site, uint64_t frame)
{
	return seep_symbolizer_resolve(symbolizer, site->process->id, frame);
}

/*
 * Compared by name, since two frames of one function have different offsets; functions without a
 * name are never the same.
 */
static bool is_same_function(const struct seep_location *a, const struct seep_location *b)
{
	const char *function = seep_location_function(a)->function;
	const char *other = seep_location_function(b)->function;

	return function && other && strcmp(function, other) == 0;
}

/*
 * Through a pointer one call leads to different functions: then they share only the one that calls.
 */
static void name_function(struct seep_caller_group *group, size_t from_outermost,
			  struct seep_symbolizer *symbolizer)
{
	/*
	 * Stacks differ in length below the common part, so the frame is counted from the outermost
	 * one.
	 */
	const struct seep_stack *first = group->site->stack;
	uint64_t frame = first->frames[first->num_frames - from_outermost];
	const struct seep_location *location = resolve(symbolizer, group->site, frame);

	group->frame = frame;
	/* Until a site proves otherwise. */
	group->in_common = true;
	for (size_t i = 0; i < group->num_sites; i++) {
		const struct seep_stack *stack = group->sites[i]->stack;
		uint64_t other = stack->frames[stack->num_frames - from_outermost];

		if (other == frame)
			continue;
		/* Another frame: perhaps the same function, but never the same line. */
		group->in_common = false;
		if (is_same_function(location, resolve(symbolizer, group->sites[i], other)))
			continue;
		/*
		 * One frame further out: the caller of the functions that differ, which all stacks
		 * share.
		 */
		group->frame = first->frames[first->num_frames - from_outermost + 1];
		group->in_common = true;
		return;
	}
}

/* A rate that is not known (NAN) makes the sum unknown. */
static void add_up(struct seep_caller_group *group)
{
	group->leak = true;
	for (size_t i = 0; i < group->num_sites; i++) {
		const struct seep_judgement *judgement = group->sites[i]->judgement;

		group->leak &= seep_judgement_class(judgement) == SEEP_CLASS_LEAK;
		group->per_s += judgement->rate.value;
	}
}

/*
 * By kind, then by rate, the fastest first; unknown rates come last, as NAN compares with nothing.
 */
static int compare_groups(const void *left, const void *right)
{
	const struct seep_caller_group *a = left;
	const struct seep_caller_group *b = right;

	if (a->site->kind != b->site->kind)
		return a->site->kind < b->site->kind ? -1 : 1;
	if (isnan(a->per_s) || isnan(b->per_s))
		return isnan(a->per_s) - isnan(b->per_s);
	return (a->per_s < b->per_s) - (a->per_s > b->per_s);
}

/* Distributes the sites over the groups: @of has the group of each. */
static void fill(struct seep_caller_groups *groups, const struct seep_site *const *sites,
		 size_t num_sites, const struct seep_caller *callers, const size_t *of)
{
	size_t used = 0;

	/* Each group has a part of the one array of sites, as long as the number of its sites. */
	for (size_t i = 0; i < groups->count; i++) {
		groups->groups[i].sites = groups->sites + used;
		used += callers[i].num_sites;
	}
	/* The sites of a group keep the order in which they were given. */
	for (size_t i = 0; i < num_sites; i++) {
		struct seep_caller_group *group;

		if (of[i] == SEEP_CALLERS_NONE)
			continue;
		group = &groups->groups[of[i]];
		group->sites[group->num_sites++] = sites[i];
	}
}

static bool is_of_same_function(const struct seep_caller_group *a,
				const struct seep_caller_group *b,
				struct seep_symbolizer *symbolizer)
{
	return a->site->kind == b->site->kind && a->site->process == b->site->process &&
	       is_same_function(resolve(symbolizer, a->site, a->frame),
				resolve(symbolizer, b->site, b->frame));
}

static void take_over(struct seep_caller_group *group, const struct seep_caller_group *other)
{
	for (size_t i = 0; i < other->num_sites; i++)
		group->sites[group->num_sites++] = other->sites[i];
	group->leak &= other->leak;
	group->per_s += other->per_s;
	group->in_common = false;
}

/*
 * Several places of one function that each have a group are one to people: a loop that the compiler
 * has unrolled, say. 0 or -ENOMEM.
 */
static int merge(struct seep_caller_groups *groups, size_t num_sites,
		 struct seep_symbolizer *symbolizer)
{
	const struct seep_site **sites = calloc(num_sites + 1, sizeof(*sites));
	size_t count = 0, used = 0;

	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < groups->count; i++) {
		struct seep_caller_group group = groups->groups[i];

		/* One that has been taken over has no sites any more. */
		if (!group.num_sites)
			continue;
		memcpy(sites + used, group.sites, group.num_sites * sizeof(*sites));
		group.sites = sites + used;
		for (size_t j = i + 1; j < groups->count; j++) {
			struct seep_caller_group *other = &groups->groups[j];

			if (!other->num_sites || !is_of_same_function(&group, other, symbolizer))
				continue;
			take_over(&group, other);
			other->num_sites = 0;
		}
		used += group.num_sites;
		groups->groups[count++] = group;
	}
	free(groups->sites);
	groups->sites = sites;
	groups->count = count;
	return 0;
}

int seep_caller_groups_find(const struct seep_site *const *sites, size_t num_sites,
			    struct seep_symbolizer *symbolizer,
			    struct seep_caller_groups *ret_groups)
{
	SEEP_AUTO_FREE struct seep_caller *callers = NULL;
	SEEP_AUTO_FREE size_t *of = calloc(num_sites + 1, sizeof(*of));
	struct seep_caller_groups groups = {0};
	int error = of ? 0 : -ENOMEM;

	if (!error)
		error = seep_callers_find(sites, num_sites, &callers, &groups.count, of);
	if (error)
		return error;
	/* One more than is needed, as calloc may return NULL for 0. */
	groups.groups = calloc(groups.count + 1, sizeof(*groups.groups));
	groups.sites = calloc(num_sites + 1, sizeof(*groups.sites));
	if (!groups.groups || !groups.sites) {
		seep_caller_groups_done(&groups);
		return -ENOMEM;
	}
	fill(&groups, sites, num_sites, callers, of);
	for (size_t i = 0; i < groups.count; i++) {
		/* Names come last: they need the sites of the group. */
		groups.groups[i].site = callers[i].site;
		add_up(&groups.groups[i]);
		name_function(&groups.groups[i],
			      callers[i].site->stack->num_frames - callers[i].frame, symbolizer);
	}
	error = merge(&groups, num_sites, symbolizer);
	if (error) {
		seep_caller_groups_done(&groups);
		return error;
	}
	qsort(groups.groups, groups.count, sizeof(*groups.groups), compare_groups);
	*ret_groups = groups;
	return 0;
}

int seep_caller_groups_of_snapshot(const struct seep_snapshot *snapshot,
				   struct seep_symbolizer *symbolizer,
				   struct seep_caller_groups *ret_groups)
{
	SEEP_AUTO_FREE const struct seep_site **sites =
		calloc(snapshot->num_sites + 1, sizeof(*sites));
	size_t count = 0;

	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_judgement *judgement = snapshot->sites[i].judgement;

		/* A snapshot without judgements has no groups. */
		if (judgement && seep_class_grows(seep_judgement_class(judgement)))
			sites[count++] = &snapshot->sites[i];
	}
	return seep_caller_groups_find(sites, count, symbolizer, ret_groups);
}

void seep_caller_groups_done(struct seep_caller_groups *groups)
{
	free(groups->groups);
	free(groups->sites);
	*groups = (struct seep_caller_groups){0};
}

const struct seep_caller_group *seep_caller_group_of(const struct seep_caller_groups *groups,
						     const struct seep_site *site)
{
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t j = 0; j < groups->groups[i].num_sites; j++) {
			if (groups->groups[i].sites[j] == site)
				return &groups->groups[i];
		}
	}
	return NULL;
}

const struct seep_location *seep_caller_group_location(const struct seep_caller_group *group,
						       struct seep_symbolizer *symbolizer)
{
	return resolve(symbolizer, group->site, group->frame);
}

void seep_caller_group_append_function(struct seep_buffer *buffer,
				       const struct seep_caller_group *group,
				       struct seep_symbolizer *symbolizer)
{
	const struct seep_location *location = seep_caller_group_location(group, symbolizer);
	const struct seep_line *line = seep_location_function(location);

	seep_report_append_short_function(buffer, location, line);
	if (!line->source)
		return;
	seep_buffer_puts(buffer, " (");
	seep_text_append_clean(buffer, line->source, SIZE_MAX);
	/* Different lines of one function cannot be shown as one. */
	if (group->in_common && line->line)
		seep_buffer_printf(buffer, ":%u", line->line);
	seep_buffer_putc(buffer, ')');
}

void seep_caller_group_append(struct seep_buffer *buffer, const struct seep_caller_group *group,
			      struct seep_symbolizer *symbolizer)
{
	seep_buffer_printf(buffer, "%zu sites %s below ", group->num_sites,
			   group->leak ? "leak" : "grow");
	seep_caller_group_append_function(buffer, group, symbolizer);
	seep_buffer_puts(buffer, ": ");
	seep_words_append_rate_of(buffer, group->site, group->per_s);
	seep_buffer_puts(buffer, " together");
}
