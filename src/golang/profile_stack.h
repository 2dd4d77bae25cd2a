/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks as the profiles of the Go runtime keep them. */
#ifndef SEEP_GOLANG_PROFILE_STACK_H
#define SEEP_GOLANG_PROFILE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "golang/runtime.h"

/*
 * Makes of the @count return addresses of a profile, innermost first, addresses within the calls,
 * one for each frame on the stack, in place. Returns how many there are. *ret_whole: the stack
 * reaches to where the goroutine began; runtime.goexit, where all of them do, is left out.
 */
size_t seep_go_profile_stack(const struct seep_go *go, uint64_t *addresses, size_t count,
			     bool *ret_whole);

#endif
