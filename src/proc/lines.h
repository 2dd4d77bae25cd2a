/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts of /proc that have a name and a value in each line: status, meminfo, smaps_rollup
 * (proc(5)).
 */
#ifndef SEEP_PROC_LINES_H
#define SEEP_PROC_LINES_H

#include <stdint.h>

/*
 * What stands in the line "@name:\t 123" of @text, up to its end and beyond; NULL: there is none. A
 * comm cannot forge a line of status: the kernel writes a line break in it as \n.
 */
const char *seep_proc_line_find(const char *text, const char *name);

/*
 * Reads the number at *at and moves *at behind it. A negative one becomes huge, but no field that
 * is used can be. 0 or -EINVAL.
 */
int seep_proc_take_number(const char **at, uint64_t *ret_value);

/* Moves *at behind @text, which has to be there. 0 or -EINVAL. */
int seep_proc_take_text(const char **at, const char *text);

#endif
