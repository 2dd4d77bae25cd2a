/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs: which are loaded, and the descriptors of those that are attached to functions
 * (kernel/attach.h). A program that no traced kind needs is not loaded.
 */
#ifndef SEEP_KERNEL_PROGRAMS_H
#define SEEP_KERNEL_PROGRAMS_H

#include <stdint.h>

#include "kernel/kernel.h"

/*
 * Programs at functions: X(enum suffix, program, kind, variant).
 *
 * kind		that needs it, or ANY
 * variant	SESSION: one program for entry and return; PAIR: loaded where there are no sessions;
 *		ENTRY: always loaded, not attached to returns
 */
#define SEEP_PROBE_PROGRAMS(X)                                                                     \
	X(ALLOC_SESSION, alloc_session, MEMORY, SESSION)                                           \
	X(ALLOC_ENTRY, alloc_entry, MEMORY, PAIR)                                                  \
	X(ALLOC_RETURN, alloc_return, MEMORY, PAIR)                                                \
	X(CALL_ENTRY, call_entry, MEMORY, ENTRY)                                                   \
	X(CALL_EXIT, call_exit, MEMORY, ENTRY)                                                     \
	X(FREE_ENTRY, free_entry, MEMORY, ENTRY)                                                   \
	X(THREAD_ENTRY, thread_entry, THREAD, ENTRY)                                               \
	X(THREAD_EXIT, thread_exit, THREAD, ENTRY)                                                 \
	X(THREAD_ONCE, thread_once, THREAD, ENTRY)                                                 \
	X(LIBRARY_CHANGE, library_change, ANY, ENTRY)

enum seep_program {
#define SEEP_PROGRAM_ENUM(name, ...) SEEP_PROGRAM_##name,
	SEEP_PROBE_PROGRAMS(SEEP_PROGRAM_ENUM)
#undef SEEP_PROGRAM_ENUM
	SEEP_PROGRAM_COUNT
};

int seep_kernel_program_fd(const struct seep_kernel *kernel, enum seep_program program);

/* Fills an entry of the table of probes, which the attach cookie of a probe names. 0 or -errno. */
int seep_kernel_set_probe(struct seep_kernel *kernel, uint32_t index,
			  const struct seep_probe *probe);

#endif
