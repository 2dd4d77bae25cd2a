/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that translate the code of a program instead of running it: valgrind, qemu-user,
 * DynamoRIO, Pin. A breakpoint lies in the mapped file, so in the bytes that they read; what they
 * make of it ends the program. They are told by what they are, and where that cannot be seen yet,
 * by who they are:
 *
 * - The code of a library is mapped beside its writable data, but not executable (qemu-user).
 * - A static program maps another program executable, which it did not become by exec (valgrind).
 * - The program has symbols of a known translator, is registered as an interpreter for programs of
 *   other machines, or has a known name: these are known before the first code is mapped.
 *
 * One thread.
 */
#ifndef SEEP_TARGET_TRANSLATORS_H
#define SEEP_TARGET_TRANSLATORS_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc/maps.h"

struct seep_translators;

/* 0 or -ENOMEM. */
int seep_translators_new(struct seep_translators **ret_translators);
void seep_translators_free(struct seep_translators *translators);

/* Is the process @pid, which maps @maps, such a one? False as well if it is gone. */
bool seep_translators_have(struct seep_translators *translators, pid_t pid,
			   const struct seep_maps *maps);

/* The same of a program before it runs, by its path and its file. */
bool seep_translators_have_program(struct seep_translators *translators, const char *path, int fd);

#endif
