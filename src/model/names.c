// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and texts of the enums, from the lists of include/seep. Keys are what JSON, metrics and
 * captures have, so they do not change; texts are for people.
 */
#include "model/names.h"

struct kind_name {
	const char *key;
	const char *plural;
	const char *noun;
};

struct name {
	const char *key;
	const char *text;
};

static const struct name losses[] = {
#define LOSS_NAME(name, key, text) [SEEP_LOSS_##name] = {#key, text},
	SEEP_LOSSES(LOSS_NAME)
#undef LOSS_NAME
};

static const struct name ends[] = {
#define END_NAME(name, key, text) [SEEP_END_##name] = {#key, text},
	SEEP_ENDS(END_NAME)
#undef END_NAME
};

static const struct kind_name kinds[] = {
#define KIND_NAME(name, key, plural, noun, ...) [SEEP_KIND_##name] = {#key, #plural, noun},
	SEEP_KINDS(KIND_NAME)
#undef KIND_NAME
};

static const char *const origins[] = {
#define ORIGIN_NAME(name, text) [SEEP_ORIGIN_##name] = text,
	SEEP_ORIGINS(ORIGIN_NAME)
#undef ORIGIN_NAME
};

/* Metrics have no list: these are the words of the command line. */
static const char *const metrics[SEEP_METRIC_COUNT] = {
	[SEEP_METRIC_LIVE_BYTES] = "live-bytes",
	[SEEP_METRIC_LIVE_OBJECTS] = "live-objects",
	[SEEP_METRIC_ALLOC_BYTES] = "alloc-bytes",
	[SEEP_METRIC_ALLOC_OBJECTS] = "alloc-objects",
};

const char *seep_loss_key(enum seep_loss loss)
{
	return losses[loss].key;
}

const char *seep_loss_text(enum seep_loss loss)
{
	return losses[loss].text;
}

const char *seep_end_key(enum seep_end end)
{
	return ends[end].key;
}

const char *seep_end_text(enum seep_end end)
{
	return ends[end].text;
}

const char *seep_kind_key(enum seep_kind kind)
{
	return kinds[kind].key;
}

const char *seep_kind_noun(enum seep_kind kind)
{
	return kinds[kind].noun;
}

const char *seep_kind_plural(enum seep_kind kind)
{
	return kinds[kind].plural;
}

bool seep_kind_is_counted(enum seep_kind kind)
{
	return !(SEEP_KINDS_IN_BYTES & SEEP_KIND_BIT(kind));
}

const char *seep_origin_text(enum seep_origin origin)
{
	return origins[origin];
}

const char *seep_metric_key(enum seep_metric metric)
{
	return metrics[metric];
}
