// SPDX-License-Identifier: GPL-2.0-only
#include "watch/values.h"

static const struct seep_watch_kind watch_kinds[] = {
#define WATCH_KIND(name, key, text, unit, least, kinds, limits)                                    \
	[SEEP_WATCH_##name] = {key, text, unit, least, kinds, limits},
	SEEP_WATCH_VALUES(WATCH_KIND)
#undef WATCH_KIND
};

const struct seep_watch_kind *seep_watch_kind(enum seep_watch_value value)
{
	return &watch_kinds[value];
}
