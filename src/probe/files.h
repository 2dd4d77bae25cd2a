/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mapped files that a trace has met: each opened once, by inode (probe/inodes.h), with the
 * allocator functions found in it and the places to probe. An open descriptor keeps the inode from
 * being reused, so that (device, inode) stays its name; it also serves symbolisation after the
 * process is gone.
 */
#ifndef SEEP_PROBE_FILES_H
#define SEEP_PROBE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "elf/probe_site.h"
#include "kernel/kernel.h"
#include "model/allocators.h"
#include "probe/inodes.h"
#include "proc/maps.h"
#include "seep/abi.h"
#include "symbol/returns.h"
#include "symbol/symbolizer.h"

/* A traced function in a file. */
struct seep_file_function {
	const struct seep_allocator *allocator;
	char *name; /* as it is shown */
	enum seep_role role;
	enum seep_return_way way;    /* how its return is seen */
	size_t num_exits;	     /* EXITS: its return instructions */
	uint32_t probe;		     /* index in the kernel's table of probes */
	uint64_t offset;	     /* of the probe in the file, bytes */
	struct seep_probe_site site; /* why there */
};

/* A return instruction of functions of a kind; several functions may share it. */
struct seep_file_exit {
	enum seep_kind kind;
	uint32_t probe;	      /* index in the kernel's table of probes */
	uint64_t offset;      /* in the file, bytes */
	const char *function; /* the name of the first one that returns there */
};

struct seep_file {
	uint32_t index; /* in the order of being met */
	uint32_t id;	/* in frames that user space makes; 0: there are none yet */
	struct seep_inode inode;
	/*
	 * As mapped where it was met first, for people; of a program that has several names the
	 * one by which it was started.
	 */
	char *path;
	char *root;  /* see seep_symbolizer_add_file */
	int fd;	     /* -1: could not be opened */
	int failure; /* then: the -errno */
	size_t num_functions;
	struct seep_file_function *functions;
	size_t num_exits;
	struct seep_file_exit *exits;
	size_t num_unseen; /* functions that are not traced: their returns cannot be seen safely */
	bool has_rendezvous;
	uint64_t rendezvous; /* offset of the function that a loader calls for debuggers */
};

struct seep_files;
struct seep_registry;

struct seep_files_config {
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	const struct seep_allocators *allocators;
	const struct seep_probe_cost *cost; /* of a hit on this machine */
	bool unplaced; /* at first instructions, to measure what the search for places is worth */
};

/* What @config points to must outlive the table. 0 or -ENOMEM. */
int seep_files_new(const struct seep_files_config *config, struct seep_files **ret_files);
void seep_files_free(struct seep_files *files);

/*
 * The file behind an executable mapping of @pid: known already, or opened, searched for traced
 * functions and registered. @root as in seep_proc_info. Valid until the table is freed. 0; -ENOMEM.
 * That it could not be opened is in failure.
 */
int seep_files_get(struct seep_files *files, pid_t pid, const char *root,
		   const struct seep_mapping *mapping, const struct seep_file **ret_file);

/* The same by an open descriptor, for a file that nobody maps yet; @path is what is shown. */
int seep_files_get_fd(struct seep_files *files, int fd, const char *path,
		      const struct seep_file **ret_file);

/*
 * The same for a mapping that may be gone: as BPF saw it, so with the inode that a file event has.
 * The file is looked for at its path, too, and counts only if it is that inode.
 */
int seep_files_get_gone(struct seep_files *files, pid_t pid, const char *root,
			const struct seep_mapping *mapping, const struct seep_file **ret_file);

/*
 * The id of the file in frames that user space makes; given at the first time. 0 or -ENOMEM.
 * @file is of this table.
 */
int seep_files_frame_id(struct seep_files *files, const struct seep_file *file, uint32_t *ret_id);

/* A file known by this inode, that of a mapping or of a file event, or NULL. */
const struct seep_file *seep_files_find(const struct seep_files *files,
					const struct seep_inode *inode);

/* The process has ended, or runs another program. */
void seep_files_forget(struct seep_files *files, pid_t pid);

/* The probes that have been registered for the functions of all files. */
const struct seep_registry *seep_files_registry(const struct seep_files *files);

#endif
