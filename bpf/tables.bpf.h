/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unwind tables (seep/unwind.h): their maps, and the step from a frame to its caller by them.
 * unwind.bpf.h takes it for live stacks, rewalk.bpf.c for copies.
 *
 * A step looks in rule_cache first; else it searches the table, in 13 steps for a page of
 * rows. A table that is missing is requested from user space, once.
 */
#ifndef SEEP_BPF_TABLES_H
#define SEEP_BPF_TABLES_H

#include "maps.bpf.h"
#include "seep/hash.h"
#include "unwind_step.h"

/* How exactly the last use of a table is known. */
#define TABLE_USED_NS (50 * 1000 * 1000)

struct chunk {
	seep_row words[SEEP_CHUNK_WORDS];
};

/*
 * One value per map, so that the memory of a table is its own; and a lookup in an array of one is
 * inlined by the verifier, 2 ns for both levels.
 */
struct chunk_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size,
	       sizeof(struct chunk)); /* clang 14 forgets a type that is used only here */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SEEP_MAX_CHUNKS);
	__type(key, __u32);
	__array(values, struct chunk_map);
} chunks SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEP_MAX_RULES);
	__type(key, __u32);
	__type(value, struct seep_rule);
} rules SEC(".maps") __weak;

/*
 * From a frame to its rule without a search: most frames come again. One word for each entry, so
 * that it is never seen half-written: the rule in the low 16 bits, above it those 48 bits of the
 * frame's mixed value that are not the index. Mixing loses nothing (seep_frame_mix), so a hit is
 * exact. A file id stands for one content forever, so an entry never becomes wrong.
 */
#define RULE_CACHE_BITS 16

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << RULE_CACHE_BITS);
	__type(key, __u32);
	__type(value, __u64);
} rule_cache SEC(".maps") __weak;

static __always_inline __u64 *rule_cache_slot(__u64 mixed)
{
	__u32 index = mixed & ((1 << RULE_CACHE_BITS) - 1);

	return bpf_map_lookup_elem(&rule_cache, &index);
}

static __always_inline const struct chunk *chunk_get(__u32 number)
{
	void *map = bpf_map_lookup_elem(&chunks, &number);
	__u32 zero = 0;

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* Asks user space for a table, once. */
static __always_inline void table_request(struct seep_unwind_file *table, __u32 file)
{
	struct seep_table_event event = {.type = SEEP_EVENT_TABLE, .file = file};

	if (__sync_lock_test_and_set(&table->requested, 1))
		return;
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		table->requested = 0; /* no room: the next stack asks again */
}

/* The number of the rule at @offset of the file. What lies outside the table has no CFI: a gap. */
static __always_inline __u32 table_find(const struct seep_unwind_file *table, __u64 offset)
{
	__u64 page = (offset >> SEEP_UNWIND_PAGE_SHIFT) - table->first_page;
	const struct chunk *index, *rows;
	__u32 position, span;

	if (page >= table->num_pages)
		return SEEP_RULE_NUMBER_GAP;
	index = chunk_get(table->index_chunks[page / SEEP_CHUNK_PAGES % SEEP_INDEX_CHUNKS]);
	if (!index)
		return SEEP_RULE_NUMBER_GAP;
	/* struct seep_unwind_page, as words */
	position = (__u32)page * 2 & (SEEP_CHUNK_WORDS - 2);
	rows = chunk_get(index->words[position]);
	span = index->words[position + 1];
	if (!rows || !(span >> 16))
		return SEEP_RULE_NUMBER_GAP;
	return SEEP_ROW_RULE(row_search(rows->words, span & 0xffff, span >> 16, offset & 0xffff));
}

/*
 * The rule's number by the table of the file. Negative: there is no table, go by frame pointers.
 * Positive: the end.
 */
#define NO_RULE_FRAME_POINTER (-1)
static __always_inline int rule_by_table(__u32 file, __u64 offset, __u64 now_ns, __u32 *ret_rule)
{
	struct seep_unwind_file *table = bpf_map_lookup_elem(&tables, &file);

	if (!table)
		return SEEP_END_NO_TABLE;
	if (now_ns - table->used_ns > TABLE_USED_NS)
		table->used_ns = now_ns;
	switch (table->state) {
	case SEEP_UNWIND_READY:
		*ret_rule = table_find(table, offset);
		return *ret_rule ? 0 : SEEP_END_BAD_RULE;
	case SEEP_UNWIND_FRAME_POINTERS:
		return NO_RULE_FRAME_POINTER;
	case SEEP_UNWIND_NONE:
		return SEEP_END_NO_CFI;
	case SEEP_UNWIND_NO_FILE:
		return SEEP_END_NO_TABLE;
	default:
		table_request(table, file);
		return SEEP_END_NO_TABLE;
	}
}

/* The step for code of a file that has no rule for it. STEP_NEXT or the end. */
static __always_inline int step_without_rule(struct unwind_context *context,
					     struct registers *registers, __u32 file)
{
	const struct seep_unwind_file *table = bpf_map_lookup_elem(&tables, &file);

	return step_by_frame_pointer(context, registers, SEEP_END_FRAME_POINTER,
				     table && table->frame_pointers);
}

/*
 * The step for code of a file: by its table, or what the cache remembers of that. @mixed is the
 * frame's (seep_frame_mix). STEP_NEXT or the end.
 */
static __always_inline int step_in_file(struct unwind_context *context, struct registers *registers,
					__u32 file, __u64 offset, __u64 mixed, __u64 now_ns)
{
	__u64 *cached = rule_cache_slot(mixed), entry = cached ? *cached : 0;
	const struct seep_rule *rule;
	__u32 number = entry & 0xffff;

	if (!entry || (entry ^ mixed) >> RULE_CACHE_BITS) {
		int result = rule_by_table(file, offset, now_ns, &number);

		if (result == NO_RULE_FRAME_POINTER)
			return step_without_rule(context, registers, file);
		if (result)
			return result;
		if (cached)
			*cached = (mixed >> RULE_CACHE_BITS << RULE_CACHE_BITS) | number;
	}
	rule = bpf_map_lookup_elem(&rules, &number);
	if (!rule)
		return SEEP_END_BAD_RULE;
	if (rule->kind == SEEP_RULE_GAP)
		return step_without_rule(context, registers, file);
	return step_by_rule(context, registers, rule);
}

/* The step for the frame, in whatever code it is. STEP_NEXT or the end. */
static __always_inline int step_of_frame(struct unwind_context *context,
					 struct registers *registers, __u64 frame, __u64 mixed,
					 __u32 process, __u64 now_ns)
{
	__u32 jit;

	if (!(frame & SEEP_FRAME_RAW))
		return step_in_file(context, registers, SEEP_FRAME_FILE(frame),
				    SEEP_FRAME_OFFSET(frame), mixed, now_ns);
	jit = jit_of(process);
	if (jit == SEEP_JIT_JVM)
		return SEEP_END_JIT;
	return step_by_frame_pointer(context, registers, SEEP_END_JIT,
				     jit == SEEP_JIT_FRAME_POINTERS);
}

#endif
