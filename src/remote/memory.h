/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of another process, read while it runs. Nothing is stopped, written or brought into
 * memory: a page that is not present is not read, as that would fault it in. What is read may
 * change at the same time, so readers check whatever they find.
 *
 * One thread. The process is known by its address space: when that is gone, by an exit or an exec,
 * every read fails, whoever has the PID by then.
 */
#ifndef SEEP_REMOTE_MEMORY_H
#define SEEP_REMOTE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seep_remote;

/* A part of it, to be read together with others. */
struct seep_remote_part {
	uint64_t address;
	size_t bytes;
	void *buffer; /* for so many */
	int error;    /* 0, or why it was not read, as of seep_remote_read; filled in */
};

/* 0; -ESRCH: there is no such process; -EACCES or -EPERM: it may not be read; -ENOMEM. */
int seep_remote_open(pid_t pid, struct seep_remote **ret_remote);
void seep_remote_close(struct seep_remote *remote);

/*
 * What is known of which pages are present is forgotten: to be called before each round of reads,
 * as pages come and go.
 */
void seep_remote_refresh(struct seep_remote *remote);

/*
 * Reads @bytes from @address on. 0; -ENODATA: a page of them is not present, or nothing is mapped
 * there; -EFAULT: no address of user space, or it went meanwhile; -ESRCH: the process has ended or
 * runs another program; -EACCES, -EPERM.
 */
int seep_remote_read(struct seep_remote *remote, uint64_t address, void *buffer, size_t bytes);

/*
 * Reads @count parts with as few system calls as can be; best in the order of their addresses. A
 * part that cannot be read says so. 0, or -ESRCH, -EACCES, -EPERM: then none of them was read
 * whole.
 */
int seep_remote_read_parts(struct seep_remote *remote, struct seep_remote_part *parts,
			   size_t count);

/*
 * Is the address space still that which was opened? To be asked after reads, before what they gave
 * is believed. 0 or -ESRCH.
 */
int seep_remote_check(const struct seep_remote *remote);

static inline void seep_remote_cleanup(struct seep_remote **remote)
{
	seep_remote_close(*remote);
}
#define SEEP_AUTO_REMOTE __attribute__((cleanup(seep_remote_cleanup)))

#endif
