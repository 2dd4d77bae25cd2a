// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sites and sums: a row for each that differs from its last one. The writer calls seep_write_sites
 * and seep_write_sums after the processes, because rows refer to those before, and at the end
 * seep_write_ends for what the snapshot does not have any more. Hashes of the last rows (known.h)
 * tell whether something changed, so a quiet site costs no statement.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "store/details.h"
#include "store/writer_private.h"
#include "verdict/judgement.h"

#define STABLE_ID_MAX 17

static int write_site_row(struct seep_write *write, const struct seep_site *site,
			  const struct seep_known_process *process,
			  const struct seep_known_stack *stack, struct seep_known_site *known)
{
	struct seep_query *query;
	char stable_id[STABLE_ID_MAX];

	if (known->id && known->stack == stack && known->stable_id == site->id)
		return 0;
	snprintf(stable_id, sizeof(stable_id), "%016" PRIx64, site->id);
	known->stack = stack;
	known->stable_id = site->id;
	query = seep_writer_query(write, known->id ? SEEP_QUERY_SET_SITE : SEEP_QUERY_ADD_SITE);
	if (known->id) {
		seep_bind_int(query, known->id);
		seep_bind_text(query, stable_id);
		seep_bind_int(query, stack->id);
		return seep_query_run(query);
	}
	seep_bind_text(query, stable_id);
	seep_bind_int(query, process->id);
	seep_bind_text(query, seep_kind_key(site->kind));
	seep_bind_int(query, stack->id);
	seep_bind_int(query, write->last.id);
	return seep_write_row(write, query, &known->id);
}

static int write_sample(struct seep_write *write, const struct seep_site *site,
			const struct seep_known_process *process, struct seep_known_site *known)
{
	uint8_t histogram[SEEP_HISTOGRAM_MAX];
	struct seep_stored_sample sample;
	struct seep_query *query;

	seep_sample_take(site, process->exited ? process->ended_ns : write->snapshot->elapsed_ns,
			 &sample);
	if (!seep_known_changes(&known->sample, seep_sample_hash(&sample)))
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_SAMPLE);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	seep_sample_bind(&sample, histogram, query);
	return seep_query_run(query);
}

static int write_details(struct seep_write *write, const struct seep_site *site,
			 struct seep_known_site *known)
{
	const XXH128_hash_t nothing = {0};
	struct seep_query *query;
	int error = 0;

	seep_buffer_reset(&write->text);
	if (site->details)
		error = seep_details_encode(site->details, &write->text);
	if (error ||
	    !seep_known_changes(&known->details,
				site->details ? XXH3_128bits(write->text.data, write->text.length) :
						nothing))
		return error;
	query = seep_writer_query(write, SEEP_QUERY_ADD_DETAILS);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	seep_bind_text(query, site->details ? write->text.data : NULL);
	return seep_query_run(query);
}

/* There is no row of a run whose blocks are all tracked. */
int seep_write_run_sampling(struct seep_write *write)
{
	struct seep_query *query;

	if (!write->snapshot->sample_bytes)
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_SAMPLING);
	seep_bind_int(query, write->last.run);
	seep_bind_uint(query, write->snapshot->sample_bytes);
	return seep_query_run(query);
}

/* Also when its numbers are exact again. */
static int write_sampling(struct seep_write *write, const struct seep_site *site,
			  struct seep_known_site *known)
{
	struct seep_sampling_bytes bytes;
	struct seep_query *query;

	if (!seep_known_changes(&known->sampling, seep_sampling_hash(site->sampling)))
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_ESTIMATE);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	seep_sampling_bind(site->sampling, &bytes, query);
	return seep_query_run(query);
}

/* They are others in each snapshot; so not of every site in each. */
static bool wants_ages(struct seep_write *write, const struct seep_site *site)
{
	if (!site->ages_known)
		return false;
	if (write->snapshot->final)
		return true;
	return site->judgement && seep_class_grows(seep_judgement_class(site->judgement)) &&
	       write->num_ages++ < SEEP_CAPTURE_MAX_AGES;
}

/* Ages are never inherited: without a row the ages at this snapshot are not known. */
static int write_ages(struct seep_write *write, const struct seep_site *site,
		      const struct seep_known_site *known)
{
	uint8_t histogram[SEEP_HISTOGRAM_MAX];
	struct seep_query *query;

	if (!wants_ages(write, site))
		return 0;
	query = seep_writer_query(write, SEEP_QUERY_ADD_AGES);
	seep_bind_int(query, write->last.id);
	seep_bind_int(query, known->id);
	seep_bind_bytes(query, histogram, seep_histogram_encode(site->ages, histogram));
	return seep_query_run(query);
}

static int write_site(struct seep_write *write, const struct seep_site *site,
		      struct seep_known_site **ret_known)
{
	const struct seep_known_process *process =
		write->processes[site->process - write->snapshot->processes];
	const struct seep_site_name key = {
		.hash = site->stack->hash,
		.process = process->image,
		.kind = site->kind,
	};
	const struct seep_known_stack *stack;
	struct seep_known_site *known;
	int error = seep_known_site(&write->writer->known, &key, &known);

	if (!error && known->seen == (uint64_t)write->last.id)
		error = -EINVAL;
	if (error)
		return error;
	known->seen = (uint64_t)write->last.id;
	*ret_known = known;
	error = seep_write_stack(write, process, site->stack, &stack);
	if (!error)
		error = write_site_row(write, site, process, stack, known);
	if (!error)
		error = write_sample(write, site, process, known);
	if (!error)
		error = write_sampling(write, site, known);
	if (!error)
		error = write_ages(write, site, known);
	return error ? error : write_details(write, site, known);
}

int seep_write_sites(struct seep_write *write)
{
	int error = 0;

	for (size_t i = 0; i < write->snapshot->num_sites && !error; i++)
		error = write_site(write, &write->snapshot->sites[i], &write->sites[i]);
	return error;
}

static int write_end(struct seep_write *write, enum seep_writer_query end, int64_t id)
{
	struct seep_query *query = seep_writer_query(write, end);

	seep_bind_int(query, id);
	seep_bind_int(query, write->last.id);
	return seep_query_run(query);
}

int seep_write_ends(struct seep_write *write)
{
	struct seep_known *known = &write->writer->known;
	struct seep_known_process *process, *next_process;
	struct seep_known_site *site, *next_site;
	int error = 0;

	HASH_ITER(hh, known->sites, site, next_site) {
		if (site->seen == (uint64_t)write->last.id)
			continue;
		error = write_end(write, SEEP_QUERY_END_SITE, site->id);
		if (error)
			return error;
		seep_known_drop_site(known, site);
	}
	HASH_ITER(hh, known->processes, process, next_process) {
		if (process->seen == (uint64_t)write->last.id)
			continue;
		error = write_end(write, SEEP_QUERY_END_PROCESS, process->id);
		if (error)
			return error;
		seep_known_drop_process(known, process);
	}
	return 0;
}

/* @process: a row, or 0 for all together. */
static int write_totals(struct seep_write *write, int64_t process, const struct seep_totals *totals,
			struct seep_totals *last)
{
	int error = 0;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		const struct seep_totals *sum = &totals[kind];
		struct seep_query *query;

		if (!sum->traced ||
		    (last[kind].traced &&
		     memcmp(&sum->counts, &last[kind].counts, sizeof(sum->counts)) == 0 &&
		     sum->live_objects == last[kind].live_objects &&
		     sum->live_bytes == last[kind].live_bytes))
			continue;
		last[kind] = *sum;
		query = seep_writer_query(write, SEEP_QUERY_ADD_TOTALS);
		seep_bind_int(query, write->last.id);
		seep_bind_int(query, process);
		seep_bind_text(query, seep_kind_key(kind));
		seep_bind_int(query, (int64_t)sum->counts.allocs);
		seep_bind_int(query, (int64_t)sum->counts.frees);
		seep_bind_int(query, (int64_t)sum->counts.alloc_bytes);
		seep_bind_int(query, (int64_t)sum->counts.free_bytes);
		seep_bind_int(query, (int64_t)sum->live_objects);
		seep_bind_int(query, (int64_t)sum->live_bytes);
		error = seep_query_run(query);
	}
	return error;
}

/* A loss or the end of stacks, by its key, which later versions still understand. */
static int write_count(struct seep_write *write, enum seep_writer_query add, const char *key,
		       uint64_t count)
{
	struct seep_query *query = seep_writer_query(write, add);

	seep_bind_int(query, write->last.id);
	seep_bind_text(query, key);
	seep_bind_uint(query, count);
	return seep_query_run(query);
}

/* The first time all of them, also those that are 0. */
static int write_counts(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	struct seep_known *known = &write->writer->known;
	int error = 0;

	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT && !error; loss++) {
		if (!known->has_sums || known->losses[loss] != snapshot->losses[loss])
			error = write_count(write, SEEP_QUERY_ADD_LOSS, seep_loss_key(loss),
					    snapshot->losses[loss]);
		known->losses[loss] = snapshot->losses[loss];
	}
	for (enum seep_end end = 0; end < SEEP_END_COUNT && !error; end++) {
		if (!known->has_sums || known->ends[end] != snapshot->ends[end])
			error = write_count(write, SEEP_QUERY_ADD_END, seep_end_key(end),
					    snapshot->ends[end]);
		known->ends[end] = snapshot->ends[end];
	}
	known->has_sums = true;
	return error;
}

int seep_write_sums(struct seep_write *write)
{
	const struct seep_snapshot *snapshot = write->snapshot;
	int error = write_totals(write, 0, snapshot->totals, write->writer->known.totals);

	for (size_t i = 0; i < snapshot->num_processes && !error; i++)
		error = write_totals(write, write->processes[i]->id, snapshot->processes[i].totals,
				     write->processes[i]->totals);
	return error ? error : write_counts(write);
}
