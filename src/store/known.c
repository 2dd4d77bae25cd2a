// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hash tables of what is in the file. Processes and sites are allocated one by one, because they go
 * when they are not reported any more; the others stay for as long as the writer and live in an
 * arena. The tables grow with the capture: with its different names, frames and stacks, not with
 * its length.
 */
#include "store/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void seep_known_drop_process(struct seep_known *known, struct seep_known_process *process)
{
	HASH_DEL(known->processes, process);
	free(process);
}

void seep_known_drop_site(struct seep_known *known, struct seep_known_site *site)
{
	HASH_DEL(known->sites, site);
	free(site);
}

/* The elements of the other tables are in the arena, so only their indexes are freed one by one. */
void seep_known_done(struct seep_known *known)
{
	struct seep_known_process *process, *next_process;
	struct seep_known_site *site, *next_site;

	HASH_ITER(hh, known->processes, process, next_process)
		seep_known_drop_process(known, process);
	HASH_ITER(hh, known->sites, site, next_site)
		seep_known_drop_site(known, site);
	HASH_CLEAR(hh, known->functions);
	HASH_CLEAR(hh, known->sources);
	HASH_CLEAR(hh, known->modules);
	HASH_CLEAR(hh, known->frames);
	HASH_CLEAR(hh, known->stacks);
	seep_arena_done(&known->arena);
	*known = (struct seep_known){0};
}

/*
 * This and the next functions copy their key, and leave the table as it was if memory is short.
 * What the arena has allocated by then stays until it goes as a whole.
 */
int seep_known_text(struct seep_known *known, struct seep_known_text **table, const char *text,
		    struct seep_known_text **ret_text)
{
	struct seep_known_text *entry;

	HASH_FIND_STR(*table, text, entry);
	if (!entry) {
		entry = seep_arena_alloc(&known->arena, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->text = seep_arena_strdup(&known->arena, text);
		if (!entry->text)
			return -ENOMEM;
		HASH_ADD_KEYPTR(hh, *table, entry->text, strlen(entry->text), entry);
		if (!entry->hh.tbl)
			return -ENOMEM;
	}
	*ret_text = entry;
	return 0;
}

int seep_known_frame(struct seep_known *known, const struct seep_frame_id *key,
		     struct seep_known_frame **ret_frame)
{
	struct seep_known_frame *frame;

	HASH_FIND(hh, known->frames, key, sizeof(*key), frame);
	if (!frame) {
		frame = seep_arena_alloc(&known->arena, sizeof(*frame));
		if (!frame)
			return -ENOMEM;
		frame->key = *key;
		HASH_ADD(hh, known->frames, key, sizeof(frame->key), frame);
		if (!frame->hh.tbl)
			return -ENOMEM;
	}
	*ret_frame = frame;
	return 0;
}

int seep_known_stack(struct seep_known *known, const struct seep_stack_id *key,
		     struct seep_known_stack **ret_stack)
{
	struct seep_known_stack *stack;

	HASH_FIND(hh, known->stacks, key, sizeof(*key), stack);
	if (!stack) {
		stack = seep_arena_alloc(&known->arena, sizeof(*stack));
		if (!stack)
			return -ENOMEM;
		stack->key = *key;
		HASH_ADD(hh, known->stacks, key, sizeof(stack->key), stack);
		if (!stack->hh.tbl)
			return -ENOMEM;
	}
	*ret_stack = stack;
	return 0;
}

/* Processes and sites are freed one by one, so a new one that cannot be added is freed here. */
int seep_known_process(struct seep_known *known, uint32_t image,
		       struct seep_known_process **ret_process)
{
	struct seep_known_process *process;

	HASH_FIND(hh, known->processes, &image, sizeof(image), process);
	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process)
			return -ENOMEM;
		process->image = image;
		HASH_ADD(hh, known->processes, image, sizeof(process->image), process);
		if (!process->hh.tbl) {
			free(process);
			return -ENOMEM;
		}
	}
	*ret_process = process;
	return 0;
}

int seep_known_site(struct seep_known *known, const struct seep_site_name *key,
		    struct seep_known_site **ret_site)
{
	struct seep_known_site *site;

	HASH_FIND(hh, known->sites, key, sizeof(*key), site);
	if (!site) {
		site = calloc(1, sizeof(*site));
		if (!site)
			return -ENOMEM;
		site->key = *key;
		HASH_ADD(hh, known->sites, key, sizeof(site->key), site);
		if (!site->hh.tbl) {
			free(site);
			return -ENOMEM;
		}
	}
	*ret_site = site;
	return 0;
}

const char *seep_known_module_key(struct seep_buffer *buffer, const char *path,
				  const char *build_id)
{
	seep_buffer_reset(buffer);
	/* The build ID first: it has no line feed, which a path may have. */
	seep_buffer_printf(buffer, "%s\n", build_id ? build_id : "");
	seep_buffer_puts(buffer, path);
	return buffer->data;
}

XXH128_hash_t seep_known_words(const char *class, const char *pattern, const char *severity)
{
	const char *const words[] = {class, pattern, severity};
	XXH64_hash_t hashes[3] = {0};

	/* A hash each, so that words cannot run into each other. A word that is missing has 0. */
	for (size_t i = 0; i < 3; i++) {
		if (words[i])
			hashes[i] = XXH3_64bits(words[i], strlen(words[i]));
	}
	return XXH3_128bits(hashes, sizeof(hashes));
}
