/* SPDX-License-Identifier: GPL-2.0-only */
/* The unwinder's step on the host: the target's stack is an array of words at a made-up address. */
#ifndef SEEP_TEST_HOST_STACK_H
#define SEEP_TEST_HOST_STACK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../../../bpf/unwind_step.h"

#define STACK_BASE 0x7ffc00000000ULL

struct unwind_context {
	const __u64 *words;
	size_t num_words;
	const __u8 *code; /* 16 bytes, which are all that there is; or NULL */
	__u64 code_at;
};

static inline long stack_read(struct unwind_context *context, __u64 address, __u64 *ret_word)
{
	__u64 offset = address - STACK_BASE;

	if (offset / 8 >= context->num_words || (offset & 7))
		return -EFAULT;
	*ret_word = context->words[offset / 8];
	return 0;
}

static inline long code_read(struct unwind_context *context, __u64 address, __u64 ret_words[2])
{
	if (!context->code || address != context->code_at)
		return -EFAULT;
	memcpy(ret_words, context->code, 16);
	return 0;
}

#endif
