/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the room: the struct, and what its files share. kernel.c loads, programs.c says
 * which programs, run.c runs iterators and passes; each of the others has a header of its own.
 */
#ifndef SEEP_KERNEL_KERNEL_PRIVATE_H
#define SEEP_KERNEL_KERNEL_PRIVATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The skeleton names types of them. */
#include "seep/passes.h"
#include "seep/sampling.h"

#include "bpf/seep.skel.h"
#include "kernel/events.h"
#include "kernel/kernel.h"

struct event;

struct seep_kernel {
	struct seep_bpf *skeleton;
	struct ring_buffer *ring;
	struct seep_kernel_events events;
	struct event *queue; /* taken from the ring buffer and not delivered yet */
	size_t queue_bytes;
	struct seep_process_value *processes; /* the map's memory */
	struct seep_budget_value *budgets;    /* the same */
	int num_cpus;
	uint64_t scan_number;
	uint64_t max_blocks;	/* that there is room for */
	uint64_t num_blocks;	/* that live, at the last scan ... */
	uint64_t num_addresses; /* ... and that are in the map of addresses */
	uint64_t inventory_number;
};

/*
 * Before the load: which programs are loaded, how the probes are attached, and which programs
 * seep_bpf__attach attaches: those at tracepoints. 0 or -errno.
 */
int seep_kernel_configure_programs(struct seep_bpf *skeleton,
				   const struct seep_kernel_config *config);

/* The map of the live objects of a kind. */
struct bpf_map *seep_kernel_live_map(const struct seep_bpf *skeleton, enum seep_kind kind);

/*
 * Runs an iterator program over what the process @pid has. @fn, unless it is NULL, is given what
 * the program writes, in pieces that may end in the middle of a record; what it returns other than
 * 0 ends the walk and is returned. 0 or -errno.
 */
int seep_kernel_iterate(const struct bpf_program *program, pid_t pid,
			int (*fn)(void *context, const void *data, size_t size), void *context);

/*
 * Runs a pass (seep/passes.h); the kernel copies what the program left in @argument back. 0 or
 * -errno.
 */
int seep_kernel_run_pass(const struct bpf_program *program, void *argument, size_t size);

/* Frees the events that were not delivered. */
void seep_kernel_drop_events(struct seep_kernel *kernel);

#endif
