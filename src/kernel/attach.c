// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three ways to attach a uprobe, by the raw system calls, because the headers and the libbpf of
 * Debian 12 do not know the newer ones: a session or multi link (BPF_LINK_CREATE) for all places of
 * a file at once, or a perf event and a link for each place. seep_attach is the way in; src/probe
 * calls it for each file and program of a process, features.c for its measurements. It runs
 * shielded (base/shield.h), so that no signal can end it halfway.
 *
 * A link is for the memory of the process's leader. When the leader has ended, events that are
 * bound to another thread (anchors) place the breakpoints, see seep_attach_anchors.
 */
#include "kernel/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/shield.h"

/*
 * BPF_LINK_CREATE for uprobe.multi, as in include/uapi/linux/bpf.h of 6.6 and later: the headers
 * and libbpf of Debian 12 do not know it yet.
 */
struct uprobe_multi_link {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	/* User addresses of a string and of arrays with @count elements. */
	__u64 path;
	__u64 offsets;
	__u64 ref_ctr_offsets;
	__u64 cookies;
	__u32 count;
	__u32 uprobe_flags;
	__u32 pid;
	__u32 pad;
};

#define LINK_ATTACH_UPROBE_MULTI   48 /* BPF_TRACE_UPROBE_MULTI */
#define LINK_ATTACH_UPROBE_SESSION 57 /* BPF_TRACE_UPROBE_SESSION */
#define UPROBE_MULTI_RETURN	   1  /* BPF_F_UPROBE_MULTI_RETURN */

int seep_attach_type(enum seep_attach_variant variant)
{
	switch (variant) {
	case SEEP_ATTACH_SESSION:
		return LINK_ATTACH_UPROBE_SESSION;
	case SEEP_ATTACH_MULTI:
		return LINK_ATTACH_UPROBE_MULTI;
	default:
		return 0; /* by a perf event: none */
	}
}

enum seep_attach_variant seep_attach_entry_variant(enum seep_attach_variant variant)
{
	return variant == SEEP_ATTACH_SESSION ? SEEP_ATTACH_MULTI : variant;
}

#define FD_PATH_MAX 32

/* A path to the file of @fd, whatever happened to its name since. */
static void fd_path(int fd, char path[FD_PATH_MAX])
{
	snprintf(path, FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* A descriptor (or 0), or -errno. */
static int sys_bpf(int command, void *attributes, size_t size)
{
	int result = (int)syscall(__NR_bpf, command, attributes, size);

	return result < 0 ? -errno : result;
}

/*
 * One link for all places of a file. The kernel registers them one by one, and undoes all if one
 * fails.
 */
static int attach_multi(const struct seep_attach_request *request, pid_t pid)
{
	char path[FD_PATH_MAX];
	struct uprobe_multi_link link = {
		.prog_fd = (__u32)request->program_fd,
		.attach_type = (__u32)seep_attach_type(request->variant),
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)request->offsets,
		.cookies = (uintptr_t)request->cookies,
		.count = (__u32)request->count,
		.uprobe_flags = request->at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = (__u32)pid,
	};

	fd_path(request->file_fd, path);
	return sys_bpf(BPF_LINK_CREATE, &link, sizeof(link));
}

/* Type and bit of the uprobe PMU (Documentation/trace/uprobetracer.rst, perf_event_open(2)). */
static int read_pmu_number(const char *path, const char *prefix, unsigned int *ret_number)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	size_t skip = strlen(prefix);
	int error;

	error = seep_file_read_at(AT_FDCWD, path, 64, &text);
	if (error)
		return error;
	if (strncmp(text.data, prefix, skip) != 0)
		return -EINVAL;
	*ret_number = (unsigned int)strtoul(text.data + skip, NULL, 10);
	return 0;
}

/* What perf_event_attr needs to name a uprobe: the type of the PMU, and the bit for a return. */
struct pmu {
	unsigned int type;
	unsigned int return_bit; /* in config */
};

/* The numbers of this kernel are in sysfs: dynamic PMUs have no fixed ones. */
static int read_pmu(struct pmu *ret_pmu)
{
	int error =
		read_pmu_number("/sys/bus/event_source/devices/uprobe/type", "", &ret_pmu->type);

	return error ? error :
		       read_pmu_number("/sys/bus/event_source/devices/uprobe/format/retprobe",
				       "config:", &ret_pmu->return_bit);
}

/* One uprobe as a perf event, disabled. A descriptor or -errno. */
static int open_uprobe_event(const struct seep_attach_request *request, const struct pmu *pmu,
			     uint64_t offset)
{
	struct perf_event_attr attributes = {.size = sizeof(attributes)};
	pid_t pid = request->thread ? request->thread : request->pid;
	char path[FD_PATH_MAX];
	int fd;

	fd_path(request->file_fd, path);
	attributes.disabled = 1; /* its program runs once it is enabled */
	attributes.type = pmu->type;
	attributes.config = request->at_return ? 1ULL << pmu->return_bit : 0;
	attributes.config1 = (uintptr_t)path;
	attributes.config2 = offset;
	/*
	 * Bound to the leader: the probe goes into its address space and so serves all threads. For
	 * all processes an event has to name a CPU, but its BPF program runs on each.
	 */
	fd = (int)syscall(__NR_perf_event_open, &attributes, pid ? pid : -1, pid ? -1 : 0, -1,
			  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The layout of bpf_attr.link_create with perf_event.bpf_cookie (5.15). */
struct perf_link {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__u64 cookie;
};

#define LINK_ATTACH_PERF_EVENT 41 /* BPF_PERF_EVENT */

/* Event and link of one place, in this order in ret_fds. 0 or -errno, and nothing is left open. */
static int attach_perf_one(const struct seep_attach_request *request, const struct pmu *pmu,
			   size_t index, int ret_fds[2])
{
	SEEP_AUTO_CLOSE int event = open_uprobe_event(request, pmu, request->offsets[index]);
	struct perf_link link = {
		.prog_fd = (__u32)request->program_fd,
		.target_fd = (__u32)event,
		.attach_type = LINK_ATTACH_PERF_EVENT,
		.cookie = request->cookies[index],
	};
	SEEP_AUTO_CLOSE int link_fd = -1;

	if (event < 0)
		return event;
	/* The program is linked before the event is enabled, so that no hit passes without it. */
	link_fd = sys_bpf(BPF_LINK_CREATE, &link, sizeof(link));
	if (link_fd < 0)
		return link_fd;
	if (ioctl(event, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	ret_fds[0] = SEEP_TAKE_FD(link_fd);
	ret_fds[1] = SEEP_TAKE_FD(event);
	return 0;
}

/* An event and a link for each place. If one fails, those before it are closed. */
static int attach_perf(const struct seep_attach_request *request, const struct pmu *pmu,
		       int *ret_fds)
{
	for (size_t i = 0; i < request->count; i++) {
		int error = attach_perf_one(request, pmu, i, ret_fds + 2 * i);

		if (error) {
			for (size_t j = 0; j < 2 * i; j++)
				close(ret_fds[j]);
			return error;
		}
	}
	return (int)(2 * request->count);
}

static void close_each(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/* Events without a program: each only keeps its breakpoint in place. */
static int place_anchors(const struct seep_attach_request *request, const struct pmu *pmu,
			 int *ret_fds)
{
	for (size_t i = 0; i < request->count; i++) {
		ret_fds[i] = open_uprobe_event(request, pmu, request->offsets[i]);
		if (ret_fds[i] < 0) {
			int error = ret_fds[i];

			close_each(ret_fds, i);
			return error;
		}
	}
	return (int)request->count;
}

/* Kernels before 6.10 take any thread for its process, later ones only the leader. */
static int attach_without_leader(const struct seep_attach_request *request, const struct pmu *pmu,
				 int *ret_fds)
{
	/* -ESRCH is how the later kernels refuse a thread that is no leader. */
	int fd = attach_multi(request, request->thread), count;

	if (fd >= 0) {
		ret_fds[0] = fd;
		return 1;
	}
	if (fd != -ESRCH)
		return fd;
	fd = attach_multi(request, request->pid);
	if (fd < 0)
		return fd;
	ret_fds[0] = fd;
	count = place_anchors(request, pmu, ret_fds + 1);
	if (count < 0) {
		close(fd);
		return count;
	}
	return 1 + count;
}

/* What the shielded functions get, in one piece. */
struct attachment {
	const struct seep_attach_request *request;
	struct pmu pmu; /* PERF */
	int *ret_fds;
};

/* Runs shielded. How many descriptors were stored in ret_fds, or -errno. */
static int attach(void *context)
{
	struct attachment *attachment = context;
	const struct seep_attach_request *request = attachment->request;
	int fd;

	if (request->variant == SEEP_ATTACH_PERF)
		return attach_perf(request, &attachment->pmu, attachment->ret_fds);
	if (request->thread)
		return attach_without_leader(request, &attachment->pmu, attachment->ret_fds);
	fd = attach_multi(request, request->pid);
	if (fd < 0)
		return fd;
	attachment->ret_fds[0] = fd;
	return 1;
}

int seep_attach(const struct seep_attach_request *request, int *ret_fds)
{
	struct attachment attachment = {.request = request, .ret_fds = ret_fds};
	/* Reads sysfs before the shield: only the attaching itself must not be interrupted. */
	bool by_event = request->variant == SEEP_ATTACH_PERF || request->thread;
	int error = by_event ? read_pmu(&attachment.pmu) : 0;

	return error ? error : seep_shielded(attach, &attachment);
}

/* Runs shielded; see seep_attach_anchors. */
static int anchor(void *context)
{
	struct attachment *attachment = context;

	return place_anchors(attachment->request, &attachment->pmu, attachment->ret_fds);
}

int seep_attach_anchors(const struct seep_attach_request *request, int *ret_fds)
{
	struct attachment attachment = {.request = request, .ret_fds = ret_fds};
	int error = read_pmu(&attachment.pmu);

	return error ? error : seep_shielded(anchor, &attachment);
}
