// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table by path, of at most SEEP_WATCH_MAX_CGROUPS groups of 4 KiB. memory.current is read at
 * each look; memory.stat, for which the kernel sums up over all CPUs, only if that has changed.
 * Paths come from the kernel, of what other users have named.
 */
#include "watch/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/usage.h"

/* memory.stat is the longest: some 60 lines. */
#define TEXT_BYTES 16384
#define PAGE_BYTES 4096.0

struct seep_watch_cgroups {
	const char *mount;
	size_t num; /* by path */
	struct seep_watch_cgroup *list[SEEP_WATCH_MAX_CGROUPS];
	size_t num_growing;
	const struct seep_watch_cgroup *growing[SEEP_WATCH_MAX_CGROUPS];
};

struct value_name {
	const char *key, *text, *stat;
};

static const struct value_name names[] = {
#define CGROUP_NAME(name, key, text, stat) [SEEP_WATCH_CGROUP_##name] = {key, text, stat},
	SEEP_WATCH_CGROUP_VALUES(CGROUP_NAME)
#undef CGROUP_NAME
};

const char *seep_watch_cgroup_key(enum seep_watch_cgroup_value value)
{
	return names[value].key;
}

const char *seep_watch_cgroup_text(enum seep_watch_cgroup_value value)
{
	return names[value].text;
}

int seep_watch_cgroups_new(const char *mount, struct seep_watch_cgroups **ret_cgroups)
{
	struct seep_watch_cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return -ENOMEM;
	cgroups->mount = mount;
	*ret_cgroups = cgroups;
	return 0;
}

static void free_one(struct seep_watch_cgroup *cgroup)
{
	if (!cgroup)
		return;
	free(cgroup->path);
	free(cgroup);
}

void seep_watch_cgroups_free(struct seep_watch_cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (size_t i = 0; i < cgroups->num; i++)
		free_one(cgroups->list[i]);
	free(cgroups);
}

/* Where @path is in the list, or belongs. */
static size_t position(const struct seep_watch_cgroups *cgroups, const char *path, bool *ret_found)
{
	size_t from = 0, to = cgroups->num;

	*ret_found = false;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(cgroups->list[middle]->path, path);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Counts a process of the group, which may be new. 0 or -ENOMEM. */
static int count(struct seep_watch_cgroups *cgroups, const char *path)
{
	struct seep_watch_cgroup *cgroup;
	bool found;
	size_t at = position(cgroups, path, &found);

	if (found) {
		cgroups->list[at]->num_processes++;
		return 0;
	}
	if (cgroups->num == SEEP_WATCH_MAX_CGROUPS)
		return 0;
	cgroup = calloc(1, sizeof(*cgroup));
	if (!cgroup)
		return -ENOMEM;
	cgroup->path = strdup(path);
	if (!cgroup->path) {
		free(cgroup);
		return -ENOMEM;
	}
	cgroup->num_processes = 1;
	cgroup->current_bytes = SEEP_UNKNOWN;
	cgroup->oom_kills = SEEP_UNKNOWN;
	seep_track_init(&cgroup->track);
	memmove(&cgroups->list[at + 1], &cgroups->list[at],
		(cgroups->num - at) * sizeof(cgroups->list[0]));
	cgroups->list[at] = cgroup;
	cgroups->num++;
	return 0;
}

/* 0 or -errno; -ENOENT where the controller is not on. */
static int read_text(const char *directory, const char *name, struct seep_buffer *text)
{
	char path[4352];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return -ENAMETOOLONG;
	seep_buffer_reset(text);
	return seep_file_read_at(AT_FDCWD, path, TEXT_BYTES, text);
}

/* The number in the line "@name 123"; SEEP_UNKNOWN if there is none. */
static uint64_t number_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
	}
	return SEEP_UNKNOWN;
}

/* "some avg10=1.23 avg60=..." (Documentation/accounting/psi.rst) */
static double pressure_of(const char *text)
{
	static const char before[] = "some avg10=";
	const char *number = text + sizeof(before) - 1;
	double pct;
	char *end;

	if (strncmp(text, before, sizeof(before) - 1) != 0)
		return NAN;
	pct = strtod(number, &end);
	return end > number ? pct : NAN;
}

static void read_parts(struct seep_watch_cgroup *cgroup, const char *directory,
		       struct seep_buffer *text)
{
	uint64_t current = SEEP_UNKNOWN;

	if (!read_text(directory, "memory.current", text))
		current = strtoull(text->data, NULL, 10);
	if (current == cgroup->current_bytes && current != SEEP_UNKNOWN)
		return;
	cgroup->current_bytes = current;
	if (read_text(directory, "memory.stat", text))
		seep_buffer_reset(text);
	for (int i = 0; i < SEEP_WATCH_CGROUP_COUNT; i++)
		cgroup->values[i] = number_of(text->data, names[i].stat);
}

static void read_events(struct seep_watch_cgroup *cgroup, const char *directory,
			struct seep_buffer *text)
{
	uint64_t before = cgroup->oom_kills;

	cgroup->oom_events = SEEP_UNKNOWN;
	cgroup->oom_kills = SEEP_UNKNOWN;
	cgroup->pressure_pct = NAN;
	if (!read_text(directory, "memory.events", text)) {
		cgroup->oom_events = number_of(text->data, "oom");
		cgroup->oom_kills = number_of(text->data, "oom_kill");
	}
	if (!read_text(directory, "memory.pressure", text))
		cgroup->pressure_pct = pressure_of(text->data);
	cgroup->new_oom_kills = before != SEEP_UNKNOWN && cgroup->oom_kills != SEEP_UNKNOWN &&
						cgroup->oom_kills > before ?
					cgroup->oom_kills - before :
					0;
}

static void read_one(struct seep_watch_cgroup *cgroup, const char *mount, double now_s)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *directory = NULL;
	struct seep_proc_usage usage = {SEEP_UNKNOWN, SEEP_UNKNOWN};
	struct seep_sample sample = {.time_s = now_s};

	if (asprintf(&directory, "%s%s", mount, cgroup->path) < 0) {
		directory = NULL;
		return;
	}
	read_parts(cgroup, directory, &text);
	if (cgroup->current_bytes == SEEP_UNKNOWN)
		return;
	read_events(cgroup, directory, &text);
	if (seep_cgroup_usage_read(directory, mount, "memory", &usage))
		usage = (struct seep_proc_usage){SEEP_UNKNOWN, SEEP_UNKNOWN};
	cgroup->memory = (struct seep_usage){usage.used, usage.max};
	for (int i = 0; i < SEEP_WATCH_CGROUP_COUNT; i++)
		sample.values[i] =
			cgroup->values[i] == SEEP_UNKNOWN ? 0 : (double)cgroup->values[i];
	seep_track_add(&cgroup->track, &sample);
}

static void judge(struct seep_watch_cgroup *cgroup)
{
	cgroup->grows = SEEP_WATCH_CGROUP_COUNT;
	cgroup->growth = (struct seep_track_growth){0};
	cgroup->eta_s = SEEP_INTERVAL_UNKNOWN;
	for (int i = 0; i < SEEP_WATCH_CGROUP_FILE; i++) {
		struct seep_track_growth growth;

		if (!seep_track_grows(&cgroup->track, (unsigned int)i, true, SEEP_RISE_BYTES,
				      PAGE_BYTES, &growth) ||
		    growth.rate.value <= cgroup->growth.rate.value)
			continue;
		cgroup->growth = growth;
		cgroup->grows = (enum seep_watch_cgroup_value)i;
	}
	if (cgroup->grows < SEEP_WATCH_CGROUP_COUNT)
		cgroup->eta_s = seep_exhaust_of(
			&cgroup->memory,
			&(struct seep_growth){.rate = cgroup->growth.rate,
					      .acceleration = cgroup->growth.acceleration});
}

/* What no process is in, or has no controller of memory, goes; the others keep their order. */
static void forget(struct seep_watch_cgroups *cgroups)
{
	size_t kept = 0;

	for (size_t i = 0; i < cgroups->num; i++) {
		if (cgroups->list[i]->num_processes)
			cgroups->list[kept++] = cgroups->list[i];
		else
			free_one(cgroups->list[i]);
	}
	cgroups->num = kept;
}

static double eta_of(const struct seep_watch_cgroup *cgroup)
{
	return isnan(cgroup->eta_s.value) ? INFINITY : cgroup->eta_s.value;
}

static int compare_growing(const void *left, const void *right)
{
	const struct seep_watch_cgroup *a = *(const struct seep_watch_cgroup *const *)left;
	const struct seep_watch_cgroup *b = *(const struct seep_watch_cgroup *const *)right;

	if (eta_of(a) < eta_of(b) || eta_of(b) < eta_of(a))
		return eta_of(a) < eta_of(b) ? -1 : 1;
	return strcmp(a->path, b->path);
}

int seep_watch_cgroups_look(struct seep_watch_cgroups *cgroups,
			    struct seep_watch_process *const *processes, size_t num_processes,
			    double now_s)
{
	int error = 0;

	cgroups->num_growing = 0;
	if (!cgroups->mount)
		return 0;
	for (size_t i = 0; i < cgroups->num; i++)
		cgroups->list[i]->num_processes = 0;
	/* The root group stands for the machine, and has no such files. */
	for (size_t i = 0; i < num_processes && !error; i++) {
		if (processes[i]->cgroup && processes[i]->cgroup[1])
			error = count(cgroups, processes[i]->cgroup);
	}
	forget(cgroups);
	for (size_t i = 0; i < cgroups->num; i++) {
		struct seep_watch_cgroup *cgroup = cgroups->list[i];

		read_one(cgroup, cgroups->mount, now_s);
		judge(cgroup);
		if (cgroup->grows < SEEP_WATCH_CGROUP_COUNT || cgroup->new_oom_kills)
			cgroups->growing[cgroups->num_growing++] = cgroup;
	}
	if (cgroups->num_growing)
		qsort(cgroups->growing, cgroups->num_growing,
		      sizeof(const struct seep_watch_cgroup *), compare_growing);
	return error;
}

size_t seep_watch_cgroups_count(const struct seep_watch_cgroups *cgroups)
{
	return cgroups->num;
}

const struct seep_watch_cgroup *seep_watch_cgroups_at(const struct seep_watch_cgroups *cgroups,
						      size_t index)
{
	return cgroups->list[index];
}

size_t seep_watch_cgroups_growing(const struct seep_watch_cgroups *cgroups,
				  const struct seep_watch_cgroup *const **ret_growing)
{
	*ret_growing = cgroups->growing;
	return cgroups->num_growing;
}
