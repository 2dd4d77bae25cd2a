/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting a command so that nothing it does is missed: the child waits before its exec until the
 * probes are in place. For that the files it will map are found out beforehand: the program itself,
 * and the libraries, as its own dynamic loader lists them (`ld.so --list PROGRAM`, which is what
 * ldd does; it maps the libraries but runs none of their code).
 */
#ifndef SEEP_TARGET_LAUNCH_H
#define SEEP_TARGET_LAUNCH_H

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "probe/files.h"

struct seep_launch;

/*
 * Forks a child that will exec @command (NULL-terminated; searched in PATH) when released, with
 * @descriptor_limit as its RLIMIT_NOFILE: ours is for ourselves. 0; or -errno after saying what is
 * wrong: -ENOENT and -EACCES for the command, or that of fork.
 */
int seep_launch_new(char *const *command, const struct rlimit *descriptor_limit,
		    struct seep_launch **ret_launch);
/* A child that was not released never execs. One that was goes on by itself. */
void seep_launch_free(struct seep_launch *launch);

/* Of the program, as PATH gave it. */
const char *seep_launch_path(const struct seep_launch *launch);
pid_t seep_launch_pid(const struct seep_launch *launch);

/*
 * The files that the program will map, known to @files: stored in *ret_list, which the caller
 * frees. What the loader would not tell is missing there, and found once the program runs. 0 or
 * -ENOMEM.
 */
int seep_launch_predict(const struct seep_launch *launch, struct seep_files *files,
			const struct seep_file ***ret_list, size_t *ret_count);

/* Lets the child exec. 0, or -errno after saying why it could not. */
int seep_launch_release(struct seep_launch *launch);

/*
 * If the child has ended, stores what waitpid told. 0; -EAGAIN while it runs.
 */
int seep_launch_status(struct seep_launch *launch, int *ret_status);

#endif
