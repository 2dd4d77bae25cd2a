/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text of /proc/PID/stat (proc(5)): one line of fields, of which the second is a name that may
 * hold anything.
 */
#ifndef SEEP_PROC_STAT_H
#define SEEP_PROC_STAT_H

#include "proc/process.h"

/*
 * Parses it and leaves the rest of *ret_info zero.
 * A comm may hold any byte, also ") R 1". 0 or -EINVAL.
 */
int seep_proc_parse_stat(const char *text, struct seep_proc_info *ret_info);

#endif
