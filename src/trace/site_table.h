/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sites of a snapshot, put together from entries of the kernel's table, and what has to be
 * remembered of them from one snapshot to the next: how much was alive. Pure; bounded by the
 * kernel's table of sites (SEEP_MAX_SITES in seep/abi.h) and what is frozen of exited processes.
 */
#ifndef SEEP_TRACE_SITE_TABLE_H
#define SEEP_TRACE_SITE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "seep/abi.h"

/* When the entries were read. */
struct seep_site_moment {
	uint64_t scan_number; /* ages of this number are those of now */
	uint64_t now_ns;      /* CLOCK_MONOTONIC */
	uint64_t min_age_ns;  /* younger objects do not count as live */
	bool weighed; /* memory is sampled by bytes: of the young as struct seep_weighed has them */
};

/*
 * Fills the numbers of @site from one entry of the kernel's table: counters, lifetimes, what is
 * alive, and how old it is. An entry with another scan number had nothing alive.
 */
void seep_site_fill(struct seep_site *site, const struct seep_site_value *value,
		    const struct seep_site_moment *moment);

struct seep_site_table;

/* 0 or -ENOMEM. */
int seep_site_table_new(struct seep_site_table **ret_table);
void seep_site_table_free(struct seep_site_table *table);

/* Begins the next snapshot: the sites of the last one are gone. */
void seep_site_table_begin(struct seep_site_table *table);

/*
 * Adds an entry of the process with this id; of what it points to, its sampling is copied. Entries
 * of one process, kind and stack become one site: a stack that was walked late has entries of its
 * own in the kernel. The change since the snapshot before is filled in, but not in the first
 * snapshot. 0 or -ENOMEM.
 */
int seep_site_table_add(struct seep_site_table *table, uint32_t process,
			const struct seep_site *site);

/* Sites of this snapshot whose stack has not arrived. */
size_t seep_site_table_num_without_stack(const struct seep_site_table *table);

/*
 * Ends the snapshot. Its sites, *ret_count of them, belong to the table and are valid until the
 * next snapshot begins.
 */
struct seep_site *seep_site_table_end(struct seep_site_table *table, size_t *ret_count);

#endif
