// SPDX-License-Identifier: GPL-2.0-only
#include "trace/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <uthash.h>

#include "base/clock.h"
#include "kernel/counters.h"
#include "kernel/events.h"
#include "kernel/objects.h"
#include "proc/process.h"
#include "target/fd_limit.h"
#include "target/process_stats.h"
#include "target/site_ids.h"

/* What has to be remembered of a site from one snapshot to the next. */
struct memory {
	struct seep_site_key key;
	uint64_t seq;	       /* of the last snapshot with this site ... */
	size_t index;	       /* ... where it stood there ... */
	uint64_t bytes_before; /* ... and what was alive in the one before */
	uint64_t objects_before;
	uint64_t live_bytes;
	uint64_t live_objects;
	UT_hash_handle hh;
};

struct seep_collector {
	struct seep_collector_config config;
	struct utsname system;
	struct memory *memories;
	struct seep_snapshot snapshot;
	uint64_t taken_ns;
	size_t site_capacity;
	struct seep_site *sites;
	struct seep_process *processes;
};

/* One pass over all sites, on its way into the collector's arrays. */
struct pass {
	struct seep_collector *collector;
	uint64_t scan_number; /* ages of this number are those of now */
	uint64_t now_ns;
};

int seep_collector_new(const struct seep_collector_config *config,
		       struct seep_collector **ret_collector)
{
	struct seep_collector *collector = calloc(1, sizeof(*collector));

	if (!collector)
		return -ENOMEM;
	collector->config = *config;
	collector->taken_ns = config->start_ns;
	uname(&collector->system);
	*ret_collector = collector;
	return 0;
}

void seep_collector_free(struct seep_collector *collector)
{
	struct memory *memory, *next;

	if (!collector)
		return;
	HASH_ITER(hh, collector->memories, memory, next) {
		HASH_DEL(collector->memories, memory);
		free(memory);
	}
	free(collector->sites);
	free(collector->processes);
	free(collector);
}

/* --- sites ------------------------------------------------------------------------------------- */

static int reserve_site(struct seep_collector *collector)
{
	size_t capacity = collector->site_capacity ? 2 * collector->site_capacity : 256;
	struct seep_site *sites;

	if (collector->snapshot.num_sites < collector->site_capacity)
		return 0;
	sites = realloc(collector->sites, capacity * sizeof(*sites));
	if (!sites)
		return -ENOMEM;
	collector->sites = sites;
	collector->site_capacity = capacity;
	return 0;
}

static int memory_get(struct seep_collector *collector, const struct seep_site_key *key,
		      struct memory **ret_memory)
{
	struct memory *memory;

	HASH_FIND(hh, collector->memories, key, sizeof(*key), memory);
	if (!memory) {
		memory = calloc(1, sizeof(*memory));
		if (!memory)
			return -ENOMEM;
		memory->key = *key;
		HASH_ADD(hh, collector->memories, key, sizeof(memory->key), memory);
	}
	*ret_memory = memory;
	return 0;
}

/*
 * Counters and ages were read at slightly different moments while the target went on; what is
 * younger than --min-age can so seem to be more than what is alive.
 */
static uint64_t older(uint64_t live, uint64_t young)
{
	return young < live ? live - young : 0;
}

static void fill_ages(const struct pass *pass, const struct seep_site_value *value,
		      struct seep_site *site)
{
	site->oldest_ns = SEEP_UNKNOWN;
	site->ages_known = true;
	if (value->scan != pass->scan_number)
		return; /* nothing of this site was alive */
	memcpy(site->ages, value->ages, sizeof(site->ages));
	if (value->oldest_ns <= pass->now_ns)
		site->oldest_ns = pass->now_ns - value->oldest_ns;
	if (pass->collector->config.min_age_ns) {
		site->live_objects = older(site->live_objects, value->young_objects);
		site->live_bytes = older(site->live_bytes, value->young_bytes);
	}
}

/* What one entry of the kernel's table of sites says. */
static void fill_site(const struct pass *pass, const struct seep_site_value *value,
		      struct seep_site *site)
{
	site->counts.allocs = value->allocs;
	site->counts.frees = value->frees;
	site->counts.alloc_bytes = value->alloc_bytes;
	site->counts.free_bytes = value->free_bytes;
	site->live_objects = seep_counts_live_objects(&site->counts);
	site->live_bytes = seep_counts_live_bytes(&site->counts);
	memcpy(site->lifetimes, value->lifetimes, sizeof(site->lifetimes));
	fill_ages(pass, value, site);
}

/* A stack that was walked late has entries of its own in the kernel: they belong to one site. */
static void merge_site(struct seep_site *site, const struct seep_site *other)
{
	site->counts.allocs += other->counts.allocs;
	site->counts.frees += other->counts.frees;
	site->counts.alloc_bytes += other->counts.alloc_bytes;
	site->counts.free_bytes += other->counts.free_bytes;
	site->live_objects += other->live_objects;
	site->live_bytes += other->live_bytes;
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		site->lifetimes[i] += other->lifetimes[i];
		site->ages[i] += other->ages[i];
	}
	if (!site->details)
		site->details = other->details;
	if (site->oldest_ns == SEEP_UNKNOWN ||
	    (other->oldest_ns != SEEP_UNKNOWN && other->oldest_ns > site->oldest_ns))
		site->oldest_ns = other->oldest_ns;
}

static int append_site(struct seep_collector *collector, const struct seep_site *site,
		       struct memory *memory)
{
	int error = reserve_site(collector);

	if (error)
		return error;
	memory->bytes_before = memory->live_bytes;
	memory->objects_before = memory->live_objects;
	memory->seq = collector->snapshot.seq;
	memory->index = collector->snapshot.num_sites;
	collector->sites[collector->snapshot.num_sites++] = *site;
	return 0;
}

static int add_site(struct pass *pass, const struct seep_record *record,
		    const struct seep_site_key *key, const struct seep_site_value *value)
{
	struct seep_collector *collector = pass->collector;
	struct seep_site site = {
		.process = &collector->processes[record->index],
		.kind = (enum seep_kind)key->kind,
		.stack = seep_stacks_get(collector->config.stacks, key->stack),
	};
	struct seep_site_key one_key = *key;
	struct memory *memory;
	struct seep_site *kept;
	int error;

	if (!site.stack)
		return -ENOMEM;
	fill_site(pass, value, &site);
	site.details = seep_inventory_details(collector->config.inventory, key);
	one_key.stack = site.stack->hash;
	error = memory_get(collector, &one_key, &memory);
	if (error)
		return error;
	if (memory->seq == collector->snapshot.seq)
		merge_site(&collector->sites[memory->index], &site);
	else
		error = append_site(collector, &site, memory);
	if (error)
		return error;
	kept = &collector->sites[memory->index];
	memory->live_bytes = kept->live_bytes;
	memory->live_objects = kept->live_objects;
	if (collector->snapshot.seq > 1) {
		kept->live_bytes_change = (int64_t)(memory->live_bytes - memory->bytes_before);
		kept->live_objects_change =
			(int64_t)(memory->live_objects - memory->objects_before);
	}
	return 0;
}

static int add_live_site(const struct seep_site_key *key, const struct seep_site_value *value,
			 void *context)
{
	struct pass *pass = context;
	const struct seep_record *record =
		seep_processes_find(pass->collector->config.processes, key->process);

	/* A frozen process's sites come from its record; one that exec made a moment ago is next time's. */
	if (!record || record->process.exited || !value->allocs)
		return 0;
	return add_site(pass, record, key, value);
}

static int add_frozen_sites(struct seep_collector *collector, const struct seep_record *record)
{
	struct pass pass = {collector, record->scan_number, record->ended_ns};

	for (size_t i = 0; i < record->num_frozen; i++) {
		int error =
			add_site(&pass, record, &record->frozen[i].key, &record->frozen[i].value);

		if (error)
			return error;
	}
	return 0;
}

static int collect_sites(struct seep_collector *collector, uint64_t now_ns)
{
	const struct seep_processes *processes = collector->config.processes;
	uint64_t min_age_ns = collector->config.min_age_ns;
	struct pass pass = {.collector = collector, .now_ns = now_ns};
	int error;

	error = seep_kernel_scan_ages(collector->config.kernel, now_ns,
				      min_age_ns < now_ns ? now_ns - min_age_ns : 0,
				      &pass.scan_number);
	if (!error)
		error = seep_kernel_each_site(collector->config.kernel, add_live_site, &pass);
	for (size_t i = 0; i < seep_processes_count(processes) && !error; i++)
		error = add_frozen_sites(collector, seep_processes_at(processes, i));
	return error;
}

/* --- the rest ---------------------------------------------------------------------------------- */

static void collect_memory(const struct seep_collector *collector, struct seep_record *record)
{
	struct seep_process *process = &record->process;
	struct seep_proc_memory memory;

	if (process->exited || seep_proc_memory_read(process->pid, &memory))
		return;
	process->rss_bytes = memory.rss_bytes;
	process->anon_bytes = memory.anon_bytes;
	process->address_space_bytes = memory.address_space_bytes;
	if (collector->config.assessor)
		seep_process_stats_read_pss(process, &record->pss_due_ns);
}

static int collect_processes(struct seep_collector *collector)
{
	size_t count = seep_processes_count(collector->config.processes), shown = 0;
	struct seep_process *processes =
		realloc(collector->processes, (count + 1) * sizeof(*processes));

	if (!processes)
		return -ENOMEM;
	collector->processes = processes;
	for (size_t i = 0; i < count; i++) {
		struct seep_record *record = seep_processes_at(collector->config.processes, i);

		if (record->before_exec)
			continue;
		record->index = shown;
		collect_memory(collector, record);
		processes[shown++] = record->process;
	}
	collector->snapshot.processes = processes;
	collector->snapshot.num_processes = shown;
	return 0;
}

static int collect_losses(struct seep_collector *collector,
			  const uint64_t user_losses[SEEP_LOSS_COUNT])
{
	struct seep_snapshot *snapshot = &collector->snapshot;
	int error = seep_kernel_read_losses(collector->config.kernel, snapshot->losses);

	if (error)
		return error;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++)
		snapshot->losses[i] += user_losses[i];
	/* An unknown block may be one that was too small or too large to be tracked. */
	if (snapshot->min_size_bytes || snapshot->max_size_bytes != UINT64_MAX)
		snapshot->losses[SEEP_LOSS_UNMATCHED_FREES] = SEEP_UNKNOWN;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		if (!collector->sites[i].stack->num_frames)
			snapshot->losses[SEEP_LOSS_STACKS_UNSENT]++;
	}
	error = seep_kernel_read_ends(collector->config.kernel, snapshot->ends);
	if (!error)
		seep_rewalk_correct(collector->config.rewalk, snapshot->ends);
	return error;
}

static void describe(struct seep_collector *collector, bool final, uint64_t now_ns)
{
	const struct seep_collector_config *config = &collector->config;

	collector->snapshot = (struct seep_snapshot){
		.seq = collector->snapshot.seq + 1,
		.final = final,
		.utc_ns = seep_clock_utc_ns(),
		.elapsed_ns = now_ns - config->start_ns,
		.interval_ns = now_ns - collector->taken_ns,
		.host_name = collector->system.nodename,
		.kernel = collector->system.release,
		.arch = collector->system.machine,
		.scope_type = config->scope_type,
		.scope_value = config->scope_value,
		.min_age_ns = config->min_age_ns,
		.min_size_bytes = config->min_size_bytes,
		.max_size_bytes = config->max_size_bytes,
	};
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		collector->snapshot.totals[kind].traced = config->kinds & SEEP_KIND_BIT(kind);
	collector->taken_ns = now_ns;
}

/* Forgets sites that are not there any more: those of processes that are not reported any more. */
static void forget_sites(struct seep_collector *collector)
{
	struct memory *memory, *next;

	if (HASH_COUNT(collector->memories) <= 2 * collector->snapshot.num_sites + 1000)
		return;
	HASH_ITER(hh, collector->memories, memory, next) {
		if (memory->seq == collector->snapshot.seq)
			continue;
		HASH_DEL(collector->memories, memory);
		free(memory);
	}
}

/* How near each process is to the limit of its descriptors. */
static void collect_limits(struct seep_collector *collector, uint64_t now_ns)
{
	for (size_t i = 0; i < seep_processes_count(collector->config.processes); i++) {
		struct seep_record *record = seep_processes_at(collector->config.processes, i);
		struct seep_process *process = &collector->processes[record->index];

		if (!record->before_exec && !process->exited)
			seep_fd_limit_fill(&record->fd_growth, process, now_ns);
	}
}

int seep_collector_take(struct seep_collector *collector, bool final, uint64_t now_ns,
			const uint64_t user_losses[SEEP_LOSS_COUNT],
			const struct seep_snapshot **ret_snapshot)
{
	struct seep_snapshot *snapshot = &collector->snapshot;
	int error;

	describe(collector, final, now_ns);
	error = collect_processes(collector);
	if (!error)
		error = collect_sites(collector, now_ns);
	/* Stacks of sites that were made since the last drain: they are sent before they are counted. */
	if (!error)
		seep_kernel_drain(collector->config.kernel);
	if (!error)
		seep_site_ids_set(collector->sites, snapshot->num_sites, collector->config.stacks);
	if (!error)
		error = collect_losses(collector, user_losses);
	if (!error)
		error = seep_overhead_read(collector->config.overhead, now_ns, &snapshot->overhead);
	if (error)
		return error;
	forget_sites(collector);
	seep_sites_sort(collector->sites, snapshot->num_sites);
	error = seep_site_ids_separate(collector->sites, snapshot->num_sites);
	if (error)
		return error;
	snapshot->sites = collector->sites;
	seep_snapshot_sum(collector->processes, snapshot->num_processes, snapshot->sites,
			  snapshot->num_sites, snapshot->totals);
	if (snapshot->totals[SEEP_KIND_FD].traced)
		collect_limits(collector, now_ns);
	if (collector->config.assessor)
		error = seep_assessor_take(collector->config.assessor, snapshot, collector->sites,
					   collector->processes);
	if (error)
		return error;
	*ret_snapshot = snapshot;
	return 0;
}

static int add_live_bytes(const struct seep_site_key *key, const struct seep_site_value *value,
			  void *context)
{
	(void)key;
	*(uint64_t *)context += value->alloc_bytes - value->free_bytes;
	return 0;
}

int seep_collector_live_bytes(const struct seep_collector *collector, uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	int error = seep_kernel_each_site(collector->config.kernel, add_live_bytes, &bytes);

	if (error)
		return error;
	*ret_bytes = bytes;
	return 0;
}
