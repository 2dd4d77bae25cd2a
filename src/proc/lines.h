/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts of /proc that have a name and a value in each line: status, meminfo, smaps_rollup
 * (proc(5)).
 */
#ifndef SEEP_PROC_LINES_H
#define SEEP_PROC_LINES_H

/*
 * What stands in the line "@name:\t 123" of @text, up to its end and beyond; NULL: there is none. A
 * comm cannot forge a line of status: the kernel writes a line break in it as \n.
 */
const char *seep_proc_line_find(const char *text, const char *name);

#endif
