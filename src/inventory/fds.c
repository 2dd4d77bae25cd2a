// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of descriptors: has the kernel count those of a process (kernel/fds.h), and notes
 * of each what it is, as people call it. seep_inventory_take_fds is called for each process and
 * report. Groups are told by the file type, its file system and, for sockets, family and state; an
 * example also tells age, address or path.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/units.h"
#include "inventory/inventory_private.h"
#include "kernel/fds.h"

/* include/uapi/linux/magic.h of later kernels */
#define PIDFS_MAGIC 0x50494446

/* PATH_MAX, of the kernel: a longer path cannot be read from the link. */
#define PATH_BYTES 4096

/* Prefix of the name of a file that memfd_create made (mm/memfd.c). */
#define MEMFD_PREFIX "memfd:"

/* What note_fd gets: the process that the records are of. */
struct fd_inventory {
	struct seep_inventory *inventory;
	pid_t pid;
	struct seep_site_key site; /* of this process and kind */
	uint64_t now_ns;
};

/* A number of the kernel's and what people call it; see find_name. */
struct name {
	unsigned int number;
	const char *text;
};

/* The text of @number in a list that ends with the number 0, whose text stands for all others. */
static const char *find_name(const struct name *names, unsigned int number)
{
	while (names->number && names->number != number)
		names++;
	return names->text;
}

/*
 * States of TCP (include/net/tcp_states.h). CLOSE_WAIT is told apart: there the program has
 * forgotten to close.
 */
static const char *tcp_group(unsigned int state)
{
	static const struct name names[] = {
		{1, "TCP socket (established)"},
		{2, "TCP socket (connecting)"},
		{7, "TCP socket (not connected)"},
		{8, "TCP socket (closed by the peer: CLOSE_WAIT)"},
		{10, "TCP socket (listening)"},
		{0, "TCP socket (closing)"},
	};

	return find_name(names, state);
}

/* By family and type, for TCP by state: the state says which side has to close. */
static const char *socket_group(const struct seep_fd_record *record)
{
	static const struct name families[] = {
		{AF_UNIX, "Unix socket"},      {AF_NETLINK, "netlink socket"},
		{AF_PACKET, "packet socket"},  {AF_VSOCK, "VM socket"},
		{AF_ALG, "crypto API socket"}, {0, "socket"},
	};

	if (record->family != AF_INET && record->family != AF_INET6)
		return find_name(families, record->family);
	if (record->socket_type == SOCK_STREAM)
		return tcp_group(record->state);
	return record->socket_type == SOCK_DGRAM ? "UDP socket" : "raw socket";
}

/* Files that are in no directory have a name in brackets, or one of the kernel's own. */
static const char *anonymous_group(const char *name)
{
	static const char *const known[][2] = {
		{"[eventpoll]", "epoll"},
		{"[eventfd]", "eventfd"},
		{"[timerfd]", "timerfd"},
		{"[signalfd]", "signalfd"},
		{"inotify", "inotify"},
		{"[fanotify]", "fanotify"},
		{"[io_uring]", "io_uring"},
		{"[perf_event]", "perf event"},
		{"[pidfd]", "pidfd"},
		{"[userfaultfd]", "userfaultfd"},
		{"bpf-map", "BPF map"},
		{"bpf-prog", "BPF program"},
		{"bpf_link", "BPF link"},
		{"btf", "BTF"},
		{"seccomp notify", "seccomp listener"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i][0]) == 0)
			return known[i][1];
	}
	return "anonymous inode";
}

/* From the special to the general: memfd and pidfd are regular files for stat(2). */
static const char *group_of(const struct seep_fd_record *record)
{
	static const struct name types[] = {
		{S_IFREG, "file"},	   {S_IFDIR, "directory"}, {S_IFCHR, "character device"},
		{S_IFBLK, "block device"}, {S_IFIFO, "pipe"},	   {0, "other"},
	};

	if (S_ISSOCK(record->mode))
		return socket_group(record);
	if (record->filesystem == ANON_INODE_FS_MAGIC)
		return anonymous_group(record->name);
	/* Pidfds have a file system of their own since 6.9; before, they are anonymous inodes. */
	if (record->filesystem == PIDFS_MAGIC)
		return "pidfd";
	if (record->filesystem == TMPFS_MAGIC &&
	    strncmp(record->name, MEMFD_PREFIX, sizeof(MEMFD_PREFIX) - 1) == 0)
		return "memfd";
	return find_name(types, record->mode & S_IFMT);
}

/* IPv6 addresses in brackets, or the port would look like a part of them. */
static void append_address(struct seep_buffer *text, unsigned int family, const uint8_t *address,
			   unsigned int port)
{
	char digits[INET6_ADDRSTRLEN];

	inet_ntop((int)family, address, digits, sizeof(digits));
	seep_buffer_printf(text, family == AF_INET6 ? "[%s]:%u" : "%s:%u", digits, port);
}

/* The address of a socket, and of its peer. */
static void append_socket(struct seep_buffer *text, const struct seep_fd_record *record)
{
	/* Most Unix sockets have no name: the one that connects is not bound. */
	if (record->family == AF_UNIX && record->name[0])
		seep_buffer_printf(text, " %s", record->name);
	if (record->family != AF_INET && record->family != AF_INET6)
		return;
	seep_buffer_putc(text, ' ');
	append_address(text, record->family, record->local, record->local_port);
	/* Not connected: there is no peer. */
	if (!record->remote_port)
		return;
	seep_buffer_puts(text, " to ");
	append_address(text, record->family, record->remote, record->remote_port);
}

/* The path of a file, as the process has it. Nothing if the descriptor is closed by now. */
static void append_target(struct seep_buffer *text, pid_t pid, uint32_t fd)
{
	char link[48], path[PATH_BYTES];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%" PRIu32, pid, fd);
	/*
	 * The record has the last component only; the link has the path in the target's own root.
	 */
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return;
	path[length] = '\0';
	seep_buffer_printf(text, " %s", path);
}

/* As "descriptor 7, 5 min old: TCP socket (established) 10.0.0.1:80 to 10.0.0.2:5012". */
static void append_example(struct seep_buffer *text, const struct fd_inventory *fds,
			   const struct seep_fd_record *record, const char *group)
{
	char age[SEEP_UNIT_MAX];
	uint64_t age_ns = fds->now_ns > record->created_ns ? fds->now_ns - record->created_ns : 0;

	seep_buffer_printf(text, "descriptor %" PRIu32 ", %s old: %s", record->fd,
			   seep_format_duration(age, age_ns), group);
	if (S_ISSOCK(record->mode))
		append_socket(text, record);
	else
		append_target(text, fds->pid, record->fd);
}

/* For each descriptor, as the kernel's iterator writes its record. */
static int note_fd(void *context, const struct seep_fd_record *record)
{
	SEEP_AUTO_BUFFER struct seep_buffer example = SEEP_BUFFER_INIT;
	struct fd_inventory *fds = context;
	const char *group = group_of(record);

	fds->site.stack = record->stack;
	/* Only some examples of a site are kept; for the others no link is read. */
	if (seep_inventory_wants_example(fds->inventory, &fds->site))
		append_example(&example, fds, record, group);
	seep_inventory_note(fds->inventory, &fds->site, group, 0,
			    example.error ? NULL : example.data);
	return 0;
}

/*
 * Nothing is sorted: the kernel's iterator describes one descriptor after the other, in the order
 * of their numbers, and each is noted at once.
 */
int seep_inventory_take_fds(struct seep_inventory *inventory, pid_t pid, uint32_t process,
			    bool first)
{
	/* One moment for the ages of all descriptors of the process. */
	struct fd_inventory fds = {
		.inventory = inventory,
		.pid = pid,
		.site = {.process = process, .kind = SEEP_KIND_FD},
		.now_ns = seep_clock_monotonic_ns(),
	};

	/* In the first count everything is from before the trace and has no site to describe. */
	return seep_kernel_count_fds(inventory->kernel, pid, process, first, first ? NULL : note_fd,
				     &fds);
}
