/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an output file really goes, and whether that is the caller's choice: links and files that
 * another user has put into a directory that everybody may write to are refused, as
 * fs.protected_symlinks, fs.protected_hardlinks and fs.protected_regular (proc_sys_fs(5)) have the
 * kernel do, whatever these are set to.
 */
#ifndef SEEP_BASE_OUTPUT_PATH_H
#define SEEP_BASE_OUTPUT_PATH_H

#include "base/lookup.h"

/* The -errno of what is refused here; no file operation returns it. */
#define SEEP_EFOREIGN ENOTUNIQ

/* strerror, and what SEEP_EFOREIGN means. @error is positive. */
const char *seep_output_error(int error);

/*
 * Follows @path to the directory and the name of the file. 0; -SEEP_EFOREIGN; another -errno.
 * seep_lookup_done frees the result.
 */
int seep_output_path_find(const char *path, struct seep_lookup *ret_lookup);

/*
 * Whether a file can be written at @path: it is written next to its final place and renamed, so
 * the directory must be writable. 0 or -errno, as above.
 */
int seep_output_path_check(const char *path);

/*
 * Opens @path for writing: what exists is emptied, what does not is created with mode 0666 less the
 * umask. A descriptor or -errno, as above.
 */
int seep_output_path_open(const char *path);

/*
 * Opens the file that lines are added to, one for each report. *ret_fd is a duplicate of standard
 * output for "-", so that it can be closed, and -1 if @path has a time stamp (seep_file_has_time):
 * then each report has a file of its own, and there is nothing to hold open. 0 or -errno, as above.
 */
int seep_output_path_open_lines(const char *path, int *ret_fd);

#endif
