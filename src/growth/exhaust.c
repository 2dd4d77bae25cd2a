// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which limit is met first, and when. All limits of a kind are used up by the same growth, so the
 * one with the least room left is met first, and the time is calculated for that one only.
 */
#include "growth/exhaust.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *key;
	const char *text;
	uint32_t kinds;
} limits[] = {
#define LIMIT_ENTRY(name, key, text, kinds) [SEEP_LIMIT_##name] = {key, text, kinds},
	SEEP_LIMITS(LIMIT_ENTRY)
#undef LIMIT_ENTRY
};

const char *seep_limit_key(enum seep_limit limit)
{
	return limits[limit].key;
}

const char *seep_limit_text(enum seep_limit limit)
{
	return limits[limit].text;
}

enum seep_limit seep_limit_find(const char *key)
{
	enum seep_limit limit = 0;

	while (limit < SEEP_LIMIT_COUNT && strcmp(limits[limit].key, key) != 0)
		limit++;
	return limit;
}

/*
 * When rate * t + acceleration / 2 * t^2 is @room, or rate * (e^(multiplies * t) - 1) / multiplies.
 */
static double time_for(double room, double rate, double acceleration, double multiplies)
{
	if (rate <= 0)
		return INFINITY;
	if (multiplies > 0)
		return log1p(multiplies * room / rate) / multiplies;
	if (acceleration <= 0)
		return room / rate;
	/*
	 * Not by the difference of nearly equal numbers, which it is where acceleration is small.
	 */
	return 2 * room / (rate + sqrt(rate * rate + 2 * acceleration * room));
}

/* A limit that is not set is unknown as well, see struct seep_usage. */
static bool is_known(const struct seep_usage *usage)
{
	return usage->used != SEEP_UNKNOWN && usage->max != SEEP_UNKNOWN;
}

/* A limit that was lowered below what is used has no room. */
static double room_of(const struct seep_usage *usage)
{
	return usage->max > usage->used ? (double)(usage->max - usage->used) : 0;
}

/* The higher rate meets the limit sooner, so the ends of the interval change places. */
static struct seep_interval times_for(double room, const struct seep_growth *growth)
{
	double acceleration = growth->acceleration;

	return (struct seep_interval){
		.value = time_for(room, growth->rate.value, acceleration, growth->multiplies.value),
		.low = time_for(room, growth->rate.high, acceleration, growth->multiplies.high),
		.high = time_for(room, growth->rate.low, acceleration, growth->multiplies.low),
	};
}

struct seep_interval seep_exhaust_of(const struct seep_usage *usage,
				     const struct seep_growth *growth)
{
	return is_known(usage) ? times_for(room_of(usage), growth) : SEEP_INTERVAL_UNKNOWN;
}

enum seep_limit seep_exhaust_first(const struct seep_usage usage[SEEP_LIMIT_COUNT],
				   enum seep_kind kind, const struct seep_growth *growth,
				   struct seep_interval *ret_eta_s)
{
	enum seep_limit first = SEEP_LIMIT_COUNT;
	double least = INFINITY;

	*ret_eta_s = SEEP_INTERVAL_UNKNOWN;
	for (unsigned int i = 0; i < SEEP_LIMIT_COUNT; i++) {
		double room;

		if (!(limits[i].kinds & SEEP_KIND_BIT(kind)) || !is_known(&usage[i]))
			continue;
		room = room_of(&usage[i]);
		if (first != SEEP_LIMIT_COUNT && room >= least)
			continue;
		first = (enum seep_limit)i;
		least = room;
	}
	if (first != SEEP_LIMIT_COUNT)
		*ret_eta_s = times_for(least, growth);
	return first;
}
