// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c calls this with each table that it has built. Room is made first, by giving up the
 * content that BPF has used least recently; then rules and chunks are written, and the value that
 * names them is set in the content, for the next flush. Bounded by max_chunks of the tables.
 */
#include "stack/publish.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "kernel/tables.h"

/* Nothing of it may be pending: the chunks are given back at once. */
static void give_up(struct seep_tables *tables, struct seep_content *content)
{
	content->value = (struct seep_unwind_file){.state = SEEP_UNWIND_UNKNOWN};
	for (const struct seep_table_entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_unwind_file value = seep_table_entry_value(entry);

		if (entry->content == content)
			seep_kernel_set_table(tables->kernel, entry->info.file, &value);
	}
	/* Now no table names these chunks; chunks.c sees to programs that still read them. */
	seep_chunks_give(tables->chunks, content->chunks, content->num_chunks);
	content->num_chunks = 0;
}

/* When the content was last used by any of its files. */
static uint64_t last_use_ns(struct seep_tables *tables, const struct seep_content *content)
{
	uint64_t latest = 0;

	for (const struct seep_table_entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_unwind_file value;

		/* BPF writes the time into the value that the kernel has, not into ours. */
		if (entry->content == content &&
		    seep_kernel_get_table(tables->kernel, entry->info.file, &value) == 0 &&
		    value.used_ns > latest)
			latest = value.used_ns;
	}
	return latest;
}

/* Gives up the content that was not used for longest. 0, or -ENOSPC when nothing is left to give.
 */
static int evict(struct seep_tables *tables)
{
	struct seep_content *victim = NULL;
	uint64_t oldest = UINT64_MAX;

	for (struct seep_table_entry *entry = tables->first; entry; entry = entry->next) {
		struct seep_content *content = entry->content;
		uint64_t used_ns;

		/*
		 * The others have no memory to give. Files that share a content lead to it more
		 * than once.
		 */
		if (!content || !content->num_chunks)
			continue;
		used_ns = last_use_ns(tables, content);
		if (used_ns < oldest) {
			oldest = used_ns;
			victim = content;
		}
	}
	if (!victim)
		return -ENOSPC;
	give_up(tables, victim);
	return 0;
}

/* Rules must be there before the first row that names them. */
static int publish_rules(struct seep_tables *tables)
{
	/*
	 * All files share the rules, and their number only grows: those below published_rules are
	 * there.
	 */
	size_t count = seep_rules_count(tables->rules);

	for (; tables->published_rules < count; tables->published_rules++) {
		uint32_t number = (uint32_t)tables->published_rules;
		int error = seep_kernel_set_rule(tables->kernel, number,
						 seep_rules_at(tables->rules, number));

		if (error)
			return error;
	}
	return 0;
}

/* Gives up others until @count chunks fit. 0; -ENOSPC: they never will; or the error of a flush. */
static int make_room(struct seep_tables *tables, size_t count)
{
	int error = 0;

	if (count > tables->max_chunks)
		return -ENOSPC;
	if (seep_chunks_in_use(tables->chunks) + count > tables->max_chunks)
		error = seep_tables_flush(tables); /* what is pending cannot be given up */
	while (!error && seep_chunks_in_use(tables->chunks) + count > tables->max_chunks)
		error = evict(tables);
	return error;
}

/* Numbers for the chunks of a table, as many as it has. 0, -ENOMEM or -ENOSPC. */
static int take_chunks(struct seep_tables *tables, struct seep_content *content, size_t count)
{
	/*
	 * The content keeps the array when it is given up: its table will have as many chunks
	 * again.
	 */
	uint32_t *numbers = realloc(content->chunks, count * sizeof(*numbers));
	int error;

	if (!numbers)
		return -ENOMEM;
	content->chunks = numbers;
	error = make_room(tables, count);
	if (!error)
		error = seep_chunks_take(tables->chunks, count, numbers);
	if (!error)
		content->num_chunks = count;
	return error;
}

int seep_tables_publish(struct seep_tables *tables, struct seep_content *content,
			struct seep_unwind_table *table)
{
	const uint32_t *numbers;
	int error = take_chunks(tables, content, table->num_chunks);

	if (error)
		return error;
	numbers = content->chunks;
	/* Up to here the page index counts the chunks of this table from 0. */
	seep_unwind_table_relocate(table, numbers);
	error = publish_rules(tables); /* rows of a spare chunk may be seen at once */
	for (size_t i = 0; i < table->num_chunks && !error; i++)
		error = seep_chunks_write(tables->chunks, numbers[i], table->chunks[i].words);
	if (error) {
		/*
		 * Those that were written wait for a flush, and nothing may wait when chunks are
		 * given back.
		 */
		seep_chunks_flush(tables->chunks);
		give_up(tables, content);
		return error;
	}
	content->num_rows = table->num_rows;
	content->value = (struct seep_unwind_file){
		.first_page = table->first_page,
		.num_pages = table->num_pages,
		.state = SEEP_UNWIND_READY,
		.used_ns = seep_clock_monotonic_ns(),
	};
	/* The page index fills the first chunks of a table (seep/unwind.h). */
	for (size_t i = 0; i < SEEP_INDEX_CHUNKS && i < table->num_chunks; i++)
		content->value.index_chunks[i] = numbers[i];
	return 0;
}
