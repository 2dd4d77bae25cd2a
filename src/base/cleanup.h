/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ownership by attribute: a variable declared with one of these releases what it holds when it goes
 * out of scope; SEEP_TAKE_PTR and SEEP_TAKE_FD hand the resource on and leave nothing behind.
 */
#ifndef SEEP_BASE_CLEANUP_H
#define SEEP_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SEEP_CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void seep_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void seep_cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void seep_cleanup_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static inline void seep_cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define SEEP_AUTO_FREE	 SEEP_CLEANUP(seep_cleanup_free)
#define SEEP_AUTO_CLOSE	 SEEP_CLEANUP(seep_cleanup_fd)
#define SEEP_AUTO_FCLOSE SEEP_CLEANUP(seep_cleanup_stream)
#define SEEP_AUTO_DIR	 SEEP_CLEANUP(seep_cleanup_dir)

#define SEEP_TAKE_PTR(pointer)                                                                     \
	({                                                                                         \
		__typeof__(pointer) *seep_from = &(pointer);                                       \
		__typeof__(pointer) seep_taken = *seep_from;                                       \
		*seep_from = NULL;                                                                 \
		seep_taken;                                                                        \
	})

#define SEEP_TAKE_FD(fd)                                                                           \
	({                                                                                         \
		int *seep_from = &(fd);                                                            \
		int seep_taken = *seep_from;                                                       \
		*seep_from = -1;                                                                   \
		seep_taken;                                                                        \
	})

#endif
