/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the file of a Go program tells of the runtime in it: its version, and where its variables
 * are. The file is untrusted. Addresses are those of the file, without the bias of a process.
 */
#ifndef SEEP_GOLANG_PROGRAM_H
#define SEEP_GOLANG_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "model/go_figures.h"

/*
 * The variables of the runtime that are read: X(enum suffix, symbol). A symbol may be missing in a
 * version that has no such variable, or in a program without a symbol table.
 */
#define SEEP_GO_VARIABLES(X)                                                                       \
	X(ALLGS, "runtime.allgs")                                                                  \
	X(WAIT_REASONS_TABLE, "runtime.waitReasonStrings")                                         \
	X(MEMORY_BUCKETS, "runtime.mbuckets")                                                      \
	X(PROFILE_CYCLE, "runtime.mProfCycle")                                                     \
	X(PROFILE_RATE, "runtime.MemProfileRate")                                                  \
	X(MEMSTATS, "runtime.memstats")                                                            \
	X(GC_CONTROLLER, "runtime.gcController")                                                   \
	X(MHEAP, "runtime.mheap_")                                                                 \
	X(ALLP, "runtime.allp")

enum seep_go_variable {
#define SEEP_GO_VARIABLE_ENUM(name, symbol) SEEP_GO_##name,
	SEEP_GO_VARIABLES(SEEP_GO_VARIABLE_ENUM)
#undef SEEP_GO_VARIABLE_ENUM
	SEEP_GO_VARIABLE_COUNT
};

struct seep_go_program {
	char version[SEEP_GO_VERSION_BYTES]; /* "go1.19.8"; raw bytes of the file */
	unsigned int minor;		     /* of Go 1.minor; 0: not understood */
	/* 0: not found; sizes as the symbol table has them, 0: not known. */
	uint64_t variables[SEEP_GO_VARIABLE_COUNT];
	uint64_t variable_bytes[SEEP_GO_VARIABLE_COUNT];
};

/* 0; -ENOENT: it is not a Go program. */
int seep_go_program_read(const struct seep_image *image, struct seep_go_program *ret_program);

/*
 * The number in "go1.NUMBER" or "devel go1.NUMBER-"; 0 if there is none. What follows, as in
 * "go1.22rc1 X:experiment", is passed over.
 */
unsigned int seep_go_version_minor(const char *version);

#endif
