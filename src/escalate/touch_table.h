/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From samples of page faults to the stacks of one process that touch its new memory: of which
 * memory each is, by what is mapped now; its stack, walked over the copy; how often it came. One
 * thread.
 */
#ifndef SEEP_ESCALATE_TOUCH_TABLE_H
#define SEEP_ESCALATE_TOUCH_TABLE_H

#include <sys/types.h>

#include "seep/touches.h"
#include "watch/touches.h"

struct seep_touch_table;

/* 0; -ESRCH; another -errno. */
int seep_touch_table_new(pid_t pid, struct seep_touch_table **ret_table);
void seep_touch_table_free(struct seep_touch_table *table);

/* Before samples are added: looks at the mappings again. 0; -ESRCH; another -errno. */
int seep_touch_table_refresh(struct seep_touch_table *table);
/* Only after a refresh that has succeeded. @share: of the time that faults are counted in. */
void seep_touch_table_add(struct seep_touch_table *table, const struct seep_touch_event *event,
			  double share);

/* No more is added: closes the files of the process. What was found stays. */
void seep_touch_table_finish(struct seep_touch_table *table);

/* What was found; the times, and what was never taken, are the caller's to fill in. */
struct seep_touches *seep_touch_table_touches(struct seep_touch_table *table);

#endif
