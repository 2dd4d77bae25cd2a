/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that have no Go in them. Hundreds of processes map the same libraries: each is opened once.
 */
#ifndef SEEP_GOLANG_PLAIN_FILES_H
#define SEEP_GOLANG_PLAIN_FILES_H

#include <stdbool.h>

#include "proc/maps.h"

/* When so many are known, all are forgotten. */
#define SEEP_PLAIN_FILES_MAX 16384

struct seep_plain_files;

/* 0 or -ENOMEM. */
int seep_plain_files_new(struct seep_plain_files **ret_files);
void seep_plain_files_free(struct seep_plain_files *files);

/* Is the file of the mapping one of them, by its device and inode? */
bool seep_plain_files_have(const struct seep_plain_files *files,
			   const struct seep_mapping *mapping);

/* Adds it; without memory it is not kept, and opened again. */
void seep_plain_files_add(struct seep_plain_files *files, const struct seep_mapping *mapping);

#endif
