// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot, step by step: processes, sites (a pass over the kernel's table for ages, one for
 * counters, and what was frozen), the last stacks from the ring buffer, losses, overhead; then ids,
 * order, sums, limits and verdicts. The order matters: stacks are sent before their sites are
 * counted, so drained last they are complete. Bounded by SEEP_MAX_SITES sites and the records of
 * processes.c.
 */
#include "trace/collect_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "kernel/counters.h"
#include "kernel/events.h"
#include "kernel/objects.h"
#include "trace/site_ids.h"

/* One pass over the kernel's table of sites. */
struct pass {
	struct seep_collector *collector;
	struct seep_site_moment moment;
};

int seep_collector_new(const struct seep_collector_parts *parts, const struct seep_scope *scope,
		       const struct seep_filter *filter, struct seep_collector **ret_collector)
{
	struct seep_collector *collector = calloc(1, sizeof(*collector));

	if (!collector || seep_site_table_new(&collector->sites)) {
		free(collector);
		return -ENOMEM;
	}
	collector->parts = *parts;
	collector->scope = scope;
	collector->filter = filter;
	collector->start_ns = seep_clock_monotonic_ns();
	collector->taken_ns = collector->start_ns;
	uname(&collector->system);
	*ret_collector = collector;
	return 0;
}

void seep_collector_free(struct seep_collector *collector)
{
	if (!collector)
		return;
	seep_site_table_free(collector->sites);
	free(collector->processes);
	free(collector);
}

static const struct seep_details *details_of(const struct seep_collector *collector,
					     const struct seep_site_key *key)
{
	const struct seep_collector_parts *parts = &collector->parts;

	return SEEP_KINDS_OF_RUNTIME & SEEP_KIND_BIT(key->kind) ?
		       seep_managed_details(parts->managed, key) :
		       seep_inventory_details(parts->inventory, key);
}

/* Begins a site with the numbers of what was seen. 0 or -ENOMEM. */
static int begin_site(const struct pass *pass, const struct seep_record *record,
		      const struct seep_site_key *key, const struct seep_site_value *value,
		      struct seep_site *ret_site)
{
	const struct seep_collector *collector = pass->collector;

	*ret_site = (struct seep_site){
		/*
		 * The array is complete before the first site is added, so the pointer stays valid.
		 */
		.process = &collector->processes[record->index],
		.kind = (enum seep_kind)key->kind,
		.stack = seep_stacks_get(collector->parts.stacks, key->stack),
		.details = details_of(collector, key),
	};
	if (!ret_site->stack)
		return -ENOMEM;
	seep_site_fill(ret_site, value, &pass->moment);
	return 0;
}

static double observed_s(const struct pass *pass)
{
	return (double)(pass->moment.now_ns - pass->collector->start_ns) / (double)SEEP_NS_PER_S;
}

/* Adds one entry of the kernel's table, live or frozen, to the sites of the snapshot. */
static int add_site(const struct pass *pass, const struct seep_record *record,
		    const struct seep_site_key *key, const struct seep_site_value *value)
{
	const struct seep_collector *collector = pass->collector;
	struct seep_sampling sampling;
	struct seep_site site;
	int error = begin_site(pass, record, key, value, &site);

	if (!error)
		error = seep_sampled_fill(collector->parts.sampled, key, value, &pass->moment,
					  observed_s(pass), &site, &sampling);
	if (error)
		return error;
	return seep_site_table_add(collector->sites, key->process, &site);
}

/* For seep_kernel_each_site. 0 goes on. */
static int add_live_site(const struct seep_site_key *key, const struct seep_site_value *value,
			 void *context)
{
	const struct pass *pass = context;
	const struct seep_record *record =
		seep_processes_find(pass->collector->parts.processes, key->process);

	/*
	 * The sites of a process that has exited come from its record; a process that exec made a
	 * moment ago is in the next snapshot.
	 */
	if (!record || record->process.exited || !value->allocs)
		return 0;
	return add_site(pass, record, key, value);
}

/* Ages are those at the end of the process, so the moment is its own, not that of the snapshot. */
static int add_frozen_sites(struct seep_collector *collector, const struct seep_record *record)
{
	const struct pass pass = {
		.collector = collector,
		.moment = {record->scan_number, record->ended_ns, collector->filter->min_age_ns,
			   collector->filter->sample_bytes != 0},
	};

	for (size_t i = 0; i < record->num_frozen; i++) {
		int error =
			add_site(&pass, record, &record->frozen[i].key, &record->frozen[i].value);

		if (error)
			return error;
	}
	return 0;
}

/*
 * For seep_managed_each_site. Of a process that has ended the last reading stands, as old as it was
 * at the end.
 */
static int add_managed_site(const struct seep_managed_site *managed, void *context)
{
	struct pass pass = *(const struct pass *)context;
	const struct seep_collector *collector = pass.collector;
	struct seep_site_value value = *managed->value;
	const struct seep_record *record =
		seep_processes_find(collector->parts.processes, managed->key.process);
	struct seep_sampling sampling;
	struct seep_site site;
	int error;

	if (!record || !value.allocs)
		return 0;
	if (record->process.exited)
		pass.moment.now_ns = record->ended_ns;
	value.scan = pass.moment.scan_number;
	error = begin_site(&pass, record, &managed->key, &value, &site);
	if (error)
		return error;
	site.existed = managed->existed;
	site.unchanged = !managed->renewed;
	seep_sampled_fill_by_bytes(managed->sample_bytes, &value, &pass.moment, observed_s(&pass),
				   &site, &sampling);
	return seep_site_table_add(collector->sites, managed->key.process, &site);
}

static bool is_known(const void *context, uint32_t process)
{
	return seep_processes_find(context, process) != NULL;
}

/*
 * What runtimes keep. A kind is traced if there is a runtime that has it, or nothing else was asked
 * for.
 */
static int collect_managed(struct seep_collector *collector, struct pass *pass)
{
	struct seep_managed *managed = collector->parts.managed;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (SEEP_KINDS_OF_RUNTIME & SEEP_KIND_BIT(kind) &&
		    !seep_managed_has(managed, (enum seep_kind)kind) &&
		    collector->filter->kinds & ~SEEP_KINDS_OF_RUNTIME)
			collector->snapshot.totals[kind].traced = false;
	}
	seep_managed_forget(managed, is_known, collector->parts.processes);
	return seep_managed_each_site(managed, add_managed_site, pass);
}

/* Live sites from the kernel, then frozen ones from the records: together all of the snapshot. */
static int collect_sites(struct seep_collector *collector, uint64_t now_ns)
{
	const struct seep_processes *processes = collector->parts.processes;
	uint64_t min_age_ns = collector->filter->min_age_ns;
	struct pass pass = {
		.collector = collector,
		.moment = {.now_ns = now_ns,
			   .min_age_ns = min_age_ns,
			   .weighed = collector->filter->sample_bytes != 0},
	};
	int error;

	seep_site_table_begin(collector->sites);
	/*
	 * First the ages, which are written into the kernel's sites; then the sites are read with
	 * them.
	 */
	error = seep_kernel_scan_ages(collector->parts.kernel, now_ns,
				      min_age_ns < now_ns ? now_ns - min_age_ns : 0,
				      &pass.moment.scan_number);
	if (!error)
		error = seep_kernel_each_site(collector->parts.kernel, add_live_site, &pass);
	if (!error)
		error = collect_managed(collector, &pass);
	for (size_t i = 0; i < seep_processes_count(processes) && !error; i++)
		error = add_frozen_sites(collector, seep_processes_at(processes, i));
	return error;
}

/* Losses of the kernel and of user space in one list, and how stacks ended. 0 or -errno. */
static int collect_losses(struct seep_collector *collector,
			  const uint64_t user_losses[SEEP_LOSS_COUNT])
{
	struct seep_snapshot *snapshot = &collector->snapshot;
	int error = seep_kernel_read_losses(collector->parts.kernel, snapshot->losses);

	if (error)
		return error;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++)
		snapshot->losses[i] += user_losses[i];
	/* An unknown block may be one that was too small or too large, or not in the sample. */
	if (snapshot->sample_bytes || snapshot->min_size_bytes ||
	    snapshot->max_size_bytes != UINT64_MAX)
		snapshot->losses[SEEP_LOSS_UNMATCHED_FREES] = SEEP_UNKNOWN;
	/*
	 * After the drain: a stack that is still missing was lost, or waits for room in the ring
	 * buffer.
	 */
	snapshot->losses[SEEP_LOSS_UNREAD_GOROUTINES] +=
		seep_managed_unread(collector->parts.managed);
	snapshot->losses[SEEP_LOSS_STACKS_UNSENT] +=
		seep_site_table_num_without_stack(collector->sites);
	error = seep_kernel_read_ends(collector->parts.kernel, snapshot->ends);
	if (!error)
		/*
		 * BPF has counted the end of its own walk; what was walked again later counts with
		 * its new end.
		 */
		seep_rewalk_correct(collector->parts.rewalk, snapshot->ends);
	return error;
}

/* Fills in what is known before anything is read: sequence, times, machine, scope and filter. */
static void describe(struct seep_collector *collector, bool final, uint64_t now_ns)
{
	const struct seep_filter *filter = collector->filter;

	collector->snapshot = (struct seep_snapshot){
		.seq = collector->snapshot.seq + 1,
		.final = final,
		.utc_ns = seep_clock_utc_ns(),
		.elapsed_ns = now_ns - collector->start_ns,
		.interval_ns = now_ns - collector->taken_ns,
		.host_name = collector->system.nodename,
		.kernel = collector->system.release,
		.arch = collector->system.machine,
		.scope_type = collector->scope->key,
		.scope_value = collector->scope->value,
		.min_age_ns = filter->min_age_ns,
		.sample_bytes = filter->sample_bytes,
		.min_size_bytes = filter->min_size_bytes,
		.max_size_bytes = filter->max_size_bytes,
	};
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		collector->snapshot.totals[kind].traced = filter->kinds & SEEP_KIND_BIT(kind);
	/* From here on this is the snapshot before. */
	collector->taken_ns = now_ns;
}

int seep_collector_take(struct seep_collector *collector, bool final, uint64_t now_ns,
			const uint64_t user_losses[SEEP_LOSS_COUNT],
			const struct seep_snapshot **ret_snapshot)
{
	struct seep_snapshot *snapshot = &collector->snapshot;
	struct seep_site *sites;
	int error;

	describe(collector, final, now_ns);
	error = seep_collect_processes(collector);
	if (!error)
		error = collect_sites(collector, now_ns);
	/*
	 * Stacks of sites that were made since the last drain: they are sent before they are
	 * counted. More may have been made before it: what the ring buffer holds is not to be had
	 * while one event, of any process, is being written.
	 */
	if (!error)
		collector->parts.drain_stacks(collector->parts.context);
	if (!error)
		error = collect_losses(collector, user_losses);
	if (!error)
		error = seep_overhead_read(collector->parts.overhead, now_ns, &snapshot->overhead);
	if (error)
		return error;
	/*
	 * The sites are complete. Ids come first, then the order by size, then equal ids: of the
	 * sites with the same id the largest one keeps it.
	 */
	sites = seep_site_table_end(collector->sites, &snapshot->num_sites);
	seep_site_ids_set(sites, snapshot->num_sites, collector->parts.stacks);
	seep_sites_sort(sites, snapshot->num_sites);
	error = seep_site_ids_separate(sites, snapshot->num_sites);
	if (error)
		return error;
	snapshot->sites = sites;
	/* Totals come before the limits and the verdicts, which use the totals of each process. */
	seep_snapshot_sum(collector->processes, snapshot->num_processes, snapshot->sites,
			  snapshot->num_sites, snapshot->totals);
	/* Limits need the number of descriptors, which is a total of the process. */
	if (snapshot->totals[SEEP_KIND_FD].traced)
		seep_collect_limits(collector, now_ns);
	if (collector->parts.assessor)
		error = seep_assessor_take(collector->parts.assessor, snapshot, sites,
					   collector->processes);
	if (error)
		return error;
	*ret_snapshot = snapshot;
	return 0;
}

static int add_live(const struct seep_site_key *key, const struct seep_site_value *value,
		    void *context)
{
	uint64_t *live = context;

	/* What the kernel has written is checked all the same, as it is an index. */
	if (key->kind >= SEEP_KIND_COUNT)
		return 0;
	live[key->kind] += seep_kind_is_counted((enum seep_kind)key->kind) ?
				   value->allocs - value->frees :
				   value->alloc_bytes - value->free_bytes;
	return 0;
}

int seep_collector_live(const struct seep_collector *collector, uint64_t ret_live[SEEP_KIND_COUNT])
{
	/* Without ages and stacks: what is younger than --min-age counts as well. */
	memset(ret_live, 0, SEEP_KIND_COUNT * sizeof(*ret_live));
	return seep_kernel_each_site(collector->parts.kernel, add_live, ret_live);
}
