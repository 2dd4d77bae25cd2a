// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes some returns from system calls of a process late, between the kernel's work and whoever
 * attaches to the same tracepoint after us: so that other threads overtake. Says "attached" and
 * stays until it is ended. Usage: late_returns PID
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EVERY	   2	 /* one in so many, at random; a power of 2 */
#define ITERATIONS 60000 /* some 30 us */

#define INSN(c, d, s, o, i) {.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)}
#define CALL(helper)	    INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##helper)

static void die(const char *what)
{
	fprintf(stderr, "late_returns: %s\n", what);
	exit(1);
}

int main(int argc, char **argv)
{
	const struct bpf_insn program[] = {
		CALL(get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 6, argc == 2 ? atoi(argv[1]) : 0),
		CALL(get_prandom_u32),
		INSN(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, EVERY - 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 3, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, ITERATIONS),
		INSN(BPF_ALU64 | BPF_SUB | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, -2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd;

	if (argc != 2)
		die("usage: late_returns PID");
	fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "late_returns", "GPL", program,
			   sizeof(program) / sizeof(program[0]), NULL);
	if (fd < 0)
		die("cannot load");
	if (bpf_raw_tracepoint_open("sys_exit", fd) < 0)
		die("cannot attach");
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
