// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of threads, for src/kernel/threads.c: threads_count, an iterator over the list of a
 * process, adds those that are not known; thread_drop releases one whose end was not seen.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "seep/passes.h"
#include "threads.bpf.h"

/* include/linux/sched.h. PF_USER_WORKER is of 6.4. */
#define PF_IO_WORKER_FLAG   0x10
#define PF_USER_WORKER_FLAG 0x4000
#define TASK_NEW_STATE	    0x800

/* The argument and result of threads_count. */
struct seep_threads_pass threads_pass = {};

/*
 * How large the stack of a thread is. The C libraries put what the thread pointer points to at the
 * upper end of a stack that they map; the first thread has the stack that the kernel mapped. 0 for
 * any other stack.
 */
static __always_inline __u64 stack_bytes_of(struct task_struct *task)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	__u64 pthread = task->thread.fsbase;
	struct area area;

	if (task->pid == task->tgid) {
		area = area_at(task, task->mm ? task->mm->start_stack : 0);
		return area.end - area.start;
	}
	area = area_at(task, pthread);
	if (area.end - pthread > TCB_BYTES || regs->sp < area.start || regs->sp > pthread)
		return 0;
	return area.end - area.start;
}

/* The origin of a thread whose creation was not seen. */
static __always_inline enum seep_origin origin_of(struct task_struct *task)
{
	if (threads_pass.first)
		return SEEP_ORIGIN_BEFORE;
	/* io_uring and vhost create threads without a system call of the program. */
	if (task->flags & (PF_IO_WORKER_FLAG | PF_USER_WORKER_FLAG))
		return SEEP_ORIGIN_KERNEL;
	return SEEP_ORIGIN_UNSEEN;
}

static __always_inline int count_met(struct task_struct *task, const struct seep_object_key *key,
				     struct seep_thread_object *thread, enum seep_origin origin)
{
	__u32 index;
	struct slot *slot = object_slot(0, &index);
	int error;

	if (!slot)
		return -1;
	/* Both are CLOCK_MONOTONIC. */
	thread->object.created_ns = task->start_time;
	stack_of_origin(slot, key->process, 0, origin, bpf_ktime_get_ns());
	error = object_created(&live_threads, slot, key, &thread->object, false);
	slot_release(slot);
	return error;
}

static __always_inline void meet_unknown(struct task_struct *task,
					 const struct seep_object_key *key)
{
	struct seep_thread_object thread = {};
	enum seep_origin origin = origin_of(task);
	bool leader = task->pid == task->tgid;

	/* The first thread stays in the list after its end; nobody can join it. */
	if (!leader)
		thread.state = SEEP_THREAD_RAW;
	else if (task->flags & PF_EXITING_FLAG)
		thread.state = SEEP_THREAD_ENDED;
	thread.object.bytes = stack_bytes_of(task);
	if (count_met(task, key, &thread, origin))
		return;
	threads_pass.num_added++;
	if (origin == SEEP_ORIGIN_UNSEEN)
		count_loss(SEEP_LOSS_UNSEEN_THREADS, 1);
	/*
	 * Its end came before it was known, or comes now: either thread_end or this line releases
	 * it.
	 */
	if (!leader && task->flags & PF_EXITING_FLAG)
		thread_released(key);
}

SEC("iter/task")
int threads_count(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seep_thread_object *thread;
	struct seep_object_key key;
	__u64 bytes;

	if (!task)
		return 0;
	threads_pass.num_found++;
	threads_pass.num_all = task->signal->nr_threads;
	if (task->flags & PF_EXITING_FLAG && task->pid != task->tgid)
		return 0;
	key = thread_key(threads_pass.process, thread_id(task));
	thread = bpf_map_lookup_elem(&live_threads, &key);
	if (!thread && task->__state & TASK_NEW_STATE)
		threads_pass.num_new++; /* thread_begin has not seen it yet */
	else if (!thread)
		meet_unknown(task, &key);
	else if (!thread->object.bytes) {
		/* The address space was locked when the thread was created. */
		bytes = stack_bytes_of(task);
		if (bytes)
			object_resized(&live_threads, &key, bytes);
	}
	return 0;
}

SEC("syscall")
int thread_drop(struct seep_object_key *argument)
{
	struct seep_object_key key = *argument;
	struct seep_thread_object *thread = bpf_map_lookup_elem(&live_threads, &key);

	if (!thread || thread->state & SEEP_THREAD_ENDED)
		return 0;
	count_loss(SEEP_LOSS_UNSEEN_EXITS, 1);
	thread_released(&key);
	return 0;
}
