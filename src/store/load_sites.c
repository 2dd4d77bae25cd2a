// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sites of a snapshot and what was counted at them: seep_load_sites comes after the processes,
 * and samples, details and ages after the stacks (load.c has the order). A sample is written only
 * when a site changed, so rows are read from the snapshot backwards until each site has its last
 * one, and the one before for the change. Their number is checked against SEEP_CAPTURE_MAX_SITES
 * before anything is allocated.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/keys.h"
#include "store/details.h"
#include "store/reader_private.h"
#include "store/sample.h"
#include "store/writer.h"

#define STABLE_ID_DIGITS 16

/* Sites that were there, of processes of this run. */
#define SITES                                                                                                \
	"FROM sites JOIN processes ON processes.id = process WHERE run = :run AND sites.first <= :snapshot " \
	"AND (sites.gone IS NULL OR sites.gone > :snapshot) "

/* "00af..." */
static int parse_stable_id(const char *text, uint64_t *ret_id)
{
	if (!text || strlen(text) != STABLE_ID_DIGITS ||
	    text[strspn(text, "0123456789abcdef")] != '\0')
		return -EBADMSG;
	/* 16 digits are 64 bits: it cannot overflow. */
	*ret_id = strtoull(text, NULL, 16);
	return 0;
}

/* One row. Its stack stays empty here, until seep_load_stacks fills it by stack_row. */
static int read_site(struct seep_load *load, struct seep_query *query, struct seep_site *site)
{
	struct seep_loaded_stack *stack = seep_arena_alloc(&load->arena, sizeof(*stack));
	size_t process;

	if (!stack)
		return -ENOMEM;
	site->stack = &stack->stack;
	stack->row = seep_column_int(query);
	/* The process must be of this snapshot; a site that outlives it is damage. */
	if (parse_stable_id(seep_column_text(query), &site->id) ||
	    seep_load_find(load->process_rows, load->loaded.snapshot.num_processes,
			   seep_column_int(query), &process) ||
	    seep_kind_of_key(seep_column_text(query), &site->kind))
		return query->error ? query->error : -EBADMSG;
	site->process = &load->processes[process];
	stack->stack_row = seep_column_int(query);
	stack->first = seep_column_int(query);
	return 0;
}

/* How many sites there were; not more than a capture takes. */
static int count_sites(const struct seep_load *load, size_t *ret_count)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result = seep_load_query(load, "SELECT count(*) " SITES, &query);
	int64_t count;

	if (!result)
		result = seep_query_step(&query);
	if (result <= 0)
		return result ? result : -EBADMSG;
	count = seep_column_int(&query);
	if (count < 0 || count > SEEP_CAPTURE_MAX_SITES)
		return -EBADMSG;
	*ret_count = (size_t)count;
	return 0;
}

int seep_load_sites(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	size_t count;
	int result = count_sites(load, &count);

	if (result)
		return result;
	load->sites = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->sites));
	load->site_rows = seep_arena_alloc(&load->arena, (count + 1) * sizeof(*load->site_rows));
	if (!load->sites || !load->site_rows)
		return -ENOMEM;
	load->loaded.snapshot.sites = load->sites;
	load->loaded.snapshot.num_sites = count;
	result = seep_load_query(
		load,
		"SELECT sites.id, stable_id, process, kind, stack, sites.first " SITES
		"ORDER BY sites.id",
		&query);
	for (size_t i = 0; i < count && !result; i++) {
		result = seep_query_step(&query);
		if (result <= 0)
			return result ? result : -EBADMSG;
		result = read_site(load, &query, &load->sites[i]);
		if (!result)
			load->site_rows[i] = seep_loaded_stack_of(&load->sites[i])->row;
	}
	return result;
}

/* What is still to be found of a site. */
enum need {
	NEED_PRESENT,
	NEED_BEFORE, /* it changed at the snapshot: what was alive before? */
	NEED_NOTHING,
};

/* A row of @index, of which later ones were seen already. Returns what is needed now. */
static enum need take_row(struct seep_load *load, const struct seep_stored_sample *sample,
			  int64_t snapshot, size_t index, enum need need)
{
	struct seep_site *site = &load->sites[index];

	if (need == NEED_BEFORE) {
		site->live_bytes_change = (int64_t)(site->live_bytes - sample->live_bytes);
		site->live_objects_change = (int64_t)(site->live_objects - sample->live_objects);
		return NEED_NOTHING;
	}
	seep_sample_apply(sample, load->clocks[site->process - load->processes], site);
	/*
	 * The row is older than the snapshot, so nothing changed at it; or there is nothing to
	 * compare with, and the change stays 0.
	 */
	if (snapshot < load->id || !load->previous)
		return NEED_NOTHING;
	/* It was there before: one of the older rows tells what it had. */
	if (seep_loaded_stack_of(site)->first <= load->previous)
		return NEED_BEFORE;
	/* It came with this snapshot, so all of it is the change. */
	site->live_bytes_change = (int64_t)site->live_bytes;
	site->live_objects_change = (int64_t)site->live_objects;
	return NEED_NOTHING;
}

/* Reads rows until no site needs one; a site without any row means that the file is damaged. */
static int take_rows(struct seep_load *load, struct seep_query *query, uint8_t *needs)
{
	size_t left = load->loaded.snapshot.num_sites;
	int result = 0;

	while (!result && left > 0 && (result = seep_query_step(query)) > 0) {
		int64_t snapshot = seep_column_int(query), row = seep_column_int(query);
		struct seep_stored_sample sample;
		size_t index;

		result = 0;
		if (seep_load_find(load->site_rows, load->loaded.snapshot.num_sites, row, &index) ||
		    needs[index] == NEED_NOTHING)
			continue;
		result = seep_sample_read(query, &sample);
		if (result)
			break;
		needs[index] = take_row(load, &sample, snapshot, index, needs[index]);
		left -= needs[index] == NEED_NOTHING;
	}
	if (result)
		return result;
	return left ? -EBADMSG : 0;
}

/*
 * The latest row of each site, the latest first. What changes often is found at once, and of what
 * does not there are few rows to pass by.
 */
int seep_load_samples(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	/* One enum need for each site. */
	uint8_t *needs = calloc(load->loaded.snapshot.num_sites + 1, 1);
	int error = -ENOMEM;

	_Static_assert(NEED_PRESENT == 0, "what every site needs at first");
	if (needs)
		error = seep_load_query(load,
					"SELECT snapshot, site, " SEEP_SAMPLE_COLUMNS
					" FROM samples WHERE snapshot BETWEEN :first AND :snapshot "
					"ORDER BY snapshot DESC, site DESC",
					&query);
	if (!error)
		error = take_rows(load, &query, needs);
	free(needs);
	return error;
}

/* The row that holds for @site. */
static int take_sampling(struct seep_load *load, struct seep_query *query, struct seep_site *site)
{
	struct seep_sampling sampling, *copy;
	bool exact;
	int error = seep_sampling_read(query, &sampling, &exact);

	/* Only numbers of memory are ever estimated. */
	if (error || exact || site->kind != SEEP_KIND_MEMORY)
		return error;
	copy = seep_arena_alloc(&load->arena, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = sampling;
	site->sampling = copy;
	return 0;
}

/* Before the sums are made, which tell whether there is an estimate in them. */
int seep_load_sampling(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	SEEP_AUTO_FREE bool *found = calloc(load->loaded.snapshot.num_sites + 1, sizeof(*found));
	int result = found ? 0 : -ENOMEM;

	if (result || load->reader->version < 5)
		return result;
	result = seep_load_query(load,
				 "SELECT site, " SEEP_SAMPLING_COLUMNS " FROM estimates "
				 "WHERE snapshot BETWEEN :first AND :snapshot "
				 "ORDER BY snapshot DESC",
				 &query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);
		size_t index;

		result = 0;
		if (seep_load_find(load->site_rows, load->loaded.snapshot.num_sites, row, &index) ||
		    found[index])
			continue;
		found[index] = true;
		result = take_sampling(load, &query, &load->sites[index]);
	}
	return result;
}

/* A site that had details has a row, also when it has none any more. */
int seep_load_details(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	bool *found = calloc(load->loaded.snapshot.num_sites + 1, sizeof(*found));
	int result = found ? seep_load_query(load,
					     "SELECT site, content FROM details WHERE snapshot "
					     "BETWEEN :first AND :snapshot ORDER BY snapshot DESC",
					     &query) :
			     -ENOMEM;

	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);
		const char *json;
		size_t index;

		result = 0;
		if (seep_load_find(load->site_rows, load->loaded.snapshot.num_sites, row, &index) ||
		    found[index])
			continue;
		found[index] = true;
		/* NULL: from this snapshot on the site has none. */
		json = seep_column_text(&query);
		if (json)
			result = seep_details_decode(json, &load->arena,
						     &load->sites[index].details);
	}
	free(found);
	return result;
}

/* Of this very snapshot; at another moment they were others. */
int seep_load_ages(struct seep_load *load)
{
	SEEP_AUTO_QUERY struct seep_query query = {0};
	int result;

	/* Captures of version 1 do not have the table. */
	if (load->reader->version < 2)
		return 0;
	result = seep_load_query(
		load, "SELECT site, histogram FROM ages WHERE snapshot = :snapshot", &query);
	while (!result && (result = seep_query_step(&query)) > 0) {
		int64_t row = seep_column_int(&query);
		const uint8_t *bytes;
		size_t index, length;

		result = 0;
		if (seep_load_find(load->site_rows, load->loaded.snapshot.num_sites, row, &index))
			continue;
		bytes = seep_column_bytes(&query, &length);
		result = query.error ?
				 query.error :
				 seep_histogram_decode(bytes, length, load->sites[index].ages);
		/* Only then ages mean something; those of other sites stay unknown. */
		load->sites[index].ages_known = !result;
	}
	return result;
}
