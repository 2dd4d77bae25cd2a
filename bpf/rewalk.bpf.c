// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks over copies of stacks, with the same tables, rules and steps as the walk over a live one:
 * for stacks that met a file before its table was there, for one (copies.bpf.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "seep/passes.h"
#include "tables.bpf.h"

/* The copy; user space writes it. One pass runs at a time. */
__u8 rewalk_stack[SEEP_COPY_BYTES];

struct unwind_context {
	__u64 start;
	__u64 bytes;
};

static __always_inline long stack_read(struct unwind_context *context, __u64 address,
				       __u64 *ret_word)
{
	__u64 offset = address - context->start;

	if (context->bytes < 8 || offset > context->bytes - 8 ||
	    offset > sizeof(rewalk_stack) - 8 || (offset & 7))
		return -1;
	*ret_word = *(__u64 *)(rewalk_stack + offset);
	return 0;
}

/*
 * There is no copy of the code. The tables have rules for the trampolines of files
 * (elf/cfi_stubs.c).
 */
static __always_inline long code_read(struct unwind_context *context, __u64 address,
				      __u64 ret_words[2])
{
	return -1;
}

SEC("syscall")
int rewalk_step(struct seep_rewalk_pass *pass)
{
	struct unwind_context context = {pass->stack_start, pass->stack_bytes};
	struct registers registers = {
		.pc = pass->pc,
		.sp = pass->sp,
		.fp = pass->fp,
		.bx = pass->bx,
		.exact = pass->exact,
		.guessed = pass->guessed,
		.chained = pass->chained,
	};
	__u64 frame = pass->frame;
	int result;

	result = step_of_frame(&context, &registers, frame, seep_frame_mix(frame), pass->process,
			       bpf_ktime_get_ns());
	result = step_result(result, &registers);
	pass->pc = registers.pc;
	pass->sp = registers.sp;
	pass->fp = registers.fp;
	pass->bx = registers.bx;
	pass->exact = registers.exact;
	pass->guessed = registers.guessed;
	pass->chained = registers.chained;
	pass->result = result;
	return 0;
}
