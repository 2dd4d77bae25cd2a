/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unwind tables as BPF reads them.
 *
 * A table belongs to a file and is keyed by file offset, so that all processes that map the file
 * share it wherever it is mapped. It is a list of rows: from this offset on, this rule. Rules are
 * few and shared by all files; a row names its rule by number. The rows stand in chunks of 32 KiB,
 * each the only value of a map of its own, so that the kernel's memory follows what is in use. The
 * verifier can check a load from a chunk; a search by many helper calls would be too slow.
 */
#ifndef SEEP_UNWIND_H
#define SEEP_UNWIND_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * A row: bits 0 to 15 of the file offset at which the rule begins to hold in the upper half, the
 * rule's number in the lower half. Rows ascend within a page of 64 KiB; the first row of each page
 * begins at the page's first byte, so that no search has to look back.
 */
typedef __u32 seep_row;

#define SEEP_UNWIND_PAGE_SHIFT 16
#define SEEP_ROW(offset, rule) (((__u32)(offset) & 0xffff) << 16 | (rule))
#define SEEP_ROW_OFFSET(row)   ((row) >> 16)
#define SEEP_ROW_RULE(row)     ((row) & 0xffff)

#define SEEP_CHUNK_WORDS  8192
#define SEEP_MAX_CHUNKS	  16384 /* 512 MiB of tables; the user's cap is far below */
#define SEEP_MAX_RULES	  32768
#define SEEP_CHUNK_PAGES  (SEEP_CHUNK_WORDS / 2) /* index entries in a chunk */
#define SEEP_INDEX_CHUNKS 2			 /* 512 MiB of code; Chromium has 258 */
#define SEEP_MAX_PAGE_ROWS                                                                         \
	8191 /* the search takes 13 steps; a few files have more (libepoxy: 8,404) */

/*
 * The instructions of a signal trampoline, as little-endian words: mov $15, %rax (glibc, musl, Go)
 * or mov $15, %eax, which is shorter; then syscall. An endbr64 may stand before.
 */
#define SEEP_SIGRETURN_LONG	0x0f0000000fc0c748ULL
#define SEEP_SIGRETURN_LONG_END 0x05
#define SEEP_SIGRETURN_SHORT	0x00050f0000000fb8ULL
#define SEEP_ENDBR64		0xfa1e0ff3U

/*
 * To where C returns in runtime.asmcgocall, which has called it on the thread's own stack:
 * mov 0x30(%rsp),%rdi; mov 8(%rdi),%rsi; sub 0x28(%rsp),%rsi. That is, the goroutine, the upper end
 * of its stack, and by how much its stack pointer was below that.
 */
#define SEEP_GO_SWITCH	     0x778b4830247c8b48ULL
#define SEEP_GO_SWITCH_END   0x2824742b4808ULL /* 6 bytes */
#define SEEP_GO_SWITCH_G     0x30
#define SEEP_GO_SWITCH_DEPTH 0x28
#define SEEP_GO_STACK_HIGH   8

/* Numbers that every dictionary of rules begins with. */
#define SEEP_RULE_NUMBER_BAD 0
#define SEEP_RULE_NUMBER_GAP 1

/* How to come from a frame to its caller. What is said of registers is for x86-64. */
enum seep_rule_kind {
	SEEP_RULE_BAD,	    /* there is CFI, but it says something that has no rule here */
	SEEP_RULE_SP,	    /* CFA = rsp + offset */
	SEEP_RULE_FP,	    /* CFA = rbp + offset */
	SEEP_RULE_BX,	    /* CFA = rbx + offset: _dl_runtime_resolve */
	SEEP_RULE_PLT,	    /* CFA = rsp + 8, and 8 more if (pc & 15) >= offset: a PLT stub */
	SEEP_RULE_DEREF_SP, /* CFA = *(rsp + offset) + add */
	SEEP_RULE_DEREF_FP, /* CFA = *(rbp + offset) + add: realigned stacks */
	SEEP_RULE_END,	    /* the return address is undefined: the first function of the thread */
	SEEP_RULE_SIGNAL, /* registers are in the ucontext at rsp (x86-64: a struct rt_sigframe) */
	SEEP_RULE_GAP,	  /* no CFI for this code */
	SEEP_RULE_KIND_COUNT,
};

/* Where the caller's rbp is. */
enum seep_rule_fp {
	SEEP_FP_SAME,
	SEEP_FP_AT_CFA,	   /* *(CFA + fp_offset) */
	SEEP_FP_AT_FP,	   /* *(rbp + fp_offset): realigned stacks */
	SEEP_FP_UNDEFINED, /* or not expressible: later rules that need it must fail */
};

struct seep_rule {
	__u8 kind; /* enum seep_rule_kind */
	__u8 fp;   /* enum seep_rule_fp */
	__s16 fp_offset;
	__s16 bx_offset; /* the caller's rbx is at CFA + bx_offset; 0: unchanged */
	__s16 ra_offset; /* the return address is at CFA + ra_offset: -8 */
	__s32 offset;	 /* bytes; PLT: the threshold */
	__s32 add;
};

/*
 * The index of a table: two words for each page of 64 KiB, from the page of the table's first row
 * on. It fills the table's first chunks, from the first word of the first one on.
 */
struct seep_unwind_page {
	__u32 chunk; /* that holds the rows */
	__u16 first; /* row, counted in words of the chunk */
	__u16 count; /* of rows; 0: no code here */
};

/* map "tables", by file id */
struct seep_unwind_file {
	__u32 index_chunks[SEEP_INDEX_CHUNKS];
	__u32 first_page;    /* file offset >> SEEP_UNWIND_PAGE_SHIFT of the first index entry */
	__u32 num_pages;     /* at most SEEP_INDEX_CHUNKS * SEEP_CHUNK_PAGES */
	__u16 state;	     /* enum seep_unwind_state */
	__u8 jit;	     /* enum seep_jit_kind, if it brings one */
	__u8 frame_pointers; /* its code without CFI is known to keep them */
	__u32 requested;     /* BPF has asked for the table */
	__u64 used_ns;	     /* when BPF last looked at a mapping of the file */
	/*
	 * The load segment with the code, in pages of 4096 bytes: where it is in the file, and by
	 * how much more its addresses are ahead of its offsets than those of the segments before
	 * and behind it.
	 */
	__u32 code_first;
	__u32 code_count; /* 0: there is not exactly one */
	__s32 ahead_of_before;
	__s32 ahead_of_behind;
};

/* Does the JIT code of a process keep frame pointers? */
enum seep_jit_kind {
	SEEP_JIT_UNKNOWN,	 /* then to go by them is a guess */
	SEEP_JIT_JVM,		 /* it does not: the JVM uses the register for other things */
	SEEP_JIT_FRAME_POINTERS, /* it does: V8 */
};

/* map "jits", by slot */
struct seep_jit_value {
	__u32 process; /* id of the one that it is said of */
	__u32 jit;     /* enum seep_jit_kind */
};

enum seep_unwind_state {
	SEEP_UNWIND_UNKNOWN, /* user space has not answered yet */
	SEEP_UNWIND_READY,
	SEEP_UNWIND_FRAME_POINTERS, /* no CFI, or none that can be read: by frame pointers */
	SEEP_UNWIND_NONE,	    /* no CFI and nothing to go by */
	SEEP_UNWIND_NO_FILE,	    /* gone when user space looked: announce it again */
};

_Static_assert(sizeof(struct seep_rule) == 16, "no padding in values");
_Static_assert(sizeof(struct seep_unwind_page) == 8, "two words");
_Static_assert(sizeof(struct seep_unwind_file) == 48, "no padding in values");

#endif
