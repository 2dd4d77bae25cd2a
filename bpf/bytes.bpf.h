/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sampling by bytes: which blocks are tracked, and what they stand for (draw.h does the sums). Each
 * thread counts down the bytes that it allocates to its next sample, wherever it runs: so nothing
 * is shared between threads, and nobody gets a part of what another one has counted. The distance
 * is exponentially distributed and has no memory, so it does not matter when a thread begins.
 *
 * All of it is behind cfg_sample_bytes, which the verifier knows. In a process that is traced in
 * windows every block of a window is tracked: its weight is that of the window.
 */
#ifndef SEEP_BPF_BYTES_H
#define SEEP_BPF_BYTES_H

#include "config.bpf.h"
#include "draw.h"
#include "sampling.bpf.h"

/* Is a request in the sample? */
enum sampled {
	SAMPLED_UNDECIDED, /* its size is not known yet, or what is within it does not count */
	SAMPLED_TAKEN,
	SAMPLED_LEFT_OUT,
};

/* A thread has come to its next sample, or to its first allocation; 1: this block is one. */
static __noinline int sample_reached(__u64 *left, __u64 bytes)
{
	if (!*left) {
		*left = draw_gap(bpf_get_prandom_u32(), cfg_sample_bytes);
		if (*left > bytes) {
			*left -= bytes;
			return 0;
		}
	}
	*left = draw_gap(bpf_get_prandom_u32(), cfg_sample_bytes);
	return 1;
}

/*
 * Is a block of this size in the sample? @left: of the running thread, the bytes up to its next
 * sample and one, see draw_gap; 0: not drawn yet.
 */
static __always_inline enum sampled sample_decide(__u64 *left, __u64 bytes)
{
	if (bytes < cfg_min_bytes || bytes > cfg_max_bytes)
		return SAMPLED_LEFT_OUT;
	if (!bytes)
		bytes = 1;
	if (*left > bytes) {
		*left -= bytes;
		return SAMPLED_LEFT_OUT;
	}
	return sample_reached(left, bytes) ? SAMPLED_TAKEN : SAMPLED_LEFT_OUT;
}

/* What a block stands for that was made then. */
static __always_inline struct seep_weighed weigh_block(__u64 bytes, __u64 created_ns)
{
	/* Else it has none, or that of its window. */
	if (cfg_sample_bytes &&
	    (!cfg_windows || SEEP_WEIGHT_CODE(created_ns) == SEEP_WEIGHT_BY_SIZE))
		return draw_weighed(bytes, cfg_sample_bytes, draw_weight(bytes, cfg_sample_bytes));
	return (struct seep_weighed){.objects = 1 << SEEP_SAMPLE_SHIFT, .bytes = bytes};
}

/*
 * Adds a block to sums of its site. A global function, so that the verifier looks at the sums once
 * and not wherever a block may be released.
 */
__weak int weighed_add(struct seep_weighed *sums, __u64 bytes, __u64 created_ns)
{
	struct seep_weighed weighed = weigh_block(bytes, created_ns);

	if (!sums)
		return 0;
	__sync_fetch_and_add(&sums->objects, weighed.objects);
	__sync_fetch_and_add(&sums->bytes, weighed.bytes);
	__sync_fetch_and_add(&sums->object_squares, weighed.object_squares);
	__sync_fetch_and_add(&sums->byte_squares, weighed.byte_squares);
	return 0;
}

#endif
