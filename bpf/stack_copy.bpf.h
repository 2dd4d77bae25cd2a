/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of a thread, and copies of the memory of the running thread's stack, for user space
 * to walk. At most SEEP_COPY_BYTES; what is not resident ends a copy.
 */
#ifndef SEEP_BPF_STACK_COPY_H
#define SEEP_BPF_STACK_COPY_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "seep/abi.h"

#define PAGE_BYTES	 4096
#define MAX_RETURN_DEPTH 64 /* MAX_URETPROBE_DEPTH in kernel/events/uprobes.c */

/* At a return probe the registers are as the caller will find them, the pc its return address. */
static __always_inline void registers_save(struct seep_registers *registers, struct pt_regs *ctx)
{
	registers->ip = ctx->ip;
	registers->sp = ctx->sp;
	registers->bp = ctx->bp;
	registers->bx = ctx->bx;
	registers->r12 = ctx->r12;
	registers->r13 = ctx->r13;
	registers->r14 = ctx->r14;
	registers->r15 = ctx->r15;
}

/*
 * Copies the stack from @sp on to @copy, SEEP_COPY_BYTES of a reservation, page by page up to the
 * first that cannot be read. Bytes.
 */
static __always_inline __u32 copy_stack(__u8 *copy, __u64 sp)
{
	__u32 size = PAGE_BYTES - (sp & (PAGE_BYTES - 1)), done = 0;

#pragma unroll
	for (int i = 0; i < SEEP_COPY_BYTES / PAGE_BYTES; i++) {
		if (bpf_probe_read_user(copy + done, size, (void *)(sp + done)))
			break;
		done += size;
		size = PAGE_BYTES;
	}
	return done;
}

struct copy_repair {
	__u8 *copy;
	struct return_instance *instance;
	__u64 sp;
};

static long repair_step(__u32 step, void *context)
{
	struct copy_repair *repair = context;
	struct return_instance *instance = repair->instance;
	__u64 offset;

	if (!instance)
		return 1;
	offset = BPF_CORE_READ(instance, stack) - repair->sp;
	if (offset <= SEEP_COPY_BYTES - 8 && !(offset & 7))
		*(__u64 *)(repair->copy + offset) = BPF_CORE_READ(instance, orig_ret_vaddr);
	repair->instance = BPF_CORE_READ(instance, next);
	return 0;
}

/* Puts the return addresses back that return probes, of seep or anybody else, have replaced. */
static __always_inline void copy_repair(__u8 *copy, __u64 sp)
{
	struct uprobe_task *utask = bpf_get_current_task_btf()->utask;
	struct copy_repair repair = {
		.copy = copy,
		.instance = utask ? utask->return_instances : NULL,
		.sp = sp,
	};

	bpf_loop(MAX_RETURN_DEPTH, repair_step, &repair, 0);
}

#endif
