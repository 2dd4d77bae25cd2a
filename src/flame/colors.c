// SPDX-License-Identifier: GPL-2.0-only
#include "flame/colors.h"

#include <string.h>
#include <xxhash.h>

#include "verdict/judgement.h"

/* How the files begin that are in every program: they say nothing of where memory goes. */
static const char *const everywhere[] = {"libc.so", "libc-",	  "ld-linux",	 "ld-musl",
					 "libm.so", "libpthread", "libgcc_s.so", "libstdc++.so"};

static const struct {
	const char *key;
	const char *text;
} alarms[] = {
#define ALARM_NAME(name, key, text) [SEEP_FLAME_ALARM_##name] = {key, text},
	SEEP_FLAME_ALARMS(ALARM_NAME)
#undef ALARM_NAME
};

unsigned int seep_flame_module_color(const char *module)
{
	const char *slash = module ? strrchr(module, '/') : NULL;
	const char *name = slash ? slash + 1 : module;

	if (!name || !name[0])
		return 0;
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
		if (strncmp(name, everywhere[i], strlen(everywhere[i])) == 0)
			return 0;
	}
	return 1 + (unsigned int)(XXH3_64bits(name, strlen(name)) % (SEEP_FLAME_MODULE_COLORS - 1));
}

enum seep_flame_alarm seep_flame_alarm_of(const struct seep_site *site)
{
	switch (site->judgement ? seep_judgement_class(site->judgement) : SEEP_CLASS_UNKNOWN) {
	case SEEP_CLASS_LEAK:
		return SEEP_FLAME_ALARM_LEAK;
	case SEEP_CLASS_GROWTH:
		return SEEP_FLAME_ALARM_GROWTH;
	case SEEP_CLASS_WARMING_UP:
		return SEEP_FLAME_ALARM_WARMING_UP;
	default:
		return SEEP_FLAME_ALARM_NONE;
	}
}

const char *seep_flame_alarm_key(enum seep_flame_alarm alarm)
{
	return alarms[alarm].key;
}

const char *seep_flame_alarm_text(enum seep_flame_alarm alarm)
{
	return alarms[alarm].text;
}
