// SPDX-License-Identifier: GPL-2.0-only
/* Keys and texts of the lists in runtimes.h. */
#include "model/runtimes.h"

static const struct {
	const char *key;
	const char *text;
} runtimes[] = {
#define RUNTIME_NAME(name, key, text) [SEEP_RUNTIME_##name] = {key, text},
	SEEP_RUNTIMES(RUNTIME_NAME)
#undef RUNTIME_NAME
};

static const char *const roles[] = {
#define ROLE_NAME(name, key) [SEEP_SITE_ROLE_##name] = key,
	SEEP_SITE_ROLES(ROLE_NAME)
#undef ROLE_NAME
};

const char *seep_runtime_key(enum seep_runtime runtime)
{
	return runtimes[runtime].key;
}

const char *seep_runtime_text(enum seep_runtime runtime)
{
	return runtimes[runtime].text;
}

const char *seep_site_role_key(enum seep_site_role role)
{
	return roles[role];
}
