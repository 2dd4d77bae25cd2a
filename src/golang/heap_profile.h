/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heap profile that the runtime of Go keeps by itself: of the objects that are made one in so
 * many bytes is sampled, with its stack, and counted again when a collection releases it. The
 * program has it if anything in it can ask for it (net/http/pprof, runtime/pprof,
 * runtime.MemProfile); else the linker has switched it off.
 *
 * What is told is what runtime.MemProfile would say at this moment: the state after the last
 * collection.
 */
#ifndef SEEP_GOLANG_HEAP_PROFILE_H
#define SEEP_GOLANG_HEAP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "golang/runtime.h"

/* A program with more is refused. */
#define SEEP_GO_BUCKETS_MAX (1u << 20)

/* As runtime/mprof.go of any version: GODEBUG=profstackdepth has no higher limit. */
#define SEEP_GO_BUCKET_DEPTH 1024

/* Sampled objects of one size, made by one stack. */
struct seep_go_bucket {
	uint64_t address; /* there, by which it is known: buckets are never given back */
	uint64_t bytes;	  /* of one object */
	uint64_t allocs;  /* in the sample, since the program began */
	uint64_t frees;
	bool whole; /* the stack reaches to where the goroutine began */
	uint32_t num_addresses;
	size_t first_address; /* index in addresses of the profile */
};

struct seep_go_heap_profile {
	uint64_t mean_bytes; /* from one sample to the next, 1: all objects are in it; never 0 */
	uint64_t cycle;	     /* that of the collection whose state it is */
	size_t count;
	struct seep_go_bucket *buckets;
	size_t num_addresses;
	uint64_t *addresses; /* within the calls, innermost first */
};

/*
 * Reads it. 0; -ENOENT: the program has no profile; -EAGAIN: it changed all the time; -EPROTO: what
 * is there does not look like one, and *ret_why, a clause, says why; -ESRCH; -ENOMEM; or an error
 * of seep_remote_read.
 */
int seep_go_heap_profile_read(struct seep_go *go, struct seep_go_heap_profile *ret_profile,
			      const char **ret_why);
void seep_go_heap_profile_done(struct seep_go_heap_profile *profile);

#endif
