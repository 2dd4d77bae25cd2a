/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks along a path one name at a time, as the kernel does, and shows each step to a check: who
 * owns the directory in which a name is looked up, and what the name stands for. The kernel's own
 * walk cannot be asked that; and to look at the path first and open it afterwards would leave time
 * to exchange what was looked at.
 *
 * Nothing but directories is opened on the way (O_PATH: no FIFO blocks, no device notices).
 * Bounded: links and directories are counted, and a path is at most PATH_MAX long with all links in
 * it.
 */
#ifndef SEEP_BASE_LOOKUP_H
#define SEEP_BASE_LOOKUP_H

#include <stdbool.h>
#include <sys/stat.h>

/* Symbolic links in one path, as in the kernel (MAXSYMLINKS). */
#define SEEP_LOOKUP_LINKS_MAX 40
/* Directories below the start. */
#define SEEP_LOOKUP_DEPTH_MAX 128

struct seep_lookup_step {
	struct stat directory; /* in which the name was looked up */
	struct stat entry;     /* what it stands for: a link itself, not where it leads */
	int fd;		       /* of the entry, O_PATH */
	bool last;	       /* no name follows (a link may still lead on) */
};

struct seep_lookup {
	int directory; /* O_PATH; holds @name */
	/* NULL: the path ends in "/", "." or "..", or in a link of /proc to an open file */
	char *name;
	int file;	    /* O_PATH, never a link; -1: nothing has this name */
	struct stat status; /* of @file */
};

#define SEEP_LOOKUP_INIT {.directory = -1, .file = -1}

/*
 * Walks along @path and calls @check (which may be NULL) for each name that exists; non-zero ends
 * the walk and is returned. Below @root, a descriptor of a directory, absolute paths and links
 * begin there, ".." does not leave it, and links of /proc are not followed; @root -1 is our own
 * root, with relative paths from the working directory. Only the last name may be missing. 0;
 * -ELOOP for too many links or directories; -ENAMETOOLONG; else the -errno of the lookup.
 */
int seep_lookup_path(int root, const char *path,
		     int (*check)(const struct seep_lookup_step *step, void *context),
		     void *context, struct seep_lookup *ret_lookup);
void seep_lookup_done(struct seep_lookup *found);

/*
 * Opens the file of an O_PATH descriptor itself, whatever has its name by now. A descriptor or
 * -errno.
 */
int seep_lookup_reopen(int file, int flags);

#endif
