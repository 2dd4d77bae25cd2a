/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a process is not probed: what probes would do to it.
 *
 * One line per reason: X(enum suffix, key, sentence for people, with the process as its subject).
 * BPF reports those that a process comes to while it is traced. docs/developers/safety.md has the
 * kernels, and how each is found out.
 */
#ifndef SEEP_REFUSALS_H
#define SEEP_REFUSALS_H

#define SEEP_REFUSALS(X)                                                                           \
	X(TRANSLATOR, translator,                                                                  \
	  "it translates the code of a program, and would take a breakpoint for a part of it")     \
	X(USER_DISPATCH, user_dispatch,                                                            \
	  "it uses Syscall User Dispatch, which on this kernel also gets the return of a probed "  \
	  "function")                                                                              \
	X(SECCOMP, seccomp,                                                                        \
	  "it filters its system calls with seccomp, on this kernel also the return of a probed "  \
	  "function")                                                                              \
	X(EMULATED_CALLS, emulated_calls,                                                          \
	  "another process emulates its system calls (PTRACE_SYSEMU), on this kernel also the "    \
	  "return of a probed function")                                                           \
	X(SHADOW_STACK, shadow_stack,                                                              \
	  "it has a shadow stack, with which this kernel cannot probe the return of a function")

enum seep_refusal {
	SEEP_REFUSAL_NONE,
#define SEEP_REFUSAL_ENUM(name, key, text) SEEP_REFUSAL_##name,
	SEEP_REFUSALS(SEEP_REFUSAL_ENUM)
#undef SEEP_REFUSAL_ENUM
	SEEP_REFUSAL_COUNT
};

/* In sets of them. */
#define SEEP_REFUSAL_BIT(refusal) (1U << (refusal))

#endif
