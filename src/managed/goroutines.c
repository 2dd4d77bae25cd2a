// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two readings are lists by id, which is never given twice, and are gone through side by side: who
 * is in the new one only has come, who is in the old one only has gone, and who is at another place
 * has gone from the one and come to the other. Memory: 32 bytes for each goroutine, and at most
 * SEEP_PLACES_MAX places; one that is empty stays, as its counters never fall. Goroutines that run
 * share a place for each function that they began with, so places are few.
 */
#include "managed/goroutines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "measure/survival.h"

void seep_tracked_goroutines_done(struct seep_tracked_goroutines *tracked)
{
	struct seep_goroutine_place *place, *next;

	HASH_ITER(hh, tracked->places, place, next) {
		HASH_DEL(tracked->places, place);
		free(place);
	}
	free(tracked->items);
	tracked->items = NULL;
	tracked->count = 0;
}

static struct seep_goroutine_place *find(const struct seep_tracked_goroutines *tracked,
					 uint64_t stack)
{
	struct seep_goroutine_place *place;

	HASH_FIND(hh, tracked->places, &stack, sizeof(stack), place);
	return place;
}

bool seep_tracked_goroutines_have_room(const struct seep_tracked_goroutines *tracked,
				       uint64_t stack)
{
	return HASH_COUNT(tracked->places) < SEEP_PLACES_MAX || find(tracked, stack);
}

static struct seep_goroutine_place *place_of(struct seep_tracked_goroutines *tracked,
					     uint64_t stack)
{
	struct seep_goroutine_place *place = find(tracked, stack);

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->stack = stack;
	HASH_ADD(hh, tracked->places, stack, sizeof(place->stack), place);
	return place;
}

static void leave(const struct seep_tracked *tracked, uint64_t now_ns)
{
	struct seep_site_value *value = &tracked->place->value;

	value->frees++;
	if (!tracked->existed)
		value->lifetimes[seep_survival_bucket(now_ns - tracked->since_ns)]++;
}

/* What it waits for, for the report; beyond the room for groups it is not told. */
static void note(struct seep_goroutine_place *place, const struct seep_go *go,
		 const struct seep_goroutine *goroutine)
{
	struct seep_details *details = &place->details;
	char words[SEEP_PLACE_NAME_BYTES];
	const char *reason, *state = seep_goroutine_state(go, goroutine, &reason);
	size_t i = 0;

	snprintf(words, sizeof(words), "%s%s%s", state, *reason ? ": " : "", reason);
	while (i < details->num_groups && strcmp(place->group_names[i], words) != 0)
		i++;
	if (i == SEEP_PLACE_GROUPS)
		return;
	if (i == details->num_groups) {
		memcpy(place->group_names[i], words, sizeof(words));
		place->groups[i] = (struct seep_group){.name = place->group_names[i]};
		details->groups = place->groups;
		details->num_groups++;
	}
	place->groups[i].objects++;
}

/*
 * How long those live that were there before the trace is not told: of those that came with them
 * only the ones that stayed are seen.
 */
static void add_age(const struct seep_tracked_goroutines *tracked, const struct seep_tracked *item,
		    uint64_t now_ns)
{
	struct seep_site_value *value = &item->place->value;

	value->young_objects += now_ns - item->since_ns < tracked->min_age_ns;
	if (!item->existed)
		value->ages[seep_survival_bucket(now_ns - item->since_ns)]++;
	if (!value->oldest_ns || item->since_ns < value->oldest_ns)
		value->oldest_ns = item->since_ns;
}

/*
 * Since when it is at its place. The runtime knows of some since when they wait at least; that is
 * worth nothing if it says what is yet to come.
 */
static uint64_t since(const struct seep_goroutine *goroutine, const struct seep_tracked *before,
		      uint64_t now_ns)
{
	uint64_t since_ns = before ? before->since_ns : now_ns;

	if (goroutine->waits_since_ns && goroutine->waits_since_ns < since_ns)
		since_ns = goroutine->waits_since_ns;
	return since_ns;
}

/* Ages and details are those of one reading. */
static void begin_reading(struct seep_tracked_goroutines *tracked)
{
	for (struct seep_goroutine_place *place = tracked->places; place; place = place->hh.next) {
		place->value.oldest_ns = 0;
		memset(place->value.ages, 0, sizeof(place->value.ages));
		place->value.young_objects = 0;
		place->details.num_groups = 0;
	}
}

/* The places of all stacks of a reading; NULL: there is no room for one. 0 or -ENOMEM. */
static int find_places(struct seep_tracked_goroutines *tracked, const uint64_t *stacks,
		       size_t num_stacks, struct seep_goroutine_place **places)
{
	for (size_t i = 0; i < num_stacks; i++) {
		if (!seep_tracked_goroutines_have_room(tracked, stacks[i]))
			continue;
		places[i] = place_of(tracked, stacks[i]);
		if (!places[i])
			return -ENOMEM;
	}
	return 0;
}

/* Moves *@index to the first old one with this id or a later one; those passed have gone. */
static const struct seep_tracked *pass(const struct seep_tracked_goroutines *tracked, size_t *index,
				       uint64_t id, uint64_t now_ns)
{
	while (*index < tracked->count && tracked->items[*index].id < id)
		leave(&tracked->items[(*index)++], now_ns);
	if (*index == tracked->count || tracked->items[*index].id != id)
		return NULL;
	return &tracked->items[(*index)++];
}

int seep_tracked_goroutines_update(struct seep_tracked_goroutines *tracked,
				   const struct seep_go *go,
				   const struct seep_goroutines *goroutines, const uint64_t *stacks,
				   uint64_t now_ns)
{
	SEEP_AUTO_FREE struct seep_goroutine_place **places =
		calloc(goroutines->num_stacks + 1, sizeof(*places));
	struct seep_tracked *items = calloc(goroutines->count + 1, sizeof(*items));
	size_t old = 0, count = 0;

	if (!places || !items || find_places(tracked, stacks, goroutines->num_stacks, places)) {
		free(items);
		return -ENOMEM;
	}
	begin_reading(tracked);
	tracked->num_without_place = 0;
	for (size_t i = 0; i < goroutines->count; i++) {
		const struct seep_goroutine *goroutine = &goroutines->items[i];
		struct seep_goroutine_place *place = places[goroutine->stack];
		const struct seep_tracked *before = pass(tracked, &old, goroutine->id, now_ns);

		if (before && before->place != place) {
			leave(before, now_ns);
			before = NULL;
		}
		if (!place) {
			tracked->num_without_place++;
			continue;
		}
		if (!before)
			place->value.allocs++;
		items[count] = (struct seep_tracked){
			.id = goroutine->id,
			.since_ns = since(goroutine, before, now_ns),
			.existed = before ? before->existed : !tracked->items,
			.place = place,
		};
		place->existed |= items[count].existed;
		add_age(tracked, &items[count++], now_ns);
		note(place, go, goroutine);
	}
	(void)pass(tracked, &old, UINT64_MAX, now_ns);
	free(tracked->items);
	tracked->items = items;
	tracked->count = count;
	return 0;
}
