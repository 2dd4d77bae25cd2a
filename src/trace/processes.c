// SPDX-License-Identifier: GPL-2.0-only
#include "trace/processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct entry {
	struct seep_record record;
	UT_hash_handle hh;
};

struct seep_processes {
	struct entry *by_id;
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

static void free_names(struct seep_process *process)
{
	free((void *)process->comm);
	free((void *)process->exe);
	free((void *)process->cgroup);
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

static int set_names(struct seep_record *record, const struct seep_proc_info *info)
{
	struct seep_process names = {
		.comm = strdup(info->comm),
		.exe = info->exe ? strdup(info->exe) : NULL,
		.cgroup = info->cgroup ? strdup(info->cgroup) : NULL,
	};

	if (!names.comm || (info->exe && !names.exe) || (info->cgroup && !names.cgroup)) {
		free_names(&names);
		return -ENOMEM;
	}
	free_names(&record->process);
	record->process.comm = names.comm;
	record->process.exe = names.exe;
	record->process.cgroup = names.cgroup;
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
	entry->record.process.rss_bytes = SEEP_UNKNOWN;
	entry->record.process.pre_attach_bytes = SEEP_UNKNOWN;
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

struct freezing {
	struct seep_record *record;
	size_t capacity;
};

static int freeze_site(const struct seep_site_key *key, const struct seep_site_value *value,
		       void *context)
{
	struct freezing *freezing = context;
	struct seep_record *record = freezing->record;

	if (key->process != record->process.id || !value->allocs)
		return 0;
	if (record->num_frozen == freezing->capacity) {
		size_t capacity = freezing->capacity ? 2 * freezing->capacity : 64;
		struct seep_frozen_site *frozen =
			realloc(record->frozen, capacity * sizeof(*frozen));

		if (!frozen)
			return -ENOMEM;
		record->frozen = frozen;
		freezing->capacity = capacity;
	}
	record->frozen[record->num_frozen].key = *key;
	record->frozen[record->num_frozen].value = *value;
	record->num_frozen++;
	return 0;
}

int seep_record_freeze(struct seep_record *record, struct seep_kernel *kernel, uint64_t min_age_ns,
		       uint64_t now_ns)
{
	struct freezing freezing = {.record = record};
	uint64_t young_after = min_age_ns < now_ns ? now_ns - min_age_ns : 0;
	int error, bury_error;

	record->process.exited = true;
	record->ended_ns = now_ns;
	error = seep_kernel_scan_ages(kernel, young_after, &record->scan_number);
	if (!error)
		error = seep_kernel_each_site(kernel, freeze_site, &freezing);
	bury_error = seep_kernel_bury(kernel, record->process.id);
	return error ? error : bury_error;
}
