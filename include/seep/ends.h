/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a stack ends where it ends. Only COMPLETE is a whole stack; everything else is partial and
 * shown as such. X(enum suffix, key in JSON and metrics, sentence for people).
 */
#ifndef SEEP_ENDS_H
#define SEEP_ENDS_H

#define SEEP_ENDS(X)                                                                               \
	X(COMPLETE, complete, "reached the first function of the thread")                          \
	X(FRAME_POINTER, frame_pointer, "code without unwind information: callers may be missing") \
	X(JIT, jit, "code made at run time keeps no frame pointer")                                \
	X(NO_TABLE, no_table, "the unwind table of a file was not there yet")                      \
	X(NO_CFI, no_cfi, "a file without unwind information")                                     \
	X(BAD_RULE, bad_rule, "unwind information that cannot be followed")                        \
	X(BAD_FRAME, bad_frame, "the stack does not look as the unwind information says")          \
	X(NO_MAPPING, no_mapping, "a return address outside of all code")                          \
	X(BUSY, busy, "another thread was changing the address space")                             \
	X(READ, read_error, "the stack could not be read")                                         \
	X(DEPTH, depth, "deeper than the limit")                                                   \
	X(RUNNING, running, "it was running, or about to run")

enum seep_end {
#define SEEP_END_ENUM(name, key, text) SEEP_END_##name,
	SEEP_ENDS(SEEP_END_ENUM)
#undef SEEP_END_ENUM
	SEEP_END_COUNT
};

#endif
