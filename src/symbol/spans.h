/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which unit or function of DWARF an address belongs to: spans of addresses, gathered first, then
 * sorted, then searched. Virtual addresses of the file. The caller frees the items.
 */
#ifndef SEEP_SYMBOL_SPANS_H
#define SEEP_SYMBOL_SPANS_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses from start up to end belong to number item of something. */
struct seep_span {
	uint64_t start;
	uint64_t end;
	uint32_t item;
};

struct seep_spans {
	struct seep_span *items;
	size_t count, max;
};

/* Adds the addresses of @die, for number @item. *ret_added is how many spans. 0 or -ENOMEM. */
int seep_spans_add(struct seep_spans *spans, Dwarf_Die *die, uint32_t item, size_t *ret_added);

/* By start, as seep_spans_find needs them. */
void seep_spans_sort(struct seep_spans *spans);

/* The span that covers @address, the innermost if several do; NULL if none does. */
const struct seep_span *seep_spans_find(const struct seep_spans *spans, uint64_t address);

#endif
