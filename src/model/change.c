// SPDX-License-Identifier: GPL-2.0-only
#include "model/change.h"

#include "base/units.h"

#define NS_PER_HOUR (3600 * SEEP_NS_PER_S)

/* Of the standard normal distribution: 1.96^2. */
#define SQUARE_OF_95 3.84

static const char *const change_keys[] = {
#define SEEP_CHANGE_KEY(name, key, text) key,
	SEEP_CHANGES(SEEP_CHANGE_KEY)
#undef SEEP_CHANGE_KEY
};

static const char *const change_texts[] = {
#define SEEP_CHANGE_TEXT(name, key, text) text,
	SEEP_CHANGES(SEEP_CHANGE_TEXT)
#undef SEEP_CHANGE_TEXT
};

const char *seep_change_key(enum seep_change_type type)
{
	return change_keys[type];
}

const char *seep_change_text(enum seep_change_type type)
{
	return change_texts[type];
}

uint64_t seep_amount_metric(const struct seep_amount *amount, enum seep_metric metric)
{
	/* An amount has the same numbers as a site, so the choice is left to seep_site_metric. */
	const struct seep_site site = {
		.counts = amount->counts,
		.live_objects = amount->live_objects,
		.live_bytes = amount->live_bytes,
	};

	return seep_site_metric(&site, metric);
}

/*
 * Of two moments of one trace the variances are not independent; what they have in common makes the
 * difference more certain than this takes it for. An error that is not known excuses nothing.
 */
bool seep_change_is_noise(const struct seep_change *change, enum seep_metric metric)
{
	double difference = (double)seep_change_of(change, metric);
	double variance = change->before.variances[metric] + change->after.variances[metric];

	return difference * difference < SQUARE_OF_95 * variance;
}

/* Of threads and descriptors bytes mean nothing; the metric becomes that of objects. */
enum seep_metric seep_metric_of_kind(enum seep_metric metric, enum seep_kind kind)
{
	if (!seep_kind_is_counted(kind))
		return metric;
	if (metric == SEEP_METRIC_LIVE_BYTES)
		return SEEP_METRIC_LIVE_OBJECTS;
	return metric == SEEP_METRIC_ALLOC_BYTES ? SEEP_METRIC_ALLOC_OBJECTS : metric;
}

int64_t seep_change_per_hour(int64_t change, uint64_t span_ns)
{
	/* 128 bits: the change in bytes times the nanoseconds of an hour does not fit into 64. */
	return span_ns ? (int64_t)((__int128)change * (__int128)NS_PER_HOUR / (__int128)span_ns) :
			 0;
}

void seep_amount_add(struct seep_amount *sum, const struct seep_amount *amount)
{
	sum->num_sites += amount->num_sites;
	seep_counts_add(&sum->counts, &amount->counts);
	sum->live_objects += amount->live_objects;
	sum->live_bytes += amount->live_bytes;
	sum->estimated |= amount->estimated;
	for (size_t i = 0; i < SEEP_METRIC_COUNT; i++)
		sum->variances[i] += amount->variances[i];
}
