// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who touches new memory of one process: of its page faults, which the kernel counts
 * (PERF_COUNT_SW_PAGE_FAULTS), those of the sample have their stack copied for user space. Nothing
 * is written into the process and none of its code is changed. A skeleton of its own, loaded for
 * each process whose growth is looked into.
 *
 * The sample is drawn here. perf takes each Nth fault of a thread: always the same one of a loop,
 * and none of a thread that ends before its Nth.
 *
 * Which memory the fault is of is for user space to find out: bpf_find_vma takes three times as
 * long as all the rest here. What samples cost is bounded by the allowance, which user space
 * refills.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "seep/touches.h"
#include "stack_copy.bpf.h"

/* struct bpf_perf_event_data of the UAPI: the registers are those of the fault, maybe in the
 * kernel. */
#define REGISTER_CS 17
struct fault {
	__u64 registers[21];
	__u64 sample_period;
	__u64 addr;
};

const volatile __u32 cfg_tgid = 0;

/* As many as are allowed at once (src/watch/pace.h) find room. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 << 10);
} touches SEC(".maps");

struct seep_touch_counts touch_counts = {};
/* One in touch_period faults is taken: if a number of 32 bits, drawn by lot, is below touch_odds.
 */
__u64 touch_period = 1;
__u64 touch_odds = 0;
/* How many more samples may be taken. Signed: several CPUs may take the last one. */
__s64 touch_allowance = 0;

/* The counter of SEEP_TOUCH_COUNTS that this fault belongs to. */
static __always_inline __u64 *take(const struct fault *ctx)
{
	struct seep_touch_event *event;

	if (bpf_get_current_pid_tgid() >> 32 != cfg_tgid)
		return &touch_counts.others;
	if (touch_allowance <= 0)
		return &touch_counts.unpaid;
	__sync_fetch_and_add(&touch_allowance, -1);
	event = bpf_ringbuf_reserve(&touches, sizeof(*event), 0);
	if (!event)
		return &touch_counts.full;
	event->period = touch_period;
	event->address = ctx->addr;
	/* In a system call the pc is behind the instruction that has made it. */
	event->exact = (ctx->registers[REGISTER_CS] & 3) == 3;
	registers_save(&event->registers,
		       (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	event->stack_bytes = copy_stack(event->stack, event->registers.sp);
	copy_repair(event->stack, event->registers.sp);
	/* User space comes by itself: to wake it costs more than the rest. */
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return &touch_counts.taken;
}

SEC("perf_event")
int touch_sample(struct fault *ctx)
{
	__u64 start_ns;

	if (bpf_get_prandom_u32() >= touch_odds)
		return 0;
	start_ns = bpf_ktime_get_ns();
	__sync_fetch_and_add(take(ctx), 1);
	__sync_fetch_and_add(&touch_counts.spent_ns, bpf_ktime_get_ns() - start_ns);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
