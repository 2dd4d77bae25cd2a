// SPDX-License-Identifier: GPL-2.0-only
#include "golang/plain_files.h"

#include <errno.h>
#include <stdlib.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Hashed as bytes, so it must have no padding. */
struct key {
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
};

struct plain_file {
	struct key key;
	UT_hash_handle hh;
};

struct seep_plain_files {
	struct plain_file *files;
};

int seep_plain_files_new(struct seep_plain_files **ret_files)
{
	*ret_files = calloc(1, sizeof(**ret_files));
	return *ret_files ? 0 : -ENOMEM;
}

static void forget(struct seep_plain_files *files)
{
	struct plain_file *file, *next;

	HASH_ITER(hh, files->files, file, next) {
		HASH_DEL(files->files, file);
		free(file);
	}
}

void seep_plain_files_free(struct seep_plain_files *files)
{
	if (!files)
		return;
	forget(files);
	free(files);
}

static struct key key_of(const struct seep_mapping *mapping)
{
	return (struct key){mapping->dev_major, mapping->dev_minor, mapping->inode};
}

bool seep_plain_files_have(const struct seep_plain_files *files, const struct seep_mapping *mapping)
{
	struct key key = key_of(mapping);
	struct plain_file *file;

	HASH_FIND(hh, files->files, &key, sizeof(key), file);
	return file != NULL;
}

void seep_plain_files_add(struct seep_plain_files *files, const struct seep_mapping *mapping)
{
	struct plain_file *file;

	if (seep_plain_files_have(files, mapping))
		return;
	if (HASH_COUNT(files->files) == SEEP_PLAIN_FILES_MAX)
		forget(files);
	file = calloc(1, sizeof(*file));
	if (!file)
		return;
	file->key = key_of(mapping);
	HASH_ADD(hh, files->files, key, sizeof(file->key), file);
	if (!file->hh.tbl)
		free(file);
}
