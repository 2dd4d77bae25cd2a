/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where in a function to put a uprobe so that it costs least and misses nothing.
 *
 * The kernel emulates a few instructions at a probe (on x86-64: push of a register, one-byte nop,
 * jmp, call and jcc with a relative target; arch/x86/kernel/uprobes.c) and single-steps all others
 * out of line, which costs a second trap. The first instruction of free() in glibc is a
 * single-stepped `test`, its second an emulated `je`.
 *
 * A place qualifies if every execution of the function reaches it exactly once with the argument
 * registers as they were at the entry: the straight line from the entry up to and including its
 * first branch or call, up to the first instruction that writes an argument register that is needed
 * or moves the stack pointer by an amount that is not known here, and unless a jump of the function
 * leads behind the entry and up to the place.
 *
 * A jump to the entry itself restricts nothing: it is a new call of the function, and passes every
 * place on the straight line as often as the entry.
 *
 * For SEEP_SITE_RETURN nothing may have been pushed before the place, because the kernel takes the
 * word at the stack pointer as the return address. An instruction that pushes is a good place
 * itself, a call included: the probe fires before it executes.
 */
#ifndef SEEP_ELF_PROBE_SITE_H
#define SEEP_ELF_PROBE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seep_site_use {
	SEEP_SITE_ENTRY,  /* only the arguments are looked at */
	SEEP_SITE_RETURN, /* a return probe is armed there as well */
};

struct seep_probe_site {
	uint32_t offset; /* bytes from the function's first one */
	uint32_t pushed; /* bytes pushed since the entry: the return address is at [rsp + pushed] */
	bool emulated;	 /* false: the kernel will single-step it */
	bool jumps;	 /* to another place, always and without a return: a tail call ... */
	uint64_t target; /* ... of the function that is so many bytes from the first one of this */
	char text[48];	 /* the instruction, for people: "push r12" */
};

/*
 * Chooses the place in the function whose first @length bytes are @code, with @size bytes in all (0
 * if unknown: then @length bounds the search for jumps back). Where jumps may hide from that
 * search, because @code is not the whole function or cannot be decoded, only the entry is safe.
 * @num_args: how many of the first integer argument registers (1 to 6) must still hold the
 * arguments. Falls back to the entry itself, single-stepped, when no better place is safe. 0;
 * -EINVAL when @code is empty or does not begin with an instruction; -ENOMEM.
 */
int seep_probe_site_find(const uint8_t *code, size_t length, size_t size, enum seep_site_use use,
			 unsigned int num_args, struct seep_probe_site *ret_site);

#endif
