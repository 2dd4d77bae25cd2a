// SPDX-License-Identifier: GPL-2.0-only
/*
 * New ones are found by the parents of all processes in /proc, which is read at intervals that are
 * long against the time that it takes. The memory of those that are known, CHILDREN_MAX at most, is
 * read each time. A worker copies pages and fills its caches when it is young, so its growth counts
 * from the second time on; what it has grown by stays in the sum of its traced ancestor when it
 * ends, because servers replace their workers.
 */
#include "target/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "base/vector.h"
#include "proc/process.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define CHILDREN_MAX 512
#define DEPTH_MAX    64
#define LOOK_SHARE   50 /* of the time, one part of so many */
#define NAMES_SHOWN  3
#define COMM_COLUMNS 16

/* One that is not traced. */
struct child {
	pid_t pid;
	uint32_t ancestor;
	uint32_t looks;
	uint64_t bytes;
	int64_t grown;
	UT_hash_handle hh;
};

/* What all those below a traced process have grown by. */
struct ancestor {
	uint32_t id;
	uint64_t num;
	int64_t grown;
	UT_hash_handle hh;
};

struct seep_descendants {
	struct child *children;
	struct ancestor *ancestors;
	uint64_t due_ns;
};

/* A process and its parent, for one look. */
struct link {
	pid_t pid;
	pid_t parent;
};

struct links {
	SEEP_VECTOR(struct link) all; /* by PID */
};

int seep_descendants_new(struct seep_descendants **ret_descendants)
{
	struct seep_descendants *descendants = calloc(1, sizeof(*descendants));

	if (!descendants)
		return -ENOMEM;
	*ret_descendants = descendants;
	return 0;
}

void seep_descendants_free(struct seep_descendants *descendants)
{
	struct ancestor *ancestor, *next_ancestor;
	struct child *child, *next;

	if (!descendants)
		return;
	HASH_ITER(hh, descendants->children, child, next) {
		HASH_DEL(descendants->children, child);
		free(child);
	}
	HASH_ITER(hh, descendants->ancestors, ancestor, next_ancestor) {
		HASH_DEL(descendants->ancestors, ancestor);
		free(ancestor);
	}
	free(descendants);
}

static int compare_links(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* All processes with their parents. The caller frees the list. */
static int read_links(struct links *ret_links)
{
	struct links links = {0};
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int error = 0;

	if (!proc)
		return -errno;
	while (!error && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		pid_t parent;

		if (pid <= 0 || *end)
			continue;
		parent = seep_proc_parent((pid_t)pid);
		/* It has ended, or it is the first one of all. */
		if (parent > 0)
			error = SEEP_APPEND(&links.all, ((struct link){(pid_t)pid, parent}));
	}
	closedir(proc);
	if (error) {
		free(links.all.items);
		return error;
	}
	if (links.all.count)
		qsort(links.all.items, links.all.count, sizeof(*links.all.items), compare_links);
	*ret_links = links;
	return 0;
}

static const struct seep_process *find_traced(const struct seep_process *processes, size_t num,
					      pid_t pid)
{
	for (size_t i = 0; i < num; i++) {
		if (processes[i].pid == pid && !processes[i].exited)
			return &processes[i];
	}
	return NULL;
}

/* The nearest traced process above, or NULL. */
static const struct seep_process *find_ancestor(const struct links *links,
						const struct seep_process *processes, size_t num,
						const struct link *link)
{
	for (int depth = 0; link && depth < DEPTH_MAX; depth++) {
		const struct link key = {.pid = link->parent};
		const struct seep_process *traced = find_traced(processes, num, link->parent);

		if (traced)
			return traced;
		link = bsearch(&key, links->all.items, links->all.count, sizeof(key),
			       compare_links);
	}
	return NULL;
}

static struct ancestor *get_ancestor(struct seep_descendants *descendants, uint32_t id)
{
	struct ancestor *ancestor;

	HASH_FIND(hh, descendants->ancestors, &id, sizeof(id), ancestor);
	if (ancestor)
		return ancestor;
	ancestor = calloc(1, sizeof(*ancestor));
	if (!ancestor)
		return NULL;
	ancestor->id = id;
	HASH_ADD(hh, descendants->ancestors, id, sizeof(ancestor->id), ancestor);
	if (!ancestor->hh.tbl) {
		free(ancestor);
		return NULL;
	}
	return ancestor;
}

static struct child *get_child(struct seep_descendants *descendants, pid_t pid)
{
	struct child *child;

	HASH_FIND(hh, descendants->children, &pid, sizeof(pid), child);
	if (child || HASH_COUNT(descendants->children) >= CHILDREN_MAX)
		return child;
	child = calloc(1, sizeof(*child));
	if (!child)
		return NULL;
	child->pid = pid;
	HASH_ADD(hh, descendants->children, pid, sizeof(child->pid), child);
	if (!child->hh.tbl) {
		free(child);
		return NULL;
	}
	return child;
}

/* One more sample of it; false if it has ended. */
static bool look_at(struct seep_descendants *descendants, struct child *child)
{
	struct ancestor *ancestor = get_ancestor(descendants, child->ancestor);
	struct seep_proc_memory memory;
	int64_t grown;

	/* A zombie has no memory, and is no process any more. */
	if (!ancestor || seep_proc_memory_read(child->pid, &memory))
		return false;
	grown = (int64_t)memory.anon_bytes - (int64_t)child->bytes;
	if (child->looks++ >= 2) {
		child->grown += grown;
		ancestor->grown += grown;
	}
	child->bytes = memory.anon_bytes;
	ancestor->num++;
	return true;
}

/* Those that have come since. What cannot be read is looked for again the next time. */
static void find_children(struct seep_descendants *descendants,
			  const struct seep_process *processes, size_t num_processes)
{
	struct links links = {0};

	if (read_links(&links))
		return;
	for (size_t i = 0; i < links.all.count; i++) {
		const struct seep_process *above;
		struct child *child;

		if (find_traced(processes, num_processes, links.all.items[i].pid))
			continue;
		above = find_ancestor(&links, processes, num_processes, &links.all.items[i]);
		child = above ? get_child(descendants, links.all.items[i].pid) : NULL;
		if (child)
			child->ancestor = above->id;
	}
	free(links.all.items);
}

void seep_descendants_read(struct seep_descendants *descendants,
			   const struct seep_process *processes, size_t num_processes)
{
	uint64_t start_ns = seep_clock_monotonic_ns();
	struct ancestor *ancestor, *next_ancestor;
	struct child *child, *next;

	if (start_ns >= descendants->due_ns) {
		find_children(descendants, processes, num_processes);
		descendants->due_ns =
			start_ns + LOOK_SHARE * (seep_clock_monotonic_ns() - start_ns);
	}
	HASH_ITER(hh, descendants->ancestors, ancestor, next_ancestor)
		ancestor->num = 0;
	HASH_ITER(hh, descendants->children, child, next) {
		if (look_at(descendants, child))
			continue;
		HASH_DEL(descendants->children, child);
		free(child);
	}
}

static const struct ancestor *find(const struct seep_descendants *descendants,
				   const struct seep_process *process)
{
	const struct ancestor *ancestor;

	HASH_FIND(hh, descendants->ancestors, &process->id, sizeof(process->id), ancestor);
	return ancestor;
}

uint64_t seep_descendants_grown(const struct seep_descendants *descendants,
				const struct seep_process *process)
{
	const struct ancestor *ancestor = find(descendants, process);

	if (!ancestor)
		return SEEP_UNKNOWN;
	return ancestor->grown > 0 ? (uint64_t)ancestor->grown : 0;
}

uint64_t seep_descendants_num(const struct seep_descendants *descendants,
			      const struct seep_process *process)
{
	const struct ancestor *ancestor = find(descendants, process);

	return ancestor ? ancestor->num : 0;
}

/* The first place for @child among @most, which has the largest growth first. */
static void insert(const struct child *most[NAMES_SHOWN], const struct child *child)
{
	for (int i = 0; i < NAMES_SHOWN; i++) {
		const struct child *other = most[i];

		if (other && other->grown >= child->grown)
			continue;
		most[i] = child;
		if (!other)
			return;
		child = other;
	}
}

static void append_child(struct seep_buffer *buffer, pid_t pid)
{
	SEEP_AUTO_BUFFER struct seep_buffer comm = SEEP_BUFFER_INIT;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!seep_file_read_at(AT_FDCWD, path, 256, &comm) && comm.length > 1) {
		seep_buffer_truncate(&comm, comm.length - 1);
		seep_text_append_clean_elided(buffer, comm.data, COMM_COLUMNS);
		seep_buffer_putc(buffer, ' ');
	}
	seep_buffer_printf(buffer, "%d", pid);
}

void seep_descendants_append(struct seep_buffer *buffer, const struct seep_descendants *descendants,
			     const struct seep_process *process)
{
	const struct child *most[NAMES_SHOWN] = {0};
	const struct child *child, *next;
	uint64_t num = seep_descendants_num(descendants, process), shown = 0;

	HASH_ITER(hh, descendants->children, child, next) {
		if (child->ancestor == process->id)
			insert(most, child);
	}
	for (; shown < NAMES_SHOWN && most[shown]; shown++) {
		seep_buffer_puts(buffer, shown ? ", " : "");
		append_child(buffer, most[shown]->pid);
	}
	if (num > shown)
		seep_buffer_printf(buffer, " and %llu more", (unsigned long long)(num - shown));
}
