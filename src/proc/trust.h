/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose word a file is: who can have written it, or put it where it was found.
 *
 * A file decides where probes go, in every process that maps what it describes, only if that is
 * root: root of the initial user namespace, since owners are compared as they are seen from there.
 * All of this has to hold:
 *
 * - The file and each directory and link on the way to it belong to root, and nobody else may write
 *   to them. A sticky directory that others may write to (/tmp) will do on the way to a directory
 *   of root's, which nobody else could have moved there; a file somebody could.
 * - No part of the way is on FUSE, where a program of any user says who owns what.
 * - The way begins at our own root, or at that of a process which, like its mount namespace,
 *   belongs to the initial user namespace. In a user namespace of their own people mount what they
 *   like where they like it: a file of root's at another place, too. The process counts as well as
 *   the mount namespace, because chroot(2) takes a directory of another one.
 */
#ifndef SEEP_PROC_TRUST_H
#define SEEP_PROC_TRUST_H

#include <stdbool.h>
#include <stddef.h>

/* The root directory of a process. */
struct seep_root {
	int fd;	      /* O_PATH; -1: our own */
	bool by_root; /* only root can have arranged what is below it */
};

#define SEEP_ROOT_OURS {.fd = -1, .by_root = true}

/*
 * Can only root have chosen the root directory, and the mounts, of the process whose /proc/PID is
 * open as @process? Out of a user namespace there is no way back: the answer holds for what was
 * opened before.
 */
bool seep_trust_root_of(int process);

/* Opens "/proc/PID/root" (see seep_proc_info); NULL is our own. 0 or -errno. */
int seep_root_open(const char *path, struct seep_root *ret_root);
void seep_root_done(struct seep_root *root);

/*
 * Opens the regular file at @path below @root for reading; links, absolute ones too, lead within
 * that root. Tells whether it is root's word, as above. A descriptor; -ENOENT when it is something
 * else; -errno.
 */
int seep_trust_open(const struct seep_root *root, const char *path, bool *ret_by_root);

/*
 * May everybody who can write to the file @debug, found below @root, write to the file @program as
 * well? Then @debug may tell how its functions are called: its author could have said that in the
 * program itself. Below a root that others have arranged root's programs have no such file.
 */
bool seep_trust_may_name(const struct seep_root *root, int program, int debug);

/* Enough for a key, with its NUL. */
#define SEEP_TRUST_KEY_MAX 64

/*
 * A text that is the same for files that the same people may write to. What is found out about a
 * file is kept for others that say they are the same (by build ID) only if this is equal, too.
 */
void seep_trust_key(int fd, char key[SEEP_TRUST_KEY_MAX]);

#endif
