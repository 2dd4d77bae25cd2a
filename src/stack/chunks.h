/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chunks that unwind tables are made of (seep/unwind.h), as maps in the kernel, by number.
 *
 * To show BPF a new chunk costs a grace period of some 10 ms, however many are shown together; so
 * they are collected until a flush. Some empty chunks are kept in sight of BPF beforehand: a small
 * table goes into those and needs no grace period, so that the stacks through a library just loaded are
 * whole sooner. One thread.
 */
#ifndef SEEP_STACK_CHUNKS_H
#define SEEP_STACK_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seep/unwind.h"

struct seep_chunks;

/* @kernel must outlive the chunks. 0 or -ENOMEM. */
int seep_chunks_new(struct seep_kernel *kernel, struct seep_chunks **ret_chunks);
void seep_chunks_free(struct seep_chunks *chunks);

/* Takes @count numbers for the chunks of a table. 0, or -ENOSPC and none was taken. */
int seep_chunks_take(struct seep_chunks *chunks, size_t count, uint32_t *ret_numbers);

/*
 * Writes a chunk whose number was taken, once. BPF may read it at once or after the next flush. 0 or
 * -errno.
 */
int seep_chunks_write(struct seep_chunks *chunks, uint32_t number,
		      const seep_row words[SEEP_CHUNK_WORDS]);

/* Is there anything that BPF sees only after a flush? */
bool seep_chunks_waiting(const struct seep_chunks *chunks);
/* Shows BPF what was written, and makes new spares. 0 or -errno. */
int seep_chunks_flush(struct seep_chunks *chunks);

/* Gives back chunks that no table names any more. Nothing may be waiting for a flush. */
void seep_chunks_give(struct seep_chunks *chunks, const uint32_t *numbers, size_t count);

/* Numbers that are taken now. */
uint64_t seep_chunks_in_use(const struct seep_chunks *chunks);

#endif
