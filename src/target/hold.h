/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a process wait while something is done that must come before its next instruction.
 *
 * By ptrace: if seep is killed meanwhile, the kernel lets the process go on by itself, which it
 * would not after a SIGSTOP. Nobody but seep is told of the stop.
 */
#ifndef SEEP_TARGET_HOLD_H
#define SEEP_TARGET_HOLD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Stops the thread @tid and waits until it stands. True if it does: then seep_hold_end has to
 * follow, in the same thread of seep. False if it is gone, or another tracer has it, or the system
 * forbids it; then it runs on.
 */
bool seep_hold_begin(pid_t tid, int *ret_signal);

/* Lets @tid go on, with the @signal that it was about to get (0: none). */
void seep_hold_end(pid_t tid, int signal);

#endif
