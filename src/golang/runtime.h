/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The runtime of Go in a process, as it is read from outside: where its structures are, and its
 * table of functions. Nothing of the process is changed or stopped.
 *
 * What is found is tried on the process before it is believed (seep_go_goroutines_read does so at
 * each reading); a build that the tables of layout.h do not fit is refused with the reason.
 */
#ifndef SEEP_GOLANG_RUNTIME_H
#define SEEP_GOLANG_RUNTIME_H

#include <stdint.h>
#include <sys/types.h>

#include "golang/layout.h"
#include "golang/pclntab.h"
#include "golang/plain_files.h"
#include "golang/program.h"
#include "proc/maps.h"
#include "remote/memory.h"

/* The most names of reasons to wait that a version has; Go 1.27 has 40. */
#define SEEP_GO_WAIT_REASONS 64
#define SEEP_GO_REASON_BYTES 48

struct seep_image;

struct seep_go {
	struct seep_remote *remote;
	struct seep_image *image; /* to which the bytes of the table belong */
	struct seep_go_program program;
	struct seep_go_layout layout;
	uint64_t bias;		   /* from an address in the file to that in the process */
	struct seep_pclntab table; /* with the addresses of the process */
	const uint8_t *funcdata;   /* for seep_pclntab_calls; NULL if it is not known */
	size_t funcdata_length;
	struct seep_go_function skipper; /* see profile_stack.c; 0 to 0: there is none */
	size_t num_reasons;
	char reasons[SEEP_GO_WAIT_REASONS][SEEP_GO_REASON_BYTES]; /* printable; "": unknown */
};

/*
 * Finds the runtime in the process @pid, whose mappings are @maps; files in @plain need not be
 * opened again, and more of them are added. 0; -ENOENT: there is none;
 * -EPROTO: there is one that cannot be read, and *ret_why, a clause like "it has no symbol table",
 * says why; -ESRCH; -EACCES; -EPERM; -ENOMEM.
 */
int seep_go_open(pid_t pid, const struct seep_maps *maps, struct seep_plain_files *plain,
		 struct seep_go **ret_go, const char **ret_why);
void seep_go_close(struct seep_go *go);

/* The address of a variable in the process; 0: it is not known. */
static inline uint64_t seep_go_variable(const struct seep_go *go, enum seep_go_variable variable)
{
	uint64_t address = go->program.variables[variable];

	return address ? address + go->bias : 0;
}

#endif
