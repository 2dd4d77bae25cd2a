/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The index over live_mappings: where ranges start. A hash has no order, and a walk over all of it
 * takes milliseconds, for each segment of a library that is loaded. So the starts stand in a tree
 * like that of the page tables: each word has one bit for 64 pages, or for 64 words of the level
 * below. An operation reads or writes at most 2 * RANGE_LEVELS words.
 */
#ifndef SEEP_BPF_RANGE_INDEX_H
#define SEEP_BPF_RANGE_INDEX_H

#include "objects.bpf.h"

#define RANGE_PAGE_SHIFT 12
#define RANGE_PAGE_BYTES (1ULL << RANGE_PAGE_SHIFT)
#define RANGE_WORD_SHIFT 6
#define RANGE_WORD_MASK	 ((1 << RANGE_WORD_SHIFT) - 1)
#define RANGE_LEVELS	 8 /* 60 bits of an address; five levels of page tables have 57 */
#define RANGE_NONE	 (~0ULL)

static __always_inline struct range_word_key range_word_key(__u32 process, __u32 level,
							    __u64 position)
{
	return (struct range_word_key){
		.block = position >> RANGE_WORD_SHIFT,
		.process = process,
		.level = level,
	};
}

/* For a word that is not 0. */
static __always_inline __u32 range_last_bit(__u64 word)
{
	return word >> 63 ? 63 : log2_floor(word);
}

/* Removes the start of a range. */
__weak int range_index_remove(__u32 process, __u64 page)
{
	for (__u32 level = 0; level < RANGE_LEVELS; level++) {
		struct range_word_key key = range_word_key(process, level, page);
		__u64 *word = bpf_map_lookup_elem(&range_words, &key);

		if (!word)
			return 0;
		*word &= ~(1ULL << (page & RANGE_WORD_MASK));
		if (*word)
			return 0;
		bpf_map_delete_elem(&range_words, &key);
		page >>= RANGE_WORD_SHIFT;
	}
	return 0;
}

/* Adds the start of a range. 0, or -1: there is no room. */
__weak int range_index_add(__u32 process, __u64 page)
{
	__u64 position = page;

	for (__u32 level = 0; level < RANGE_LEVELS; level++) {
		struct range_word_key key = range_word_key(process, level, position);
		__u64 bit = 1ULL << (position & RANGE_WORD_MASK);
		__u64 *word = bpf_map_lookup_elem(&range_words, &key);

		if (word) {
			*word |= bit;
			return 0;
		}
		if (bpf_map_update_elem(&range_words, &key, &bit, BPF_NOEXIST)) {
			range_index_remove(process, page);
			return -1;
		}
		position >>= RANGE_WORD_SHIFT;
	}
	return 0;
}

/* The start of the last range that starts at @page or before; RANGE_NONE without one. */
__weak __u64 range_index_last(__u32 process, __u64 page)
{
	__u64 *word, bits, position = page;
	struct range_word_key key;
	__u32 level;

	for (level = 0; level < RANGE_LEVELS; level++) {
		key = range_word_key(process, level, position);
		word = bpf_map_lookup_elem(&range_words, &key);
		bits = word ? *word << (RANGE_WORD_MASK - (position & RANGE_WORD_MASK)) : 0;
		if (bits)
			break;
		/* Nothing here: look in the blocks before. */
		position = key.block - 1;
		if (!key.block)
			return RANGE_NONE;
	}
	if (level == RANGE_LEVELS)
		return RANGE_NONE;
	position -= RANGE_WORD_MASK - range_last_bit(bits);
	while (level > 0) {
		key = range_word_key(process, --level, position << RANGE_WORD_SHIFT);
		word = bpf_map_lookup_elem(&range_words, &key);
		if (!word || !*word)
			return RANGE_NONE; /* read without the lock while it changes */
		position = position << RANGE_WORD_SHIFT | range_last_bit(*word);
	}
	return position;
}

#endif
