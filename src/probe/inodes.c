// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table from inodes to files, with the overlay's inodes of a process beside those of the
 * layers. files.c asks it for every mapping that is looked through; an entry of an overlay goes
 * with its process. Which inode BPF sees for a file is found out by mapping the file's first page
 * and letting BPF look at that mapping: a few tries, because another thread of ours may hold the
 * lock of our address space. It grows with the number of files of the machine that were met, and
 * one entry more for each overlay file of a live process.
 */
#include "probe/inodes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "kernel/address_space.h"

/* The kernel's numbers of a device: dev_t of include/linux/kdev_t.h. */
#define DEVICE_MINOR_BITS 20
#define DEVICE_MINOR_MASK ((1U << DEVICE_MINOR_BITS) - 1)

/* The thread that closes links in the background may just be changing our address space. */
#define MAX_TRIES 100

struct entry {
	struct seep_inode inode;
	pid_t pid; /* 0: for good */
	struct seep_file *file;
	struct entry *prev; /* of those that are not for good */
	struct entry *next;
	UT_hash_handle hh;
};

/* All entries by inode; those of live processes in a list as well, to be forgotten with them. */
struct seep_inodes {
	struct entry *by_inode;
	struct entry *passing;
};

bool seep_inode_equal(const struct seep_inode *a, const struct seep_inode *b)
{
	return a->number == b->number && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/* Splits a device number in the kernel's own encoding, which is not that of stat(2). */
static struct seep_inode from_kernel(uint32_t device, uint64_t number)
{
	return (struct seep_inode){
		.dev_major = device >> DEVICE_MINOR_BITS,
		.dev_minor = device & DEVICE_MINOR_MASK,
		.number = number,
	};
}

struct seep_inode seep_inode_of_event(const struct seep_file_event *event)
{
	return from_kernel(event->device, event->inode);
}

/* Maps the beginning of the file and has BPF look at that. */
static int identify(struct seep_kernel *kernel, int fd, struct seep_inode *ret_inode)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct seep_identify_pass pass = {.error = -EBUSY};
	/* Reading is enough: BPF looks at the file of the mapping, not at its permissions. */
	void *page = mmap(NULL, page_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	int error = 0;

	if (page == MAP_FAILED)
		return -errno;
	/*
	 * bpf_find_vma only tries for the lock of the address space; it fails with -EBUSY instead
	 * of waiting.
	 */
	for (int i = 0; i < MAX_TRIES && !error && pass.error == -EBUSY; i++) {
		pass.address = (uintptr_t)page;
		error = seep_kernel_identify(kernel, &pass);
	}
	munmap(page, page_bytes);
	if (!error)
		error = pass.error;
	if (!error)
		*ret_inode = from_kernel(pass.device, pass.inode);
	return error;
}

int seep_inode_of_fd(struct seep_kernel *kernel, int fd, struct seep_inode *ret_inode)
{
	struct stat status;

	/* What stat tells may be the overlay's inode, so BPF is asked first. */
	if (identify(kernel, fd, ret_inode) == 0)
		return 0;
	if (fstat(fd, &status) < 0)
		return -errno;
	*ret_inode = (struct seep_inode){
		.dev_major = major(status.st_dev),
		.dev_minor = minor(status.st_dev),
		.number = status.st_ino,
	};
	return 0;
}

int seep_inodes_new(struct seep_inodes **ret_inodes)
{
	struct seep_inodes *inodes = calloc(1, sizeof(*inodes));

	if (!inodes)
		return -ENOMEM;
	*ret_inodes = inodes;
	return 0;
}

void seep_inodes_free(struct seep_inodes *inodes)
{
	struct entry *entry, *next;

	if (!inodes)
		return;
	HASH_ITER(hh, inodes->by_inode, entry, next) {
		HASH_DEL(inodes->by_inode, entry);
		free(entry);
	}
	free(inodes);
}

/* The key is hashed as bytes: struct seep_inode has no padding. */
static struct entry *find_entry(const struct seep_inodes *inodes, const struct seep_inode *inode)
{
	struct entry *entry;

	HASH_FIND(hh, inodes->by_inode, inode, sizeof(*inode), entry);
	return entry;
}

struct seep_file *seep_inodes_find(const struct seep_inodes *inodes, const struct seep_inode *inode)
{
	const struct entry *entry = find_entry(inodes, inode);

	return entry ? entry->file : NULL;
}

static void forget_inode(struct seep_inodes *inodes, const struct seep_inode *inode)
{
	struct entry *entry = find_entry(inodes, inode);

	if (!entry)
		return;
	if (entry->pid)
		DL_DELETE(inodes->passing, entry);
	HASH_DEL(inodes->by_inode, entry);
	free(entry);
}

int seep_inodes_set(struct seep_inodes *inodes, const struct seep_inode *inode, pid_t pid,
		    struct seep_file *file)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	/*
	 * An inode leads to one file: an overlay's number may have belonged to another one before.
	 */
	forget_inode(inodes, inode);
	entry->inode = *inode;
	entry->pid = pid;
	entry->file = file;
	HASH_ADD(hh, inodes->by_inode, inode, sizeof(entry->inode), entry);
	/* See HASH_NONFATAL_OOM above: the element is not in the table. */
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	if (pid)
		DL_APPEND(inodes->passing, entry);
	return 0;
}

void seep_inodes_forget(struct seep_inodes *inodes, pid_t pid)
{
	struct entry *entry, *next;

	DL_FOREACH_SAFE(inodes->passing, entry, next)
	{
		if (entry->pid == pid)
			forget_inode(inodes, &entry->inode);
	}
}
