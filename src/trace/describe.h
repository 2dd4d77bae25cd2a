/* SPDX-License-Identifier: GPL-2.0-only */
/* What a trace is attached to, for people and for doctor. */
#ifndef SEEP_TRACE_DESCRIBE_H
#define SEEP_TRACE_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "probe/files.h"
#include "trace/tracer.h"

/* What is attached, for people: "process 123 (redis-server): 11 functions in 2 files". */
void seep_tracer_describe(const struct seep_tracer *tracer, struct seep_buffer *buffer);

/* A probe in a process: where a function is entered, or where it returns. */
struct seep_tracer_probe {
	const struct seep_file *file;
	uint64_t offset;  /* in the file, bytes */
	bool emulated;	  /* false: the kernel single-steps it */
	uint32_t cost_ns; /* of one hit with an empty program, measured here */
	const char *instruction;
	const char *function; /* as it is shown */
	bool at_exit;
};
/* Calls @fn for each of them, in the order of the mappings. */
void seep_tracer_each_probe(const struct seep_tracer *tracer,
			    void (*fn)(const struct seep_tracer_probe *probe, void *context),
			    void *context);

#endif
