/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of code without CFI by who made it. Frame pointers prove nothing by themselves: a
 * walk by them is only trusted where the compiler is known to keep them in every function that
 * calls another one.
 */
#ifndef SEEP_STACK_CODE_KIND_H
#define SEEP_STACK_CODE_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"
#include "seep/unwind.h"

/*
 * What the file @path, open as @fd (-1: it is not), says of the code that its process makes at run
 * time. That of a Java virtual machine is known by its path, that of V8 by a symbol too.
 */
enum seep_jit_kind seep_code_jit(const char *path, int fd);

/* Does the code of the file keep frame pointers where it has no CFI: that of Go, that of V8? */
bool seep_code_keeps_frame_pointers(const struct seep_image *image, enum seep_jit_kind jit);

/* The load segment that has the code, in pages; as in struct seep_unwind_file. */
struct seep_code_segment {
	uint32_t first;
	uint32_t count; /* 0: there is not exactly one */
	int32_t ahead_of_before;
	int32_t ahead_of_behind;
};

struct seep_code_segment seep_code_segment(const struct seep_image *image);

#endif
