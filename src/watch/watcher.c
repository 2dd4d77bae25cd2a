// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc lists processes by ascending PID, and so does the table: a look goes along both at once.
 * Bounded by SEEP_WATCH_MAX_PROCESSES; a list of all PIDs is made at each look and thrown away.
 *
 * Threads of the kernel have no memory. They are kept in the table as such, so that they are not
 * asked again; whether the PID of one is still one is looked at every CONFIRM_LOOKS looks.
 */
#include "watch/watcher.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "proc/cgroup.h"
#include "proc/usage.h"

#define CONFIRM_LOOKS 30

struct pids {
	SEEP_VECTOR(pid_t) list;
};

struct entry {
	pid_t pid;
	struct seep_watch_process *process; /* NULL: a thread of the kernel */
};

/* By ascending PID, both of them. */
struct table {
	size_t num_entries;
	struct entry *entries;
	size_t num_processes;
	struct seep_watch_process **processes; /* of the entries those that have one */
};

struct seep_watcher {
	struct seep_watcher_config config;
	struct seep_watch_machine machine;
	char *cgroup_mount;
	struct table table;
	unsigned int looks;
	struct seep_watcher_counts counts;
};

int seep_watcher_new(const struct seep_watcher_config *config, struct seep_watcher **ret_watcher)
{
	struct seep_watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		return -ENOMEM;
	watcher->config = *config;
	/* Without cgroup v2 there are no limits of cgroups. */
	if (seep_cgroup_mount_point(&watcher->cgroup_mount))
		watcher->cgroup_mount = NULL;
	watcher->machine.cgroup_mount = watcher->cgroup_mount;
	*ret_watcher = watcher;
	return 0;
}

static void done(struct table *table)
{
	free(table->entries);
	free(table->processes);
}

void seep_watcher_free(struct seep_watcher *watcher)
{
	if (!watcher)
		return;
	for (size_t i = 0; i < watcher->table.num_processes; i++)
		seep_watch_process_free(watcher->table.processes[i]);
	done(&watcher->table);
	free(watcher->cgroup_mount);
	free(watcher);
}

static int compare_pids(const void *left, const void *right)
{
	pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;

	return a < b ? -1 : a > b;
}

/* Sorted: that they come in this order is no promise. */
static int list_pids(struct pids *pids)
{
	SEEP_AUTO_DIR DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int error = proc ? 0 : -errno;

	while (!error && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		/* Entries of /proc that are no number are not processes. */
		if (pid > 0 && !*end)
			error = SEEP_APPEND(&pids->list, (pid_t)pid);
	}
	if (!error && pids->list.count)
		qsort(pids->list.items, pids->list.count, sizeof(pid_t), compare_pids);
	return error;
}

/* Room for as many as there are PIDs, so that nothing can fail while the table is made. */
static int init(struct table *table, size_t num)
{
	*table = (struct table){
		.entries = calloc(num + 1, sizeof(*table->entries)),
		.processes = calloc(num + 1, sizeof(struct seep_watch_process *)),
	};
	if (table->entries && table->processes)
		return 0;
	done(table);
	return -ENOMEM;
}

static void add(struct table *table, pid_t pid, struct seep_watch_process *process)
{
	table->entries[table->num_entries++] = (struct entry){pid, process};
	if (process)
		table->processes[table->num_processes++] = process;
}

/* It stays in the table, which is asked meanwhile, up to the end of the look. */
static void end(const struct seep_watcher *watcher, struct seep_watch_process *process)
{
	if (!process)
		return;
	process->ended = true;
	if (watcher->config.ended)
		watcher->config.ended(watcher->config.context, process);
}

static void free_ended(const struct table *table)
{
	for (size_t i = 0; i < table->num_processes; i++) {
		if (table->processes[i]->ended)
			seep_watch_process_free(table->processes[i]);
	}
}

/* Adds one that was not watched so far, if it is to be and can be. */
static void meet(struct seep_watcher *watcher, struct table *now, pid_t pid, double now_s)
{
	struct seep_watch_process *process = NULL;
	int error;

	if (!watcher->config.wanted(watcher->config.context, pid))
		return;
	error = now->num_processes < SEEP_WATCH_MAX_PROCESSES ?
			seep_watch_process_new(pid, now_s, &process) :
			-E2BIG;
	if (error == -ENODATA) {
		add(now, pid, NULL);
		return;
	}
	if (!error)
		error = seep_watch_process_read(process, now_s);
	if (!error) {
		watcher->counts.seen++;
		add(now, pid, process);
		return;
	}
	seep_watch_process_free(process);
	watcher->counts.unwatched += error != -ESRCH;
}

static void look_at(struct seep_watcher *watcher, struct table *now, const struct entry *known,
		    double now_s)
{
	int error;

	if (!known->process && watcher->looks % CONFIRM_LOOKS) {
		add(now, known->pid, NULL);
		return;
	}
	error = known->process ? seep_watch_process_read(known->process, now_s) : -ESRCH;
	/* What could not be read this time may be the next time, unless it has ended. */
	if (error != -ESRCH) {
		add(now, known->pid, known->process);
		return;
	}
	end(watcher, known->process);
	/* Another one may have its PID by now. */
	meet(watcher, now, known->pid, now_s);
}

/* Goes along the PIDs that there are and those that are known. */
static void look_at_all(struct seep_watcher *watcher, const struct pids *pids, struct table *now,
			double now_s)
{
	const struct entry *known = watcher->table.entries;
	const struct entry *known_end = known + watcher->table.num_entries;

	for (size_t i = 0; i < pids->list.count; i++) {
		pid_t pid = pids->list.items[i];

		while (known < known_end && known->pid < pid)
			end(watcher, (known++)->process);
		if (known < known_end && known->pid == pid)
			look_at(watcher, now, known++, now_s);
		else
			meet(watcher, now, pid, now_s);
	}
	while (known < known_end)
		end(watcher, (known++)->process);
}

static void judge_all(struct seep_watcher *watcher)
{
	struct seep_proc_usage memory = {SEEP_UNKNOWN, SEEP_UNKNOWN};

	/* What cannot be read is not known. */
	if (seep_machine_memory_read(&memory))
		memory = (struct seep_proc_usage){SEEP_UNKNOWN, SEEP_UNKNOWN};
	watcher->machine.memory = (struct seep_usage){memory.used, memory.max};
	for (size_t i = 0; i < watcher->table.num_processes; i++)
		seep_watch_process_judge(watcher->table.processes[i], &watcher->machine);
}

int seep_watcher_look(struct seep_watcher *watcher, double now_s)
{
	struct pids pids = {0};
	struct table now;
	int error = list_pids(&pids);

	if (!error)
		error = init(&now, pids.list.count);
	if (!error) {
		watcher->counts.unwatched = 0;
		look_at_all(watcher, &pids, &now, now_s);
		free_ended(&watcher->table);
		done(&watcher->table);
		watcher->table = now;
		watcher->looks++;
		judge_all(watcher);
	}
	free(pids.list.items);
	return error;
}

size_t seep_watcher_count(const struct seep_watcher *watcher)
{
	return watcher->table.num_processes;
}

struct seep_watch_process *seep_watcher_at(const struct seep_watcher *watcher, size_t index)
{
	return watcher->table.processes[index];
}

struct seep_watch_process *const *seep_watcher_all(const struct seep_watcher *watcher)
{
	return watcher->table.processes;
}

struct seep_watch_process *seep_watcher_find(const struct seep_watcher *watcher, pid_t pid)
{
	size_t from = 0, to = watcher->table.num_processes;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		struct seep_watch_process *process = watcher->table.processes[middle];

		if (process->pid == pid)
			return process->ended ? NULL : process;
		if (process->pid < pid)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

void seep_watcher_get_counts(const struct seep_watcher *watcher,
			     struct seep_watcher_counts *ret_counts)
{
	*ret_counts = watcher->counts;
}
