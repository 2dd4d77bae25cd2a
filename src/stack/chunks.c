// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers and maps of chunks. publish.c takes numbers, writes each chunk once and flushes; a chunk
 * that is given up rests for QUARANTINE_NS before its number is used again. Bounded by
 * SEEP_MAX_CHUNKS numbers, MAX_WAITING open descriptors between two flushes, and NUM_SPARES empty
 * chunks that BPF sees already.
 */
#include "stack/chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "kernel/tables.h"

/*
 * A chunk that was given up may still be read by a program that looked its number up a moment ago.
 * Numbers are used again only after that.
 */
#define QUARANTINE_NS (2 * SEEP_NS_PER_S)

/* 512 KiB of kernel memory, and an open descriptor each; a larger table waits for a flush. */
#define NUM_SPARES 16

/* More than this wait for no flush: each is an open descriptor. */
#define MAX_WAITING 256

/* A number that rests until a reader that has just looked it up must be done. */
struct released {
	uint32_t number;
	uint64_t since_ns;
};

struct seep_chunks {
	struct seep_kernel *kernel;
	/* Numbers that tables have; spares and resting numbers do not count. */
	uint64_t in_use;
	uint32_t next; /* the first number that was never used */
	size_t num_released;
	struct released released[SEEP_MAX_CHUNKS];
	size_t num_spares;
	uint32_t spares[NUM_SPARES];
	/* By number: the descriptor of a chunk that BPF sees already, still empty; else -1. */
	int empty[SEEP_MAX_CHUNKS];
	/* Written, and shown to BPF by the next flush. */
	size_t num_waiting;
	uint32_t waiting[MAX_WAITING];
	/* Descriptors of the same chunks, owned until the flush. */
	int waiting_chunks[MAX_WAITING];
};

int seep_chunks_new(struct seep_kernel *kernel, struct seep_chunks **ret_chunks)
{
	struct seep_chunks *chunks = calloc(1, sizeof(*chunks));

	if (!chunks)
		return -ENOMEM;
	chunks->kernel = kernel;
	for (size_t i = 0; i < SEEP_MAX_CHUNKS; i++)
		chunks->empty[i] = -1;
	*ret_chunks = chunks;
	return 0;
}

void seep_chunks_free(struct seep_chunks *chunks)
{
	if (!chunks)
		return;
	for (size_t i = 0; i < chunks->num_waiting; i++)
		close(chunks->waiting_chunks[i]);
	for (uint32_t i = 0; i < chunks->next; i++)
		seep_cleanup_fd(&chunks->empty[i]);
	free(chunks);
}

/* A rested number, else one that was never used. 0 or -ENOSPC. */
static int next_number(struct seep_chunks *chunks, uint32_t *ret_number)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	for (size_t i = 0; i < chunks->num_released; i++) {
		if (now_ns - chunks->released[i].since_ns < QUARANTINE_NS)
			continue;
		*ret_number = chunks->released[i].number;
		/* The order among released numbers does not matter. */
		chunks->released[i] = chunks->released[--chunks->num_released];
		return 0;
	}
	if (chunks->next == SEEP_MAX_CHUNKS)
		return -ENOSPC;
	*ret_number = chunks->next++;
	return 0;
}

/* A number comes back without its chunk having been shown to anybody. */
static void release(struct seep_chunks *chunks, uint32_t number, uint64_t since_ns)
{
	seep_cleanup_fd(&chunks->empty[number]);
	chunks->empty[number] = -1;
	chunks->released[chunks->num_released].number = number;
	chunks->released[chunks->num_released].since_ns = since_ns;
	chunks->num_released++;
}

int seep_chunks_take(struct seep_chunks *chunks, size_t count, uint32_t *ret_numbers)
{
	/* All or none: a table that needs a flush anyhow gains nothing from a few spares. */
	bool from_spares = count <= chunks->num_spares;
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		if (from_spares)
			ret_numbers[i] = chunks->spares[--chunks->num_spares];
		else
			error = next_number(chunks, &ret_numbers[i]);
		if (error) {
			while (i--)
				/* Since 0: no program has seen these, so they need no rest. */
				release(chunks, ret_numbers[i], 0);
			return error;
		}
	}
	chunks->in_use += count;
	return 0;
}

/* Takes over the descriptor @chunk. */
static int wait_for_flush(struct seep_chunks *chunks, uint32_t number, int chunk)
{
	int error = chunks->num_waiting == MAX_WAITING ? seep_chunks_flush(chunks) : 0;

	if (error) {
		close(chunk);
		return error;
	}
	chunks->waiting[chunks->num_waiting] = number;
	chunks->waiting_chunks[chunks->num_waiting] = chunk;
	chunks->num_waiting++;
	return 0;
}

int seep_chunks_write(struct seep_chunks *chunks, uint32_t number,
		      const seep_row words[SEEP_CHUNK_WORDS])
{
	/*
	 * A spare is written in place, once; after that its descriptor is closed and the map lives
	 * on.
	 */
	SEEP_AUTO_CLOSE int chunk = SEEP_TAKE_FD(chunks->empty[number]);

	if (chunk >= 0)
		return seep_kernel_fill_chunk(chunk, words);
	chunk = seep_kernel_new_chunk(words);
	return chunk < 0 ? chunk : wait_for_flush(chunks, number, SEEP_TAKE_FD(chunk));
}

bool seep_chunks_waiting(const struct seep_chunks *chunks)
{
	return chunks->num_waiting > 0;
}

/* Puts empty chunks into the batch that is about to be shown, as far as it has room. */
static int add_spares(struct seep_chunks *chunks)
{
	static const seep_row nothing[SEEP_CHUNK_WORDS];

	while (chunks->num_spares < NUM_SPARES && chunks->num_waiting < MAX_WAITING) {
		SEEP_AUTO_CLOSE int chunk = seep_kernel_new_chunk(nothing);
		/*
		 * Two descriptors of one map: one goes with the batch, the other is for writing it
		 * later.
		 */
		SEEP_AUTO_CLOSE int kept = chunk < 0 ? -1 : fcntl(chunk, F_DUPFD_CLOEXEC, 0);
		uint32_t number;
		int error;

		if (chunk < 0)
			return chunk;
		if (kept < 0)
			return -errno;
		error = next_number(chunks, &number);
		if (error)
			return error;
		chunks->empty[number] = SEEP_TAKE_FD(kept);
		wait_for_flush(chunks, number, SEEP_TAKE_FD(chunk)); /* has room */
		chunks->spares[chunks->num_spares++] = number;
	}
	return 0;
}

int seep_chunks_flush(struct seep_chunks *chunks)
{
	int error = 0;

	/*
	 * Where a flush waits for a grace period anyhow, spares come along; for spares alone it
	 * waits only when fewer than half of them are left.
	 */
	if (chunks->num_waiting || chunks->num_spares < NUM_SPARES / 2)
		error = add_spares(chunks);
	if (!error && chunks->num_waiting)
		error = seep_kernel_put_chunks(chunks->kernel, chunks->waiting,
					       chunks->waiting_chunks, chunks->num_waiting);
	for (size_t i = 0; i < chunks->num_waiting; i++)
		close(chunks->waiting_chunks[i]);
	chunks->num_waiting = 0;
	return error;
}

void seep_chunks_give(struct seep_chunks *chunks, const uint32_t *numbers, size_t count)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	if (!count)
		return;
	/*
	 * Waits for a grace period as well; if it fails the numbers are overwritten when they are
	 * used again.
	 */
	seep_kernel_remove_chunks(chunks->kernel, numbers, count);
	for (size_t i = 0; i < count; i++)
		release(chunks, numbers[i], now_ns);
	chunks->in_use -= count;
}

uint64_t seep_chunks_in_use(const struct seep_chunks *chunks)
{
	return chunks->in_use;
}
