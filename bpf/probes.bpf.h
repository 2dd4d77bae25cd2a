/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The uprobe that was hit: the attach cookie says which function it is in and in which process; and
 * what the function was given.
 */
#ifndef SEEP_BPF_PROBES_H
#define SEEP_BPF_PROBES_H

#include <bpf/bpf_tracing.h>

#include "maps.bpf.h"
#include "sampling.bpf.h"

/* What a session program returns at an entry if it need not run at the return. */
#define SESSION_SKIP_RETURN 1

/*
 * The guard against the private stack: since 6.13 a program that uses 64 bytes of stack or more
 * gets a per-CPU one, which another thread on this CPU would share (uprobe programs are
 * preemptible). A program with a tail call keeps the normal stack. These arrays stay empty, so a
 * tail call does nothing. One for each attach type: an array serves programs of one type only.
 */
struct no_programs {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
};

struct no_programs no_programs SEC(".maps") __weak, no_session_programs SEC(".maps") __weak;

/*
 * The argument with this number, 0 without one. Each is loaded on its own: the compiler would like
 * to load at a computed offset of the context, which the verifier refuses.
 */
static __always_inline __u64 late_argument(struct pt_regs *ctx, __u8 number)
{
	__u64 fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx), sixth = ctx->r9;

	barrier_var(fourth);
	barrier_var(fifth);
	barrier_var(sixth);
	switch (number) {
	case 4:
		return fourth;
	case 5:
		return fifth;
	default:
		return sixth;
	}
}

static __always_inline __u64 argument(struct pt_regs *ctx, __u8 number)
{
	__u64 first = PT_REGS_PARM1(ctx), second = PT_REGS_PARM2(ctx), third = PT_REGS_PARM3(ctx);

	barrier_var(first);
	barrier_var(second);
	barrier_var(third);
	switch (number) {
	case 0:
		return 0;
	case 1:
		return first;
	case 2:
		return second;
	case 3:
		return third;
	default:
		return late_argument(ctx, number);
	}
}

struct call {
	const struct seep_probe *probe;
	__u32 index; /* of the probe */
	__u32 process;
};

/*
 * Looks up the function and the process of the probe that was hit. 0, or -1: the call does not
 * count.
 */
static __always_inline int call_identify(struct pt_regs *ctx, struct call *ret_call)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 slot = slot_of_cookie(cookie), index = cookie;
	const struct seep_probe *probe = bpf_map_lookup_elem(&probes, &index);
	struct seep_process_value *process;

	process = bpf_map_lookup_elem(&processes, &slot);
	if (!process || !probe || !process->active)
		return -1;
	counter_add(&hits, index, 1);
	budget_charge(slot, probe->trap_ns);
	if (process->paused && probe->kind == SEEP_KIND_MEMORY)
		return -1;
	ret_call->probe = probe;
	ret_call->index = index;
	ret_call->process = process->id;
	return 0;
}

#endif
