// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/module_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "proc/trust.h"

#define KEY_MAX 256 /* "id:", 128 digits and who may write the file */

struct seep_module_entry {
	struct seep_cached_module cached;
	char *key; /* "id:BUILD-ID:WRITERS" or "file:DEVICE:INODE" */
	UT_hash_handle hh;
};

void seep_module_cache_done(struct seep_module_cache *cache)
{
	struct seep_module_entry *entry, *next;

	HASH_ITER(hh, cache->entries, entry, next) {
		HASH_DEL(cache->entries, entry);
		seep_module_close(entry->cached.module);
	}
}

/* False if the file can be known by nothing. */
static bool make_key(const struct seep_module *module, int fd, char key[KEY_MAX])
{
	const char *build_id = seep_module_build_id(module);
	char writers[SEEP_TRUST_KEY_MAX];
	struct stat status;

	if (build_id) {
		seep_trust_key(fd, writers);
		/* A build ID counts only among files that the same people may write to. */
		snprintf(key, KEY_MAX, "id:%s:%s", build_id, writers);
		return true;
	}
	if (fstat(fd, &status))
		return false;
	snprintf(key, KEY_MAX, "file:%jx:%jx", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return true;
}

static struct seep_module_entry *new_entry(struct seep_module_cache *cache,
					   struct seep_arena *arena, const char *key)
{
	struct seep_module_entry *entry = seep_arena_alloc(arena, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->key = seep_arena_strdup(arena, key);
	if (!entry->key)
		return NULL;
	HASH_ADD_KEYPTR(hh, cache->entries, entry->key, strlen(entry->key), entry);
	return entry->hh.tbl ? entry : NULL;
}

struct seep_cached_module *seep_module_cache_add(struct seep_module_cache *cache,
						 struct seep_arena *arena,
						 struct seep_module *module, int fd)
{
	struct seep_module_entry *entry = NULL;
	char key[KEY_MAX];

	/* @module is closed on every way out but the one that puts it into the cache. */
	if (!make_key(module, fd, key)) {
		seep_module_close(module);
		return NULL;
	}
	HASH_FIND_STR(cache->entries, key, entry);
	if (!entry) {
		entry = new_entry(cache, arena, key);
		if (entry) {
			entry->cached.module = module;
			return &entry->cached;
		}
	}
	seep_module_close(module);
	return entry ? &entry->cached : NULL;
}
