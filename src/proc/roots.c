// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes of one container share a root directory, so each directory is kept once, by device,
 * inode and whose word it is. It stays open until the end, for debug files of processes that have
 * ended. Bounded by SEEP_ROOTS_MAX; beyond that our own root is used.
 */
#include "proc/roots.h"

#include <sys/stat.h>

#include "base/cleanup.h"

static const struct seep_root our_root = SEEP_ROOT_OURS;

int seep_roots_add(struct seep_roots *roots, const char *path)
{
	SEEP_CLEANUP(seep_root_done) struct seep_root directory = SEEP_ROOT_OURS;
	struct stat status;

	/*
	 * A root that cannot be opened is taken for ours: debug files are found there or not at
	 * all.
	 */
	if (!path || seep_root_open(path, &directory) || fstat(directory.fd, &status))
		return SEEP_ROOTS_OURS;
	/*
	 * Whose word a directory is depends on who opened it (by_root), so that is part of its
	 * identity.
	 */
	for (size_t i = 0; i < roots->count; i++) {
		const struct seep_roots_entry *entry = &roots->list[i];

		if (entry->device == status.st_dev && entry->inode == status.st_ino &&
		    entry->directory.by_root == directory.by_root)
			return (int)i;
	}
	if (roots->count == SEEP_ROOTS_MAX)
		return SEEP_ROOTS_OURS;
	roots->list[roots->count] =
		(struct seep_roots_entry){status.st_dev, status.st_ino, directory};
	/* The list has the descriptor now. */
	directory = (struct seep_root)SEEP_ROOT_OURS;
	return (int)roots->count++;
}

const struct seep_root *seep_roots_at(const struct seep_roots *roots, int number)
{
	return number < 0 ? &our_root : &roots->list[number].directory;
}

void seep_roots_done(struct seep_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++)
		seep_root_done(&roots->list[i].directory);
	roots->count = 0;
}
