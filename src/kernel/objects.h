/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sites and live objects of every kind: reading them, and the passes over them that run in the
 * kernel (bpf/passes.bpf.c).
 */
#ifndef SEEP_KERNEL_OBJECTS_H
#define SEEP_KERNEL_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"

/*
 * Calls @fn for every site until it returns non-zero, and returns that; else 0 or -errno. Sites
 * that are created meanwhile may be missing.
 */
typedef int (*seep_site_fn)(const struct seep_site_key *key, const struct seep_site_value *value,
			    void *context);
int seep_kernel_each_site(const struct seep_kernel *kernel, seep_site_fn fn, void *context);

/*
 * The same for the live objects of a kind, of all processes. @object is what the kind's value
 * begins with (struct seep_KEY_object in seep/kinds.h).
 */
typedef int (*seep_object_fn)(void *context, const struct seep_object_key *key,
			      const struct seep_object *object);
int seep_kernel_each_object(const struct seep_kernel *kernel, enum seep_kind kind,
			    seep_object_fn fn, void *context);

/*
 * One pass over the live objects, in the kernel: afterwards the scan results of every site with
 * value.scan == *ret_number are those of @now_ns; objects created after @young_after_ns count as
 * young (both CLOCK_MONOTONIC). It takes about 30 ns per object. 0 or -errno.
 */
int seep_kernel_scan_ages(struct seep_kernel *kernel, uint64_t now_ns, uint64_t young_after_ns,
			  uint64_t *ret_number);

/* Drops all that the maps hold of @count processes, by their ids, in one pass. 0 or -errno. */
int seep_kernel_reap(struct seep_kernel *kernel, const uint32_t *processes, size_t count);

#endif
