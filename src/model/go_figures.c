// SPDX-License-Identifier: GPL-2.0-only
#include "model/go_figures.h"

const char *seep_memstat_key(enum seep_memstat memstat)
{
	static const char *const keys[] = {
#define KEY(name, key) [SEEP_MEMSTAT_##name] = key,
		SEEP_MEMSTATS(KEY)
#undef KEY
	};

	return keys[memstat];
}
