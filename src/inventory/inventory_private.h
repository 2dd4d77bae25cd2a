/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the inventory: inventory.c has the table of notes, the files of the kinds fill it. */
#ifndef SEEP_INVENTORY_INVENTORY_PRIVATE_H
#define SEEP_INVENTORY_INVENTORY_PRIVATE_H

#include "inventory/inventory.h"

struct seep_thread_list;

struct seep_inventory {
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	uint32_t kinds;
	struct notes *notes; /* by site */
	struct seep_ranges
		*ranges; /* what is mapped, of all processes; NULL: not read for this report */
	struct seep_thread_list *threads; /* of all processes; NULL until they are asked for */
};

/*
 * Notes an object of a site: the @group that it belongs to, a short name of static storage ("socket"),
 * and what it is, for people ("descriptor 7: TCP 10.0.0.1:80 to 10.0.0.2:5012"); NULL if nothing is
 * known. Of each site some examples are kept: see seep_inventory_wants_example. Raw text of the target.
 */
void seep_inventory_note(struct seep_inventory *inventory, const struct seep_site_key *site,
			 const char *group, uint64_t bytes, const char *example);
/* Is one more example of this site kept? Else there is no need to make one. */
bool seep_inventory_wants_example(const struct seep_inventory *inventory,
				  const struct seep_site_key *site);

/* One for each kind: see seep_inventory_take. 0 or -errno. */
int seep_inventory_take_mappings(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				 bool first);
int seep_inventory_take_fds(struct seep_inventory *inventory, pid_t pid, uint32_t process,
			    bool first);
int seep_inventory_take_threads(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				bool first);

/* Forgets the list of threads: it is read again when it is needed. */
void seep_inventory_forget_threads(struct seep_inventory *inventory);

/* Before the next report. */
void seep_inventory_forget_ranges(struct seep_inventory *inventory);

#endif
