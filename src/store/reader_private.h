/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the reader share. */
#ifndef SEEP_STORE_READER_PRIVATE_H
#define SEEP_STORE_READER_PRIVATE_H

#include "store/query.h"
#include "store/reader.h"
#include "symbol/arena.h"

#define SEEP_CAPTURE_MAX_SNAPSHOTS (1U << 22)
/* Points of the resident memory of all processes together. */
#define SEEP_CAPTURE_MAX_RESIDENT_POINTS (1U << 22)

struct seep_reader {
	sqlite3 *database;
	int version; /* of the capture: which tables there are */
	uint64_t file_bytes;
	uint64_t budget; /* steps of SQLite that the present call may still make */
};

/* Grants a call its steps. */
void seep_reader_begin(struct seep_reader *reader);

/* A site's stack, and which row the site is. Stacks of several sites share their frames. */
struct seep_loaded_stack {
	struct seep_stack stack; /* what the site points to */
	int64_t row;
	int64_t first; /* snapshot that the site came with */
	int64_t stack_row;
};

static inline struct seep_loaded_stack *seep_loaded_stack_of(const struct seep_site *site)
{
	return (struct seep_loaded_stack *)((char *)site->stack -
					    offsetof(struct seep_loaded_stack, stack));
}

/* A snapshot that is being loaded, and what a loaded one has besides. */
struct seep_load {
	struct seep_loaded loaded; /* what the caller gets */
	struct seep_reader *reader;
	struct seep_arena arena;
	int64_t id;
	int64_t run;
	int64_t first;	  /* snapshot of the run */
	int64_t previous; /* 0: there is none */
	struct seep_process *processes;
	int64_t *process_rows; /* ascending, by index */
	uint64_t *clocks;      /* by index: elapsed_ns, or when the process ended */
	struct seep_site *sites;
	int64_t *site_rows; /* ascending; by index until the sites are sorted */
};

static inline const struct seep_load *seep_load_of(const struct seep_loaded *loaded)
{
	return (const struct seep_load *)loaded;
}

/* The steps, in this order; 0 or -errno. */
int seep_load_processes(struct seep_load *load);
int seep_load_sites(struct seep_load *load);
int seep_load_stacks(struct seep_load *load);
int seep_load_samples(struct seep_load *load);
int seep_load_sampling(struct seep_load *load);
int seep_load_details(struct seep_load *load);
int seep_load_ages(struct seep_load *load);
int seep_load_verdicts(struct seep_load *load);

/*
 * Prepares @sql and gives its parameters their values: :first is the first snapshot of the run,
 * :snapshot the present one, :run the run. 0 or -errno.
 */
int seep_load_query(const struct seep_load *load, const char *sql, struct seep_query *ret_query);

/* Reads a text into the arena: NULL for NULL. 0 or -ENOMEM. */
int seep_load_text(struct seep_load *load, struct seep_query *query, const char **ret_text);

/*
 * The same for one of seep's own words, which reports print as they are: -EBADMSG if it has
 * anything but letters, or is long.
 */
int seep_load_word(struct seep_load *load, struct seep_query *query, const char **ret_word);

/* The index of @row, or -ENOENT. */
int seep_load_find(const int64_t *rows, size_t count, int64_t row, size_t *ret_index);

#endif
