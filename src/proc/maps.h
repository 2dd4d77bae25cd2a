/* SPDX-License-Identifier: GPL-2.0-only */
/* The mappings of a process, from the text of /proc/PID/maps. */
#ifndef SEEP_PROC_MAPS_H
#define SEEP_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seep_mapping {
	uint64_t start;
	uint64_t end;	 /* first address behind */
	uint64_t offset; /* of start in the file, bytes */
	uint64_t inode;	 /* 0: anonymous */
	uint32_t dev_major;
	uint32_t dev_minor;
	bool readable;
	bool writable;
	bool executable;
	bool shared;	  /* what is written there others see too */
	bool deleted;	  /* the path carried " (deleted)", cut off here */
	const char *path; /* "" for anonymous memory; "[heap]" and the like as they are */
};

struct seep_maps {
	size_t num_mappings;
	struct seep_mapping *mappings; /* by ascending address */
	char *text;		       /* holds the paths */
};

/* The kernel allows 65,530 mappings by default; a longer list is refused. */
#define SEEP_MAPS_MAX 1000000

/*
 * Parses @text (NUL-terminated; modified; from malloc: on success *ret_maps owns it, on failure it
 * is still the caller's). Paths are unescaped (\012). 0; -EINVAL for a line that is none or not in
 * ascending order; -E2BIG; -ENOMEM.
 */
int seep_maps_parse(char *text, struct seep_maps *ret_maps);
/*
 * Reads /proc/@pid/maps. 0; -ESRCH if there is no such process, or it is a zombie or kernel thread,
 * which has no maps; else -errno.
 */
int seep_maps_read(pid_t pid, struct seep_maps *ret_maps);
void seep_maps_done(struct seep_maps *maps);

/*
 * Does @path, of a mapping, name shared memory: of System V, POSIX, memfd_create, or shared
 * anonymous memory, which the kernel calls /dev/zero (ipc/shm.c, mm/shmem.c)?
 */
bool seep_maps_is_shared_memory(const char *path);

/* The mapping that covers @address, or NULL. */
const struct seep_mapping *seep_maps_find(const struct seep_maps *maps, uint64_t address);

/*
 * Opens the file behind a mapping of @pid for reading: through /proc/PID/map_files, so that
 * deleted, replaced and overlaid files and other mount namespaces are what is really mapped; and,
 * where that is not allowed or the mapping was split or merged since, by its path if inode and
 * device agree. A descriptor, or -errno: -ESRCH; -ESTALE when the path is another file by now;
 * -EINVAL for a mapping without a file; -ENODEV for a device, which is not opened.
 */
int seep_maps_open(pid_t pid, const struct seep_mapping *mapping);

/*
 * Opens the regular file @path below the directory @root, "" for our own root: what there is by
 * now. Links below another root lead within it. A descriptor or -errno.
 */
int seep_maps_open_path(const char *root, const char *path);

#endif
