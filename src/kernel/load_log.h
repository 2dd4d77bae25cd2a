/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What libbpf says while programs are loaded: shown with -v, and searched for the program that the
 * kernel's verifier has refused. libbpf hands no context to its print function, so this is state of
 * the process. One thread.
 */
#ifndef SEEP_KERNEL_LOAD_LOG_H
#define SEEP_KERNEL_LOAD_LOG_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#define SEEP_PROGRAM_NAME_BYTES 64
#define SEEP_REFUSAL_BYTES	256

/* A program that the verifier has refused, and why, in its words; longer ones are cut. */
struct seep_refused_program {
	char name[SEEP_PROGRAM_NAME_BYTES];
	char reason[SEEP_REFUSAL_BYTES]; /* the last line of its log; "" if that says nothing */
};

/* From here on libbpf's messages come here; what was noted before is forgotten. */
void seep_load_log_start(void);

/* From here on nothing is said or noted. Returns what libbpf_set_print takes to end that. */
libbpf_print_fn_t seep_load_log_silence(void);

/* The program that was refused since, if one was. */
bool seep_load_log_refused(struct seep_refused_program *ret_program);

/* Is @message of libbpf the verifier's log of a program that failed? Then which, and why. */
bool seep_load_log_parse(const char *message, struct seep_refused_program *ret_program);

#endif
