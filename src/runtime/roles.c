// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table from stacks to roles. The role of a stack is the same in all processes: it rests on
 * functions of files. The size of the objects is that of the first moment in which the site was
 * large enough to be looked at. Bounded by the number of stacks (SEEP_MAX_SITES in seep/abi.h).
 */
#include "runtime/roles.h"

#include <errno.h>
#include <stdlib.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "runtime/role.h"

/* Names are found by reading files. What has less than this is no reason to. */
#define LEAST_BYTES 4096

/* A frame may have several functions, if some are inlined. */
#define NAMES_MAX (2 * SEEP_ROLE_FRAMES)

/* Hashed as bytes, so it must have no padding. */
struct key {
	uint64_t stack;
	uint64_t kind;
};

struct entry {
	struct key key;
	struct seep_runtime_role role;
	UT_hash_handle hh;
};

/* Whether functions of a file may matter, for the files that were asked about last. */
#define NUM_FILES 64

struct file {
	const char *path; /* the symbolizer's, the same for all frames of a file */
	enum seep_kind kind;
	bool matters;
};

struct seep_runtime_roles {
	struct seep_symbolizer *symbolizer;
	struct file files[NUM_FILES]; /* by the address of the path */
	struct entry *entries;
};

int seep_runtime_roles_new(struct seep_symbolizer *symbolizer,
			   struct seep_runtime_roles **ret_roles)
{
	struct seep_runtime_roles *roles = calloc(1, sizeof(*roles));

	if (!roles)
		return -ENOMEM;
	roles->symbolizer = symbolizer;
	*ret_roles = roles;
	return 0;
}

void seep_runtime_roles_free(struct seep_runtime_roles *roles)
{
	struct entry *entry, *next;

	if (!roles)
		return;
	HASH_ITER(hh, roles->entries, entry, next) {
		HASH_DEL(roles->entries, entry);
		free(entry);
	}
	free(roles);
}

static bool file_matters(struct seep_runtime_roles *roles, enum seep_kind kind, const char *path)
{
	struct file *file = &roles->files[((uintptr_t)path >> 4) % NUM_FILES];

	if (!path)
		return false;
	if (file->path != path || file->kind != kind)
		*file = (struct file){path, kind, seep_runtime_role_may_depend_on(kind, path)};
	return file->matters;
}

/* Does any of the innermost frames lie in a file that a rule is about? */
static bool may_matter(struct seep_runtime_roles *roles, const struct seep_site *site, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *path = seep_symbolizer_path(roles->symbolizer, site->stack->frames[i]);

		if (file_matters(roles, site->kind, path))
			return true;
	}
	return false;
}

/*
 * The function that code made at run time calls: the last one of a file before it. In the JVM that
 * is a native method, by its name.
 */
static struct seep_runtime_role native_role(struct seep_runtime_roles *roles,
					    const struct seep_stack *stack)
{
	const struct seep_location *location;
	size_t i = 0;

	while (i < stack->num_frames && !(stack->frames[i] & SEEP_FRAME_RAW))
		i++;
	if (i == 0 || i == stack->num_frames)
		return (struct seep_runtime_role){SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE};
	location = seep_symbolizer_resolve(roles->symbolizer, 0, stack->frames[i - 1]);
	return seep_runtime_role_of_native(seep_location_function(location)->function);
}

/*
 * 0 unless all live objects have one size, as far as the sums tell. To align a block, a runtime
 * maps more and gives the rest back at once: so what is live counts.
 */
static uint64_t size_of_each(const struct seep_counts *counts)
{
	uint64_t objects = seep_counts_live_objects(counts);
	uint64_t bytes = seep_counts_live_bytes(counts);

	return objects && bytes % objects == 0 ? bytes / objects : 0;
}

static struct seep_runtime_role find_role(struct seep_runtime_roles *roles,
					  const struct seep_site *site)
{
	struct seep_runtime_name names[NAMES_MAX];
	const struct seep_stack *stack = site->stack;
	size_t num_frames =
		stack->num_frames < SEEP_ROLE_FRAMES ? stack->num_frames : SEEP_ROLE_FRAMES;
	struct seep_runtime_role role = {SEEP_SITE_ROLE_NONE, SEEP_RUNTIME_NONE};
	size_t count = 0;

	if (may_matter(roles, site, num_frames)) {
		for (size_t i = 0; i < num_frames && !(stack->frames[i] & SEEP_FRAME_RAW); i++) {
			const struct seep_location *location = seep_symbolizer_resolve(
				roles->symbolizer, site->process->id, stack->frames[i]);

			for (size_t j = 0; j < location->num_lines && count < NAMES_MAX; j++)
				names[count++] = (struct seep_runtime_name){
					.module = location->module,
					.function = location->lines[j].function,
				};
		}
		role = seep_runtime_role_find(site->kind, size_of_each(&site->counts), names,
					      count);
	}
	if (role.role == SEEP_SITE_ROLE_NONE && site->kind == SEEP_KIND_MEMORY)
		role = native_role(roles, stack);
	return role;
}

/* Only such objects can be a runtime's; and a stack that has not arrived says nothing yet. */
static bool can_have_role(const struct seep_site *site)
{
	return (site->kind == SEEP_KIND_MEMORY || site->kind == SEEP_KIND_MAPPING) &&
	       site->stack->num_frames > 0 && seep_origin_of(site->stack) < 0;
}

int seep_runtime_roles_fill(struct seep_runtime_roles *roles, struct seep_site *site)
{
	struct key key = {site->stack->hash, site->kind};
	struct entry *entry;

	if (!can_have_role(site))
		return 0;
	HASH_FIND(hh, roles->entries, &key, sizeof(key), entry);
	if (!entry) {
		if (seep_counts_live_bytes(&site->counts) < LEAST_BYTES)
			return 0;
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->key = key;
		entry->role = find_role(roles, site);
		HASH_ADD(hh, roles->entries, key, sizeof(entry->key), entry);
		if (!entry->hh.tbl) {
			free(entry);
			return -ENOMEM;
		}
	}
	site->role = entry->role.role;
	site->runtime = entry->role.runtime;
	return 0;
}
