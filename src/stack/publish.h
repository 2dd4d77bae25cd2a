/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Room for unwind tables in the kernel: a table goes there in chunks, and tables that were not used
 * for longest make room for it.
 */
#ifndef SEEP_STACK_PUBLISH_H
#define SEEP_STACK_PUBLISH_H

#include "stack/tables_private.h"
#include "unwind/table.h"

/*
 * Gives @table, which is that of @content, to the kernel; its rows are relocated. BPF uses it once
 * the files of the content are flushed. 0; -ENOSPC: it is larger than all there may be; -ENOMEM or
 * another -errno, and the content has no table.
 */
int seep_tables_publish(struct seep_tables *tables, struct seep_content *content,
			struct seep_unwind_table *table);

#endif
