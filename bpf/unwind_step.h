/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From one frame to its caller, by a rule of the unwind tables or by frame pointers. Pure: it reads
 * the target through stack_read and code_read, which the includer defines. So it compiles for BPF
 * and, for tests and fuzzing, on the host.
 */
#ifndef SEEP_BPF_UNWIND_STEP_H
#define SEEP_BPF_UNWIND_STEP_H

#include "seep/ends.h"
#include "seep/unwind.h"

#ifndef __bpf__
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

struct unwind_context;

/* The word at @address of the target's stack. 0 or -errno. */
static __always_inline long stack_read(struct unwind_context *context, __u64 address,
				       __u64 *ret_word);

/* The 16 bytes of code at @address. 0 or -errno; where code cannot be read, always -errno. */
static __always_inline long code_read(struct unwind_context *context, __u64 address,
				      __u64 ret_words[2]);

/* Of a frame, as far as callers need them. */
struct registers {
	__u64 pc;
	__u64 sp;
	__u64 fp;	 /* rbp */
	__u64 bx;	 /* rbx */
	__u64 return_at; /* where pc was read from; 0: it was no return address */
	__u32 exact;	 /* pc is where the frame is, not the instruction behind a call */
	__u32 guessed; /* a frame pointer that is only plausible led here: frames may be missing */
	__u32 chained; /* the last step was by frame pointer */
	__u32 pad;
};

/* Distance of a frame pointer from the stack pointer: a larger one is none. */
#define MAX_FRAME_BYTES (256 << 10)

/*
 * struct rt_sigframe at the stack pointer of the signal trampoline: the return address has been
 * popped; ucontext begins with flags, link and the alternate stack (40 bytes), then sigcontext with
 * r8-r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip (arch/x86/include/uapi/asm/sigcontext.h).
 */
#define SIGNAL_CONTEXT 40
#define SIGNAL_FP      (SIGNAL_CONTEXT + 80)
#define SIGNAL_BX      (SIGNAL_CONTEXT + 88)
#define SIGNAL_SP      (SIGNAL_CONTEXT + 120)
#define SIGNAL_PC      (SIGNAL_CONTEXT + 128)

/* Results of a step: go on with the caller, or one of enum seep_end. */
#define STEP_NEXT (-1)

/*
 * The last of @count rows from @first on that begins at or before @offset of its page. Without
 * branches, so that the verifier follows one path and the processor predicts none: the borrow of a
 * subtraction stands for the comparison. Rows and their offsets are below 2^32, so it is exact.
 */
static __always_inline __u32 row_search(const seep_row *words, __u32 first, __u32 count,
					__u32 offset)
{
	__u64 key = ((__u64)(offset & 0xffff) << 16 | 0xffff) + 1;
	__u32 position = first, end = first + count;

#ifdef __bpf__
#pragma unroll
#endif
	for (int bit = 12; bit >= 0; bit--) {
		__u32 next = position + (1u << bit);
		__u64 before_key = words[next & (SEEP_CHUNK_WORDS - 1)] - key;
		__u64 before_end = (__u64)next - end;

		/* The compiler must not see that these are comparisons, or it makes branches. */
		__asm__ volatile("" : "+r"(before_key), "+r"(before_end));
		position += (__u32)(before_key >> 63 & before_end >> 63) << bit;
	}
	return words[position & (SEEP_CHUNK_WORDS - 1)];
}

/*
 * Does a signal handler return to the code of these words, which are changed? Then it is the system
 * call rt_sigreturn, and the stack pointer is that of the kernel's frame, whatever CFI there is or
 * is not: glibc describes its trampoline, musl, Free Pascal and programs with an sa_restorer of
 * their own do not.
 */
static __always_inline bool is_signal_return(__u64 words[2])
{
	if ((__u32)words[0] == SEEP_ENDBR64) {
		words[0] = words[0] >> 32 | words[1] << 32;
		words[1] >>= 32;
	}
	return (words[0] == SEEP_SIGRETURN_LONG && (words[1] & 0xff) == SEEP_SIGRETURN_LONG_END) ||
	       words[0] << 8 >> 8 == SEEP_SIGRETURN_SHORT;
}

static __always_inline int step_signal(struct unwind_context *context, struct registers *registers)
{
	__u64 frame = registers->sp;

	if (stack_read(context, frame + SIGNAL_FP, &registers->fp) ||
	    stack_read(context, frame + SIGNAL_BX, &registers->bx) ||
	    stack_read(context, frame + SIGNAL_SP, &registers->sp) ||
	    stack_read(context, frame + SIGNAL_PC, &registers->pc))
		return SEEP_END_READ;
	registers->exact = 1;
	registers->chained = 0;
	registers->return_at = 0;
	return STEP_NEXT;
}

/*
 * From C to the goroutine that has called it: its stack is another one, and the words by which it
 * is found are those that the code at the return address reads. C has given rbp back. @words are
 * room: the stack of a BPF program is short, above all on Linux 6.1.
 */
static __always_inline int step_to_goroutine(struct unwind_context *context,
					     struct registers *registers, __u64 words[2])
{
	/* The goroutine, and the upper end of its stack. */
	if (stack_read(context, registers->sp + SEEP_GO_SWITCH_G, &words[0]) ||
	    stack_read(context, words[0] + SEEP_GO_STACK_HIGH, &words[0]) ||
	    stack_read(context, registers->sp + SEEP_GO_SWITCH_DEPTH, &words[1]) ||
	    stack_read(context, words[0] - words[1], &registers->pc))
		return SEEP_END_READ;
	registers->return_at = words[0] - words[1];
	registers->sp = registers->return_at + 8;
	registers->exact = 0;
	registers->chained = 0;
	return STEP_NEXT;
}

/* By the instructions to which a call returns, of code that has no CFI. *ret_known: they tell. */
static __always_inline int step_by_code(struct unwind_context *context, struct registers *registers,
					bool *ret_known)
{
	__u64 code[2];

	*ret_known = true;
	if (!code_read(context, registers->pc, code)) {
		if (code[0] == SEEP_GO_SWITCH && code[1] << 16 >> 16 == SEEP_GO_SWITCH_END)
			return step_to_goroutine(context, registers, code);
		if (is_signal_return(code))
			return step_signal(context, registers);
	}
	*ret_known = false;
	return STEP_NEXT;
}

/* The address of the caller's frame, by a rule that computes one. STEP_NEXT or the end. */
static __always_inline int step_cfa(struct unwind_context *context,
				    const struct registers *registers, const struct seep_rule *rule,
				    __u64 *ret_cfa)
{
	__u64 cfa;

	switch (rule->kind) {
	case SEEP_RULE_SP:
		cfa = registers->sp + rule->offset;
		break;
	case SEEP_RULE_FP:
		cfa = registers->fp + rule->offset;
		break;
	case SEEP_RULE_BX:
		cfa = registers->bx + rule->offset;
		break;
	case SEEP_RULE_PLT:
		cfa = registers->sp + 8 + ((registers->pc & 15) >= (__u64)rule->offset ? 8 : 0);
		break;
	case SEEP_RULE_DEREF_SP:
	case SEEP_RULE_DEREF_FP:
		cfa = rule->kind == SEEP_RULE_DEREF_SP ? registers->sp : registers->fp;
		if (stack_read(context, cfa + rule->offset, &cfa))
			return SEEP_END_READ;
		cfa += rule->add;
		break;
	default:
		return SEEP_END_BAD_RULE;
	}
	/* The stack grows down, and a call has pushed a word: so an honest CFA lies above. */
	if (cfa <= registers->sp || (cfa & 7))
		return SEEP_END_BAD_FRAME;
	*ret_cfa = cfa;
	return STEP_NEXT;
}

/* The end of a walk that has come to where the thread began: whole only if nothing was guessed. */
static __always_inline int end_of_thread(const struct registers *registers)
{
	return registers->guessed ? SEEP_END_FRAME_POINTER : SEEP_END_COMPLETE;
}

/*
 * The result of a step that has led to @registers. Nobody returns to 0: the thread's first function
 * was given it as its caller.
 */
static __always_inline int step_result(int result, const struct registers *registers)
{
	return result == STEP_NEXT && !registers->pc ? end_of_thread(registers) : result;
}

/* STEP_NEXT with the registers of the caller, or why there is none. */
static __always_inline int step_by_rule(struct unwind_context *context, struct registers *registers,
					const struct seep_rule *rule)
{
	__u64 cfa, fp_at;
	int result;

	if (rule->kind == SEEP_RULE_END)
		return end_of_thread(registers);
	if (rule->kind == SEEP_RULE_SIGNAL)
		return step_signal(context, registers);
	result = step_cfa(context, registers, rule, &cfa);
	if (result != STEP_NEXT)
		return result;
	if (rule->bx_offset && stack_read(context, cfa + rule->bx_offset, &registers->bx))
		return SEEP_END_READ;
	if (rule->fp == SEEP_FP_AT_CFA || rule->fp == SEEP_FP_AT_FP) {
		fp_at = (rule->fp == SEEP_FP_AT_CFA ? cfa : registers->fp) + rule->fp_offset;
		if (stack_read(context, fp_at, &registers->fp))
			return SEEP_END_READ;
	}
	registers->return_at = cfa + rule->ra_offset;
	if (stack_read(context, registers->return_at, &registers->pc))
		return SEEP_END_READ;
	registers->sp = cfa;
	registers->exact = 0;
	registers->chained = 0;
	return STEP_NEXT;
}

/*
 * By frame pointer, for code without CFI. @end is the answer where the chain is not plausible.
 * Unless the code is @known to keep frame pointers it is a guess, which no later step makes good: a
 * function that leaves the register alone has that of its caller, or of whoever set it last, in it,
 * and then the chain goes on perfectly well without the frames between. A chain of known ones that
 * ends in 0 has come to its beginning: so start Go's goroutines and V8's entries.
 */
static __always_inline int step_by_frame_pointer(struct unwind_context *context,
						 struct registers *registers, int end, bool known)
{
	__u64 fp = registers->fp;

	if (!registers->exact) {
		bool by_code;
		int result = step_by_code(context, registers, &by_code);

		if (by_code)
			return result;
	}
	if (!fp && known && registers->chained)
		return end_of_thread(registers);
	if (!fp || fp < registers->sp || fp - registers->sp > MAX_FRAME_BYTES || (fp & 7))
		return end;
	if (stack_read(context, fp, &registers->fp) || stack_read(context, fp + 8, &registers->pc))
		return SEEP_END_READ;
	registers->return_at = fp + 8;
	registers->sp = fp + 16;
	registers->exact = 0;
	registers->guessed |= !known;
	registers->chained = 1;
	return STEP_NEXT;
}

#endif
