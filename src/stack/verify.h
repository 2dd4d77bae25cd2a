/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The self-check (--verify-stacks): stacks that BPF walked are walked once more by libdw, from the
 * registers and the stack's memory as BPF found them, and compared frame by frame. One thread.
 */
#ifndef SEEP_STACK_VERIFY_H
#define SEEP_STACK_VERIFY_H

#include <stdint.h>
#include <sys/types.h>

#include "seep/abi.h"
#include "unwind/compare.h"

struct seep_verifier;

/* 0 or -ENOMEM. NULL is a verifier that is never asked: begin, forget and free do nothing. */
int seep_verifier_new(struct seep_verifier **ret_verifier);
void seep_verifier_free(struct seep_verifier *verifier);

/* The file that BPF calls @file has this inode. 0; -ENOMEM; -ERANGE for an id that BPF does not
 * give. */
int seep_verifier_add_file(struct seep_verifier *verifier, uint32_t file, uint64_t inode);

/* Begins a round of checks; those that would make it longer than 0.1 s are skipped. */
void seep_verifier_begin(struct seep_verifier *verifier);

/* Walks the stack of @event, of the process @pid (0: it is gone), and counts what comes of it. */
void seep_verifier_check(struct seep_verifier *verifier, pid_t pid,
			 const struct seep_copy_event *event);

/* The process with this id is gone. */
void seep_verifier_forget(struct seep_verifier *verifier, uint32_t process);

struct seep_verify_counts {
	uint64_t counts[SEEP_AGREEMENT_COUNT];
	uint64_t skipped; /* for lack of time */
};
const struct seep_verify_counts *seep_verifier_counts(const struct seep_verifier *verifier);

/* Says what came of it, in one line. */
void seep_verifier_tell(const struct seep_verifier *verifier);

#endif
