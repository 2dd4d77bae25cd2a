// SPDX-License-Identifier: GPL-2.0-only
/*
 * Most processes do not change: of those one small file and the size of a directory are read, and a
 * few means compared. Limits, names and the proportional size are asked for where something grows.
 * After an exec the numbers are those of another program, and begin anew.
 */
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "proc/cgroup.h"
#include "proc/limits.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "proc/stat.h"
#include "proc/usage.h"

#define STAT_BYTES 4096

/*
 * The kernel goes over all pages for the proportional size, 12 ms for each GiB, and over all
 * mappings for their list; meanwhile the process cannot map anything. So not of large ones, not
 * more often than once in DETAILS_S, and for at most this part of the time.
 */
#define PSS_RESIDENT_MAX (64ULL << 20)
#define DETAILS_S	 60
#define DETAILS_PART	 1000

static int read_stat(int dir, struct seep_proc_info *ret_info)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(dir, "stat", STAT_BYTES, &text);

	if (error)
		return error == -ENOENT ? -ESRCH : error;
	return seep_proc_parse_stat(text.data, ret_info);
}

static void begin(struct seep_watch_process *process, double now_s)
{
	process->first_s = now_s;
	process->num_growths = 0;
	process->standing = (struct seep_watch_standing){0};
	for (size_t i = 0; i < SEEP_WATCH_TRACKS; i++)
		seep_track_init(&process->tracks[i]);
}

/* After an exec the same process runs another program; where it cannot be asked it is the same. */
static bool has_new_program(struct seep_watch_process *process)
{
	struct stat status;

	if (fstatat(process->source.dir, "exe", &status, 0) < 0 ||
	    (status.st_dev == process->exe_device && status.st_ino == process->exe_inode))
		return false;
	process->exe_device = status.st_dev;
	process->exe_inode = status.st_ino;
	return true;
}

int seep_watch_process_new(pid_t pid, double now_s, struct seep_watch_process **ret_process)
{
	SEEP_AUTO_CLOSE int dir = seep_proc_open(pid);
	struct seep_watch_process *process;
	struct seep_proc_info info;
	int error = dir < 0 ? dir : read_stat(dir, &info);

	if (!error && info.kernel_thread)
		error = -ENODATA;
	if (error)
		return error;
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	process->pid = pid;
	process->parent = info.parent;
	process->start_ticks = info.start_ticks;
	process->pss_bytes = SEEP_UNKNOWN;
	process->heap_bytes = SEEP_UNKNOWN;
	memcpy(process->comm, info.comm, sizeof(process->comm));
	memset(&process->now, 0xff, sizeof(process->now)); /* SEEP_UNKNOWN */
	/* Without one it has no limit of a cgroup. */
	seep_cgroup_read_at(dir, &process->cgroup, NULL);
	seep_watch_source_init(&process->source, pid, SEEP_TAKE_FD(dir));
	has_new_program(process);
	begin(process, now_s);
	*ret_process = process;
	return 0;
}

void seep_watch_process_free(struct seep_watch_process *process)
{
	if (!process)
		return;
	seep_watch_source_done(&process->source);
	free(process->cgroup);
	free(process);
}

/* What is not known is 0 all the time, and does not grow. */
static void add_sample(struct seep_watch_process *process, double now_s)
{
	for (size_t i = 0; i < SEEP_WATCH_TRACKS; i++) {
		struct seep_sample sample = {.time_s = now_s};

		for (size_t j = 0; j < SEEP_SERIES_VALUES; j++) {
			size_t value = i * SEEP_SERIES_VALUES + j;

			if (value < SEEP_WATCH_VALUE_COUNT &&
			    process->now.values[value] != SEEP_UNKNOWN)
				sample.values[j] = (double)process->now.values[value];
		}
		seep_track_add(&process->tracks[i], &sample);
	}
}

int seep_watch_process_read(struct seep_watch_process *process, double now_s)
{
	int error = seep_watch_source_read(&process->source, &process->now);

	if (!error)
		add_sample(process, now_s);
	return error;
}

static bool is_worse(double a, double b, bool *ret_worse)
{
	*ret_worse = a < b;
	return a < b || b < a;
}

bool seep_watch_growth_is_worse(const struct seep_watch_growth *a,
				const struct seep_watch_growth *b)
{
	bool worse;

	if (a->severity != b->severity)
		return a->severity > b->severity;
	/* What is not known is later than all that is. */
	if (is_worse(isnan(a->eta_s.value) ? INFINITY : a->eta_s.value,
		     isnan(b->eta_s.value) ? INFINITY : b->eta_s.value, &worse))
		return worse;
	return a->track.rate.value > b->track.rate.value;
}

static bool grows(const struct seep_watch_process *process, enum seep_watch_value value,
		  struct seep_track_growth *ret_growth)
{
	const struct seep_watch_kind *kind = seep_watch_kind(value);

	return seep_track_grows(&process->tracks[value / SEEP_SERIES_VALUES],
				value % SEEP_SERIES_VALUES, kind->unit > 0, kind->least,
				kind->unit > 0 ? kind->unit : 1, ret_growth);
}

/* What is mapped and what is resident of it grow together; stacks of threads are both. */
static bool is_explained(const struct seep_watch_process *process, enum seep_watch_value value)
{
	if (value != SEEP_WATCH_DATA && value != SEEP_WATCH_SIZE)
		return false;
	for (size_t i = 0; i < process->num_growths; i++) {
		if (process->growths[i].value != SEEP_WATCH_FDS)
			return true;
	}
	return false;
}

void seep_watch_growths_find(struct seep_watch_process *process)
{
	process->num_growths = 0;
	for (int i = 0; i < SEEP_WATCH_VALUE_COUNT; i++) {
		struct seep_watch_growth growth = {
			.value = (enum seep_watch_value)i,
			.limit = SEEP_LIMIT_COUNT,
			.eta_s = SEEP_INTERVAL_UNKNOWN,
		};

		if (!is_explained(process, growth.value) &&
		    grows(process, growth.value, &growth.track))
			process->growths[process->num_growths++] = growth;
	}
}

static void forecast(struct seep_watch_growth *growth,
		     const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	const struct seep_growth goes_on = {
		.rate = growth->track.rate,
		.acceleration = growth->track.acceleration,
	};

	growth->limit = seep_exhaust_first(usage, seep_watch_kind(growth->value)->limits, &goes_on,
					   &growth->eta_s);
	growth->severity = seep_severity_of(seep_watch_in_bytes(growth->value),
					    growth->track.rate.value, growth->eta_s.value);
}

static int compare_growths(const void *left, const void *right)
{
	const struct seep_watch_growth *a = left, *b = right;

	if (seep_watch_growth_is_worse(a, b))
		return -1;
	return seep_watch_growth_is_worse(b, a) ? 1 : (int)a->value - (int)b->value;
}

void seep_watch_growths_forecast(struct seep_watch_process *process,
				 const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	for (size_t i = 0; i < process->num_growths; i++)
		forecast(&process->growths[i], usage);
	qsort(process->growths, process->num_growths, sizeof(process->growths[0]), compare_growths);
}

static struct seep_usage usage_of(uint64_t used, uint64_t max)
{
	return (struct seep_usage){.used = used, .max = max};
}

static void read_cgroup_usage(const struct seep_watch_process *process, const char *mount,
			      struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	SEEP_AUTO_FREE char *directory = NULL;
	struct seep_proc_usage found;

	if (!mount || !process->cgroup)
		return;
	if (asprintf(&directory, "%s%s", mount, process->cgroup) < 0) {
		directory = NULL;
		return;
	}
	if (!seep_cgroup_usage_read(directory, mount, "memory", &found))
		usage[SEEP_LIMIT_CGROUP_MEMORY] = usage_of(found.used, found.max);
	if (!seep_cgroup_usage_read(directory, mount, "pids", &found))
		usage[SEEP_LIMIT_CGROUP_PIDS] = usage_of(found.used, found.max);
}

static void read_usage(const struct seep_watch_process *process,
		       const struct seep_watch_machine *machine,
		       struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	const uint64_t *values = process->now.values;
	const struct seep_proc_limits *limits = &process->limits;

	for (int i = 0; i < SEEP_LIMIT_COUNT; i++)
		usage[i] = usage_of(SEEP_UNKNOWN, SEEP_UNKNOWN);
	usage[SEEP_LIMIT_MACHINE_MEMORY] = machine->memory;
	usage[SEEP_LIMIT_ADDRESS_SPACE] =
		usage_of(values[SEEP_WATCH_SIZE], limits->address_space_bytes);
	usage[SEEP_LIMIT_NOFILE] = usage_of(values[SEEP_WATCH_FDS], limits->open_files);
	read_cgroup_usage(process, machine->cgroup_mount, usage);
}

static uint64_t read_heap(pid_t pid)
{
	struct seep_maps maps;
	uint64_t bytes = 0;

	if (seep_maps_read(pid, &maps))
		return SEEP_UNKNOWN;
	/* Several, where a part of it is protected. */
	for (size_t i = 0; i < maps.num_mappings; i++) {
		if (strcmp(maps.mappings[i].path, "[heap]") == 0)
			bytes += maps.mappings[i].end - maps.mappings[i].start;
	}
	seep_maps_done(&maps);
	return bytes;
}

/* What costs the process something: seldom, and of few. */
static void read_details(struct seep_watch_process *process)
{
	double now_s = process->tracks[0].whole.latest.time_s, read_s;
	uint64_t begin_ns = seep_clock_monotonic_ns();

	if (now_s < process->details_due_s)
		return;
	process->pss_bytes = SEEP_UNKNOWN;
	if (process->now.rss_bytes <= PSS_RESIDENT_MAX &&
	    seep_proc_pss_read(process->pid, &process->pss_bytes))
		process->pss_bytes = SEEP_UNKNOWN;
	process->heap_bytes = read_heap(process->pid);
	if (seep_proc_limits_read(process->pid, &process->limits))
		process->limits = (struct seep_proc_limits){UINT64_MAX, UINT64_MAX, UINT64_MAX};
	read_s = (double)(seep_clock_monotonic_ns() - begin_ns) / (double)SEEP_NS_PER_S;
	process->details_due_s = now_s + fmax(DETAILS_S, DETAILS_PART * read_s);
}

void seep_watch_process_judge(struct seep_watch_process *process,
			      const struct seep_watch_machine *machine)
{
	struct seep_usage usage[SEEP_LIMIT_COUNT];
	struct seep_proc_info info;

	seep_watch_growths_find(process);
	if (!process->num_growths)
		return;
	if (!read_stat(process->source.dir, &info))
		memcpy(process->comm, info.comm, sizeof(process->comm));
	/* While it is traced the tracer sees the exec, and its trace has to end first. */
	if (process->standing.state != SEEP_WATCH_STATE_TRACED && has_new_program(process)) {
		begin(process, process->tracks[0].whole.latest.time_s);
		return;
	}
	read_details(process);
	read_usage(process, machine, usage);
	seep_watch_growths_forecast(process, usage);
}

uint32_t seep_watch_process_kinds(const struct seep_watch_process *process)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < process->num_growths; i++) {
		uint32_t behind = seep_watch_kind(process->growths[i].value)->kinds;

		if (!(behind & process->standing.convicted))
			kinds |= behind;
	}
	return kinds;
}
