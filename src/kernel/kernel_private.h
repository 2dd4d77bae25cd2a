/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the kernel's half, for kernel.c (its life), programs.c (what is loaded), tables.c
 * (what user space writes), counters.c (what it reads, and passes over the maps), inventory.c and
 * threads.c (what processes have) and events.c (the ring buffer).
 */
#ifndef SEEP_KERNEL_KERNEL_PRIVATE_H
#define SEEP_KERNEL_KERNEL_PRIVATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The skeleton names types of it. */
#include "seep/passes.h"

#include "bpf/seep.skel.h"
#include "kernel/kernel.h"

/* Programs that follow the life of processes, and what the kernel makes for them. */
#define NUM_LIFE_LINKS 10

struct event;

struct seep_kernel {
	struct seep_bpf *skeleton;
	struct bpf_link *life_links[NUM_LIFE_LINKS];
	struct ring_buffer *ring;
	struct seep_kernel_events events;
	struct event *queue; /* taken from the ring buffer and not delivered yet */
	size_t queue_bytes;
	struct seep_process_value *processes; /* the map's memory */
	int num_cpus;
	uint64_t scan_number;
	uint64_t inventory_number;
};

/* Before the load: which programs it takes, and how the probes are attached. 0 or -errno. */
int seep_kernel_configure_programs(struct seep_bpf *skeleton,
				   const struct seep_kernel_config *config);

/* Attaches those that follow the life of processes and their system calls. 0 or -errno. */
int seep_kernel_attach_programs(struct seep_kernel *kernel);

/*
 * Runs an iterator program over what the process @pid has. @fn, if any, is given what the program writes,
 * in pieces that may end in the middle of a record; what it returns other than 0 ends the walk and is
 * returned. 0 or -errno.
 */
int seep_kernel_iterate(const struct bpf_program *program, pid_t pid,
			int (*fn)(void *context, const void *data, size_t size), void *context);

/* Runs a pass (seep/passes.h); the kernel copies what the program left in @argument back. 0 or -errno. */
int seep_kernel_run_pass(const struct bpf_program *program, void *argument, size_t size);

/* Forgets what was not delivered. */
void seep_kernel_drop_events(struct seep_kernel *kernel);

#endif
