// SPDX-License-Identifier: GPL-2.0-only
#include "runtime/pool_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * The likeliest partner first. A word counts where it stands alone (pool_get, PoolGet); those of
 * malloc also at the end of another one (ngx_palloc, xmalloc).
 */
static const struct {
	const char *takes;
	const char *gives;
	bool suffix;
} pairs[] = {
	{"malloc", "free", true},
	{"calloc", "free", true},
	{"alloc", "free", true},
	{"alloc", "release", false},
	{"alloc", "dealloc", false},
	{"alloc", "put", false},
	{"allocate", "deallocate", false},
	{"allocate", "free", false},
	{"allocate", "release", false},
	{"get", "put", false},
	{"get", "release", false},
	{"get", "free", false},
	{"get", "return", false},
	{"get", "give", false},
	{"new", "delete", false},
	{"new", "free", false},
	{"new", "release", false},
	{"new", "destroy", false},
	{"create", "destroy", false},
	{"create", "free", false},
	{"create", "delete", false},
	{"acquire", "release", false},
	{"take", "give", false},
	{"take", "put", false},
	{"take", "return", false},
	{"take", "release", false},
	{"borrow", "return", false},
	{"borrow", "release", false},
	{"obtain", "release", false},
	{"reserve", "release", false},
	{"pop", "push", false},
	{"checkout", "checkin", false},
	{"make", "free", false},
	{"make", "destroy", false},
};

#define NUM_PAIRS (sizeof(pairs) / sizeof(pairs[0]))

/* Does a word begin here, by "_", or by a capital letter? */
static bool begins_word(const char *function, const char *at)
{
	return at == function || !isalpha((unsigned char)at[-1]) ||
	       (isupper((unsigned char)*at) && islower((unsigned char)at[-1]));
}

static bool ends_word(const char *end)
{
	return !islower((unsigned char)*end);
}

/* Where the last such word of the function begins; NULL if it has none. */
static const char *find_word(const char *function, const char *word, bool suffix)
{
	const char *found = NULL;

	for (const char *at = strcasestr(function, word); at; at = strcasestr(at + 1, word)) {
		if (ends_word(at + strlen(word)) && (suffix || begins_word(function, at)))
			found = at;
	}
	return found;
}

bool seep_pool_partner(const char *function, size_t attempt, char ret_name[SEEP_POOL_NAME_MAX])
{
	for (size_t i = 0; i < NUM_PAIRS; i++) {
		const char *at = find_word(function, pairs[i].takes, pairs[i].suffix);
		int length;

		if (!at || attempt-- > 0)
			continue;
		length = snprintf(ret_name, SEEP_POOL_NAME_MAX, "%.*s%s%s", (int)(at - function),
				  function, pairs[i].gives, at + strlen(pairs[i].takes));
		if (length < 0 || length >= SEEP_POOL_NAME_MAX)
			return false;
		/* As it is written: PoolGet, PoolPut. */
		if (isupper((unsigned char)*at)) {
			char *first = &ret_name[at - function];

			*first = (char)toupper((unsigned char)*first);
		}
		return true;
	}
	return false;
}
