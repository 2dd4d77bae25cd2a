// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of the C libraries that create, join and detach threads (SEEP_THREAD_FUNCTIONS). None
 * of them has a return probe: a thread that waits in a join may be cancelled. CREATE and TRYJOIN
 * are seen at entry and at each return instruction (thread_entry, thread_exit), with the call in
 * task storage between the two; JOIN and DETACH only at entry (thread_once). threads.bpf.c counts
 * the thread itself.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "probes.bpf.h"
#include "pthreads.bpf.h"

/*
 * Remembers the call in task storage. For TRYJOIN the pthread_t is given up right here, as for
 * JOIN; a failed one puts it back.
 */
static __always_inline void call_begin(struct pt_regs *ctx, struct thread_call *thread,
				       const struct call *call, __u64 slot, __u64 return_address)
{
	const struct seep_probe *probe = call->probe;

	thread_call_abandon(thread);
	thread->slot = slot;
	thread->return_address = return_address;
	thread->role = probe->role;
	thread->process = call->process;
	thread->function = probe->frame;
	if (probe->role == SEEP_ROLE_TRYJOIN) {
		thread->pthread = argument(ctx, probe->pointer_arg);
		thread->id = pthread_take(call->process, thread->pthread);
		return;
	}
	thread->id = 0;
	thread->start = argument(ctx, probe->pointer_arg);
	thread->attributes = argument(ctx, probe->out_arg);
	registers_save(&thread->registers, ctx);
	thread->registers.ip = return_address;
	thread->registers.sp = slot + 8;
}

/* CREATE and TRYJOIN begin. */
SEC("uprobe")
int thread_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_call *thread;
	__u64 slot, return_address;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	thread = bpf_task_storage_get(&thread_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	slot = ctx->sp + call.probe->pushed;
	return_address = return_address_at(task, slot);
	if (!is_in_thread_call(task, thread, slot)) {
		call_begin(ctx, thread, &call, slot, return_address);
		return 0;
	}
	/*
	 * A CREATE within a CREATE, such as a wrapper around pthread_create: the inner one has the
	 * attributes that count.
	 */
	if (thread->role == SEEP_ROLE_CREATE && call.probe->role == SEEP_ROLE_CREATE)
		thread->attributes = argument(ctx, call.probe->out_arg);
	return 0;
}

/* At a return instruction of one of them. */
SEC("uprobe")
int thread_exit(struct pt_regs *ctx)
{
	struct thread_call *thread =
		bpf_task_storage_get(&thread_calls, bpf_get_current_task_btf(), NULL, 0);
	bool failed = (__u32)PT_REGS_RC(ctx) != 0;
	struct seep_object_key key;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	if (!thread) {
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	if (!thread->slot || thread->slot != ctx->sp)
		return 0;
	thread->slot = 0;
	if (!thread->id)
		return 0;
	key = thread_key(thread->process, thread->id);
	if (thread->role == SEEP_ROLE_CREATE && failed)
		thread_mark(&key, SEEP_THREAD_DETACHED); /* it exits by itself */
	else if (thread->role == SEEP_ROLE_TRYJOIN && failed)
		pthread_put(thread->process, thread->pthread, thread->id);
	else if (thread->role == SEEP_ROLE_TRYJOIN)
		thread_mark(&key, SEEP_THREAD_JOINED);
	return 0;
}

/* Remembers which thread the running one waits for. */
static __always_inline void note_joining(struct pt_regs *ctx, const struct seep_object_key *key,
					 __u64 pthread)
{
	struct thread_call *call = bpf_task_storage_get(&thread_calls, bpf_get_current_task_btf(),
							NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return;
	}
	call->process = key->process;
	call->joining = key->id;
	call->joining_pthread = pthread;
}

/* JOIN and DETACH. The return is not needed: JOIN returns only when the other thread has ended. */
SEC("uprobe")
int thread_once(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_object_key key;
	struct call call;
	__u64 pthread, id;

	if (call_identify(ctx, &call))
		return 0;
	pthread = argument(ctx, call.probe->pointer_arg);
	id = pthread_take(call.process, pthread);
	if (!id)
		return 0;
	key = thread_key(call.process, id);
	if (call.probe->role == SEEP_ROLE_DETACH) {
		thread_mark(&key, SEEP_THREAD_DETACHED);
		return 0;
	}
	/* A thread that joins itself gets EDEADLK. */
	if (id == thread_id(task)) {
		pthread_put(call.process, pthread, id);
		return 0;
	}
	note_joining(ctx, &key, pthread);
	thread_mark(&key, SEEP_THREAD_JOINED);
	return 0;
}
