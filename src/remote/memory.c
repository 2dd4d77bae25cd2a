// SPDX-License-Identifier: GPL-2.0-only
/*
 * process_vm_readv copies; /proc/PID/pagemap says before which pages are present
 * (Documentation/admin-guide/mm/pagemap.rst). Its descriptor stands for the address space that the
 * process had when it was opened: after an exit or an exec nothing can be read from it any more
 * (pagemap_read in fs/proc/task_mmu.c), by which both are noticed.
 *
 * The present pages of one window are remembered, so neighbours cost one look. A call copies at
 * most IOV_MAX parts.
 */
#include "remote/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_BYTES   4096UL
#define WINDOW_PAGES 512UL /* 2 MiB: what one page of page tables maps */

/* Of an entry of pagemap. */
#define PAGE_PRESENT (1ULL << 63)

/* Addresses of user space end here on every machine that seep runs on. */
#define ADDRESS_LIMIT (1ULL << 56)

struct seep_remote {
	pid_t pid;
	int pagemap;
	uint64_t window; /* number of its first page; valid if num_known */
	size_t num_known;
	uint64_t entries[WINDOW_PAGES];
};

int seep_remote_open(pid_t pid, struct seep_remote **ret_remote)
{
	struct seep_remote *remote = calloc(1, sizeof(*remote));
	char path[32];
	int error;

	if (!remote)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	remote->pid = pid;
	remote->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (remote->pagemap < 0) {
		error = errno == ENOENT ? -ESRCH : -errno;
		free(remote);
		return error;
	}
	*ret_remote = remote;
	return 0;
}

void seep_remote_close(struct seep_remote *remote)
{
	if (!remote)
		return;
	close(remote->pagemap);
	free(remote);
}

void seep_remote_refresh(struct seep_remote *remote)
{
	remote->num_known = 0;
}

/* Reads the window that @page is in. 0; -EFAULT: there are no such pages; -ESRCH; -errno. */
static int read_window(struct seep_remote *remote, uint64_t page)
{
	ssize_t length;

	remote->window = page - page % WINDOW_PAGES;
	remote->num_known = 0;
	length = pread(remote->pagemap, remote->entries, sizeof(remote->entries),
		       (off_t)(remote->window * sizeof(*remote->entries)));
	if (length < 0)
		return -errno;
	/* Also for what lies behind the last address, where no caller looks. */
	if (length == 0)
		return -ESRCH;
	remote->num_known = (size_t)length / sizeof(*remote->entries);
	return 0;
}

/* Are all pages of the part present? 0, or an error of seep_remote_read. */
static int check_present(struct seep_remote *remote, uint64_t address, size_t bytes)
{
	uint64_t last;

	if (!bytes || address >= ADDRESS_LIMIT || bytes > ADDRESS_LIMIT - address)
		return -EFAULT;
	last = (address + bytes - 1) / PAGE_BYTES;
	for (uint64_t page = address / PAGE_BYTES; page <= last; page++) {
		/* Before the window this is a large number. */
		if (!remote->num_known || page - remote->window >= WINDOW_PAGES) {
			int error = read_window(remote, page);

			if (error)
				return error;
		}
		if (page - remote->window >= remote->num_known)
			return -EFAULT;
		if (!(remote->entries[page - remote->window] & PAGE_PRESENT))
			return -ENODATA;
	}
	return 0;
}

/* Parts that are copied by one call. */
struct batch {
	struct iovec local[IOV_MAX];
	struct iovec there[IOV_MAX];
	struct seep_remote_part *parts[IOV_MAX];
	size_t count;
};

/*
 * Copies a batch. A call ends at the first part that cannot be copied, which happens if its pages
 * went since they were looked at: that one is left out. 0 or -errno for all of them.
 */
static int copy_batch(const struct seep_remote *remote, struct batch *batch)
{
	size_t done = 0;

	while (done < batch->count) {
		ssize_t length =
			process_vm_readv(remote->pid, batch->local + done, batch->count - done,
					 batch->there + done, batch->count - done, 0);

		if (length < 0 && errno != EFAULT)
			return -errno;
		while (done < batch->count && length >= (ssize_t)batch->local[done].iov_len)
			length -= (ssize_t)batch->local[done++].iov_len;
		if (done < batch->count)
			batch->parts[done++]->error = -EFAULT;
	}
	batch->count = 0;
	return 0;
}

/* An address there, which is never followed here: no pointer, but the system call wants one. */
static struct iovec piece_there(uint64_t address, size_t bytes)
{
	struct iovec piece = {.iov_len = bytes};

	memcpy(&piece.iov_base, &address, sizeof(piece.iov_base));
	return piece;
}

static void batch_add(struct batch *batch, struct seep_remote_part *part)
{
	batch->local[batch->count] = (struct iovec){part->buffer, part->bytes};
	batch->there[batch->count] = piece_there(part->address, part->bytes);
	batch->parts[batch->count++] = part;
}

int seep_remote_read_parts(struct seep_remote *remote, struct seep_remote_part *parts, size_t count)
{
	struct batch batch;
	int error = 0;

	batch.count = 0;
	for (size_t i = 0; i < count && !error; i++) {
		parts[i].error = check_present(remote, parts[i].address, parts[i].bytes);
		if (parts[i].error == -ESRCH)
			error = -ESRCH;
		if (parts[i].error)
			continue;
		batch_add(&batch, &parts[i]);
		if (batch.count == IOV_MAX)
			error = copy_batch(remote, &batch);
	}
	if (!error && batch.count)
		error = copy_batch(remote, &batch);
	return error;
}

int seep_remote_read(struct seep_remote *remote, uint64_t address, void *buffer, size_t bytes)
{
	struct iovec local = {buffer, bytes}, there = piece_there(address, bytes);
	int error = check_present(remote, address, bytes);
	ssize_t length;

	if (error)
		return error;
	length = process_vm_readv(remote->pid, &local, 1, &there, 1, 0);
	if (length < 0)
		return -errno;
	return length == (ssize_t)bytes ? 0 : -EFAULT;
}

int seep_remote_check(const struct seep_remote *remote)
{
	uint64_t entry;

	return pread(remote->pagemap, &entry, sizeof(entry), 0) == sizeof(entry) ? 0 : -ESRCH;
}
