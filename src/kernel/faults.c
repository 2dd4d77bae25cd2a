// SPDX-License-Identifier: GPL-2.0-only
/*
 * One event of perf for each thread, which its own threads inherit; a descriptor each, of
 * SEEP_FAULTS_MAX_THREADS threads at most. perf hands each fault to the program.
 */
#include "kernel/faults.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/load_log.h"

/* The skeleton names types of it. */
#include "bpf/touches.skel.h"

struct thread {
	pid_t tid;
	int fd; /* or -errno */
};

struct seep_faults {
	pid_t pid;
	struct touches_bpf *skeleton;
	struct ring_buffer *ring;
	size_t num_threads;
	struct thread threads[SEEP_FAULTS_MAX_THREADS];
	uint64_t left_out;
	/* While it is drained. */
	void (*fn)(void *context, const struct seep_touch_event *event);
	void *context;
};

static int take_event(void *context, void *data, size_t size)
{
	const struct seep_faults *faults = context;

	if (size >= sizeof(struct seep_touch_event))
		faults->fn(faults->context, data);
	return 0;
}

static int load(struct seep_faults *faults)
{
	int error;

	faults->skeleton = touches_bpf__open();
	if (!faults->skeleton)
		return -errno;
	faults->skeleton->rodata->cfg_tgid = (__u32)faults->pid;
	error = touches_bpf__load(faults->skeleton);
	if (error)
		return error;
	faults->ring = ring_buffer__new(bpf_map__fd(faults->skeleton->maps.touches), take_event,
					faults, NULL);
	return faults->ring ? 0 : -errno;
}

int seep_faults_open(pid_t pid, struct seep_faults **ret_faults)
{
	struct seep_faults *faults = calloc(1, sizeof(*faults));
	libbpf_print_fn_t print;
	int error;

	if (!faults)
		return -ENOMEM;
	faults->pid = pid;
	/* Why it is refused is said once, by who knows what is lost with it. */
	print = seep_load_log_silence();
	error = load(faults);
	libbpf_set_print(print);
	if (error) {
		seep_faults_close(faults);
		return error;
	}
	*ret_faults = faults;
	return 0;
}

void seep_faults_close(struct seep_faults *faults)
{
	if (!faults)
		return;
	seep_faults_end(faults);
	ring_buffer__free(faults->ring);
	touches_bpf__destroy(faults->skeleton);
	free(faults);
}

/* Still disabled. A descriptor or -errno. */
static int open_event(const struct seep_faults *faults, pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_ADDR,
		.disabled = 1,
		.inherit = 1,
		.inherit_thread = 1,
	};
	SEEP_AUTO_CLOSE int fd =
		(int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF,
			    bpf_program__fd(faults->skeleton->progs.touch_sample)))
		return -errno;
	return SEEP_TAKE_FD(fd);
}

/*
 * Lists all before any is counted: one that begins later may have inherited what its parent is
 * counted by, and would be counted twice. One that is begun in between, by a thread whose turn is
 * still to come, is not counted. 0 or -errno.
 */
static int list_threads(struct seep_faults *faults)
{
	char path[32];
	SEEP_AUTO_DIR DIR *dir = NULL;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", faults->pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	faults->left_out = 0;
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		if (faults->num_threads == SEEP_FAULTS_MAX_THREADS)
			faults->left_out++;
		else
			faults->threads[faults->num_threads++] = (struct thread){tid, -1};
	}
	return faults->num_threads ? 0 : -ESRCH;
}

/* 0; -ESRCH: all have ended; another -errno. */
static int count_threads(struct seep_faults *faults)
{
	size_t counted = 0;

	for (size_t i = 0; i < faults->num_threads; i++) {
		struct thread *thread = &faults->threads[i];

		thread->fd = open_event(faults, thread->tid);
		/* It has ended meanwhile. */
		if (thread->fd == -ESRCH)
			continue;
		if (thread->fd < 0)
			return thread->fd;
		if (ioctl(thread->fd, PERF_EVENT_IOC_ENABLE, 0))
			return -errno;
		counted++;
	}
	return counted ? 0 : -ESRCH;
}

int seep_faults_begin(struct seep_faults *faults)
{
	int error;

	seep_faults_end(faults);
	error = list_threads(faults);
	if (!error)
		error = count_threads(faults);
	if (error)
		seep_faults_end(faults);
	return error;
}

void seep_faults_end(struct seep_faults *faults)
{
	for (size_t i = 0; i < faults->num_threads; i++)
		seep_cleanup_fd(&faults->threads[i].fd);
	faults->num_threads = 0;
}

void seep_faults_allow(struct seep_faults *faults, uint64_t period, uint64_t samples)
{
	/* Mapped memory. A sample between two of these would be one in a window of some ns. */
	struct touches_bpf__bss *bss = faults->skeleton->bss;

	__atomic_store_n(&bss->touch_odds, (1ULL << 32) / period, __ATOMIC_RELAXED);
	__atomic_store_n(&faults->skeleton->data->touch_period, period, __ATOMIC_RELAXED);
	__atomic_store_n(&bss->touch_allowance, (int64_t)samples, __ATOMIC_RELAXED);
}

struct seep_touch_counts seep_faults_counts(const struct seep_faults *faults)
{
	return faults->skeleton->bss->touch_counts;
}

uint64_t seep_faults_counted(const struct seep_faults *faults)
{
	uint64_t sum = 0, count;

	for (size_t i = 0; i < faults->num_threads; i++) {
		if (faults->threads[i].fd >= 0 &&
		    read(faults->threads[i].fd, &count, sizeof(count)) == sizeof(count))
			sum += count;
	}
	return sum;
}

uint64_t seep_faults_threads_left_out(const struct seep_faults *faults)
{
	return faults->left_out;
}

void seep_faults_drain(struct seep_faults *faults,
		       void (*fn)(void *context, const struct seep_touch_event *event),
		       void *context)
{
	faults->fn = fn;
	faults->context = context;
	ring_buffer__consume(faults->ring);
}
