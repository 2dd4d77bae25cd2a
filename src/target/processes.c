// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records. One is added when a process comes (attach.c) and ends in two steps:
 * seep_processes_end when the process is gone, and seep_processes_freeze, which copies the sites of
 * all that have ended in one pass and has the kernel drop them. Live records are bounded by
 * SEEP_MAX_PROCESSES; of ended ones MAX_ENDED are kept, the oldest are forgotten and counted as a
 * loss.
 */
#include "target/processes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kernel/objects.h"
#include "kernel/processes.h"

/* Ended ones that are still reported. */
#define MAX_ENDED 1000

/* One record with its place in the hash. "record" comes first: see seep_processes_rename. */
struct entry {
	struct seep_record record;
	UT_hash_handle hh;
};

/* Records are found by id and walked in order; num_dying counts those that wait to be frozen. */
struct seep_processes {
	struct entry *by_id;
	size_t num_dying;
	size_t num_ended; /* of count */
	size_t count;
	size_t capacity;
	struct entry **in_order;
};

int seep_processes_new(struct seep_processes **ret_processes)
{
	struct seep_processes *processes = calloc(1, sizeof(*processes));

	if (!processes)
		return -ENOMEM;
	*ret_processes = processes;
	return 0;
}

/* Names are const for those who read a snapshot; they are allocated here. */
static void free_names(struct seep_process *process)
{
	free((void *)process->comm);
	free((void *)process->exe);
	free((void *)process->cgroup);
	free((void *)process->container);
	free((void *)process->pod);
}

static void entry_free(struct entry *entry)
{
	free_names(&entry->record.process);
	free(entry->record.frozen);
	free(entry);
}

void seep_processes_free(struct seep_processes *processes)
{
	if (!processes)
		return;
	HASH_CLEAR(hh, processes->by_id);
	for (size_t i = 0; i < processes->count; i++)
		entry_free(processes->in_order[i]);
	free(processes->in_order);
	free(processes);
}

/* Makes room for one more entry of in_order, before anything else can fail. */
static int grow(struct seep_processes *processes)
{
	size_t capacity = processes->capacity ? 2 * processes->capacity : 16;
	struct entry **in_order;

	if (processes->count < processes->capacity)
		return 0;
	in_order = realloc(processes->in_order, capacity * sizeof(struct entry *));
	if (!in_order)
		return -ENOMEM;
	processes->in_order = in_order;
	processes->capacity = capacity;
	return 0;
}

/* A copy of @text, NULL for none. */
static int copy_text(const char *text, const char **ret_copy)
{
	if (!text || !text[0])
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

/* All names are copied before the first old one is freed: on failure the record is as it was. */
static int set_names(struct seep_record *record, const struct seep_proc_info *info)
{
	struct seep_process *process = &record->process, names = {.comm = strdup(info->comm)};

	if (!names.comm || copy_text(info->exe, &names.exe) ||
	    copy_text(info->cgroup, &names.cgroup) ||
	    copy_text(info->container.id, &names.container) ||
	    copy_text(info->container.pod, &names.pod)) {
		free_names(&names);
		return -ENOMEM;
	}
	free_names(process);
	process->comm = names.comm;
	process->exe = names.exe;
	process->cgroup = names.cgroup;
	process->container = names.container;
	process->pod = names.pod;
	process->inner_pid = info->inner_pid;
	return 0;
}

int seep_processes_add(struct seep_processes *processes, uint32_t id,
		       const struct seep_proc_info *info, struct seep_record **ret_record)
{
	struct entry *entry;
	int error = grow(processes);

	if (error)
		return error;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	error = set_names(&entry->record, info);
	if (error) {
		entry_free(entry);
		return error;
	}
	entry->record.process.id = id;
	entry->record.process.pid = info->pid;
	entry->record.process.start_utc_ns = info->start_utc_ns;
	/* 0 would be a measurement. The collector fills in what /proc tells. */
	entry->record.process.rss_bytes = SEEP_UNKNOWN;
	entry->record.process.anon_bytes = SEEP_UNKNOWN;
	entry->record.process.file_bytes = SEEP_UNKNOWN;
	entry->record.process.shared_bytes = SEEP_UNKNOWN;
	entry->record.process.pss_bytes = SEEP_UNKNOWN;
	entry->record.process.address_space_bytes = SEEP_UNKNOWN;
	entry->record.process.pre_attach_bytes = SEEP_UNKNOWN;
	entry->record.process.unmatched_frees = SEEP_UNKNOWN;
	entry->record.process.unmatched_free_bytes = SEEP_UNKNOWN;
	entry->record.process.unmatched_frees_unsized = SEEP_UNKNOWN;
	entry->record.process.seen_share = 1;
	entry->record.process.probes_cpu_pct = NAN;
	entry->record.process.fd_limit = UINT64_MAX;
	entry->record.process.fd_limit_eta_ns = SEEP_UNKNOWN;
	HASH_ADD(hh, processes->by_id, record.process.id, sizeof(entry->record.process.id), entry);
	processes->in_order[processes->count++] = entry;
	*ret_record = &entry->record;
	return 0;
}

int seep_processes_rename(struct seep_processes *processes, struct seep_record *record, uint32_t id,
			  const struct seep_proc_info *info)
{
	struct entry *entry = (struct entry *)record; /* its first member */
	int error = set_names(record, info);

	if (error)
		return error;
	/* The id is the key of the hash: out and in again. */
	HASH_DEL(processes->by_id, entry);
	record->process.id = id;
	HASH_ADD(hh, processes->by_id, record.process.id, sizeof(record->process.id), entry);
	return 0;
}

struct seep_record *seep_processes_find(const struct seep_processes *processes, uint32_t id)
{
	struct entry *entry;

	HASH_FIND(hh, processes->by_id, &id, sizeof(id), entry);
	return entry ? &entry->record : NULL;
}

size_t seep_processes_count(const struct seep_processes *processes)
{
	return processes->count;
}

struct seep_record *seep_processes_at(const struct seep_processes *processes, size_t index)
{
	return &processes->in_order[index]->record;
}

/*
 * A second call does nothing: after an exec for which there was no memory the target keeps its old
 * record, which then ends once more.
 */
void seep_processes_end(struct seep_processes *processes, struct seep_record *record,
			uint64_t now_ns)
{
	if (record->process.exited)
		return;
	record->process.exited = true;
	record->dying = true;
	record->ended_ns = now_ns;
	processes->num_dying++;
	processes->num_ended++;
}

size_t seep_processes_dying(const struct seep_processes *processes)
{
	return processes->num_dying;
}

/* For seep_kernel_each_site: copies a site of a dying process into its record, 0 for all others. */
static int freeze_site(const struct seep_site_key *key, const struct seep_site_value *value,
		       void *context)
{
	struct seep_record *record = seep_processes_find(context, key->process);

	/* A site without allocations has been made by BPF and was not counted on yet. */
	if (!record || !record->dying || !value->allocs)
		return 0;
	if (record->num_frozen == record->capacity) {
		size_t capacity = record->capacity ? 2 * record->capacity : 16;
		struct seep_frozen_site *frozen =
			realloc(record->frozen, capacity * sizeof(*frozen));

		if (!frozen)
			return -ENOMEM;
		record->frozen = frozen;
		record->capacity = capacity;
	}
	record->frozen[record->num_frozen].key = *key;
	record->frozen[record->num_frozen].value = *value;
	record->num_frozen++;
	return 0;
}

void seep_processes_read_unmatched(const struct seep_kernel *kernel, struct seep_process *process)
{
	struct seep_unmatched unmatched;

	/* What was read before stays. */
	if (seep_kernel_read_unmatched(kernel, process->id, &unmatched))
		return;
	/* Programs count meanwhile: a release comes before its size. */
	if (unmatched.sized > unmatched.frees)
		unmatched.frees = unmatched.sized;
	process->unmatched_frees = unmatched.frees;
	process->unmatched_frees_unsized = unmatched.frees - unmatched.sized;
	process->unmatched_free_bytes =
		unmatched.frees && !unmatched.sized ? SEEP_UNKNOWN : unmatched.bytes;
}

/* Drops what the kernel has of the dying. 0 or -errno. */
static int reap(struct seep_processes *processes, struct seep_kernel *kernel)
{
	SEEP_AUTO_FREE uint32_t *ids = calloc(processes->num_dying, sizeof(*ids));
	size_t count = 0;

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < processes->count; i++) {
		if (processes->in_order[i]->record.dying)
			ids[count++] = processes->in_order[i]->record.process.id;
	}
	return seep_kernel_reap(kernel, ids, count);
}

/*
 * The order matters: ages go into the kernel's sites first, the sites are copied, and only then
 * dropped. They are dropped even if copying failed: nobody would come back for them.
 */
int seep_processes_freeze(struct seep_processes *processes, struct seep_kernel *kernel,
			  uint64_t min_age_ns,
			  void (*fn)(void *context, struct seep_record *record), void *context)
{
	uint64_t now_ns = seep_clock_monotonic_ns(), number = 0;
	int error, reap_error;

	if (!processes->num_dying)
		return 0;
	/*
	 * The clock starts at boot: on a machine up for less than min_age_ns the limit is 0, which
	 * makes everything young.
	 */
	error = seep_kernel_scan_ages(kernel, now_ns, min_age_ns < now_ns ? now_ns - min_age_ns : 0,
				      &number);
	if (!error)
		error = seep_kernel_each_site(kernel, freeze_site, processes);
	for (size_t i = 0; i < processes->count; i++) {
		struct seep_record *record = &processes->in_order[i]->record;

		if (!record->dying)
			continue;
		seep_processes_read_unmatched(kernel, &record->process);
		/* With it the ages in the frozen sites are told from those of an older pass. */
		record->scan_number = number;
		fn(context, record);
	}
	reap_error = reap(processes, kernel);
	for (size_t i = 0; i < processes->count; i++)
		processes->in_order[i]->record.dying = false;
	processes->num_dying = 0;
	return error ? error : reap_error;
}

static void entry_remove(struct seep_processes *processes, struct entry *entry)
{
	struct entry *found;

	HASH_FIND(hh, processes->by_id, &entry->record.process.id, sizeof(uint32_t), found);
	if (found)
		HASH_DEL(processes->by_id, found);
	entry_free(entry);
}

size_t seep_processes_forget(struct seep_processes *processes)
{
	/* In the order of their coming, so the oldest go first; those that stay move up. */
	size_t kept = 0, forgotten = 0;

	for (size_t i = 0; i < processes->count; i++) {
		struct entry *entry = processes->in_order[i];
		const struct seep_record *record = &entry->record;
		bool ended = record->process.exited && !record->dying;
		/*
		 * Short-lived processes of a scope come by the thousands; those without a site say
		 * nothing.
		 */
		bool empty = record->by_scope && !record->num_frozen;

		if (!ended || (!empty && processes->num_ended <= MAX_ENDED)) {
			processes->in_order[kept++] = entry;
			continue;
		}
		forgotten += !empty;
		processes->num_ended--;
		entry_remove(processes, entry);
	}
	processes->count = kept;
	return forgotten;
}
