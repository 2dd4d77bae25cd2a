// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads our BPF programs by each attach variant and looks at what the kernel made of them: verified
 * instructions and load time are printed, and the JITed code must not use the private stack, which
 * another thread on the same CPU would share (bpf/probes.bpf.h); but at tracepoints, where programs
 *are not preempted (__BPF_DECLARE_TRACE_SYSCALL in include/trace/bpf_probe.h). One line per
 *program:
 *
 *	VARIANT NAME verified=N jited=BYTES private_stack=0|1
 */
#include <bpf/bpf.h>
/* Capstone 5 calls an enumeration what linux/bpf.h calls a structure. */
#define bpf_insn capstone_bpf_insn
#include <capstone/capstone.h>
#undef bpf_insn
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/kernel.h"

#define MAX_FDS	 256
#define MAX_CODE (1 << 20)

static void die(const char *what)
{
	fprintf(stderr, "programs: %s\n", what);
	exit(1);
}

static __u32 last_program(void)
{
	__u32 id = 0, next;

	while (bpf_prog_get_next_id(id, &next) == 0)
		id = next;
	return id;
}

/*
 * The JIT keeps the private stack's frame pointer in r9 and adds the CPU's offset to it in the
 * prologue (emit_priv_frame_ptr in arch/x86/net/bpf_jit_comp.c). No BPF register lives in r9; other
 * registers get such an addition where an element of a per-CPU array is looked up.
 */
static int uses_private_stack(csh capstone, const unsigned char *code, size_t length)
{
	cs_insn *instructions;
	size_t count = cs_disasm(capstone, code, length, 0, 0, &instructions);
	int found = 0;

	if (!count)
		die("cannot disassemble");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(instructions[i].mnemonic, "add") == 0 &&
		    strncmp(instructions[i].op_str, "r9, ", 4) == 0 &&
		    strstr(instructions[i].op_str, "gs:"))
			found = 1;
	}
	cs_free(instructions, count);
	return found;
}

static int report(csh capstone, const char *variant, __u32 id)
{
	static unsigned char code[MAX_CODE];
	struct bpf_prog_info info = {
		.jited_prog_insns = (__u64)(unsigned long)code,
		.jited_prog_len = sizeof(code),
	};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id), found;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length))
		die("cannot read a program back");
	close(fd);
	found = info.type != BPF_PROG_TYPE_TRACING &&
		uses_private_stack(capstone, code, info.jited_prog_len);
	printf("%s %s verified=%u jited=%u private_stack=%d\n", variant, info.name,
	       info.verified_insns, info.jited_prog_len, found);
	return found;
}

/* Somebody else may load programs at the same time. Ours have a descriptor here (proc(5), fdinfo).
 */
static bool is_ours(__u32 wanted)
{
	bool found = false;

	for (int fd = 0; fd < MAX_FDS && !found; fd++) {
		char path[64], line[128];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file)) {
			unsigned int id;

			if (sscanf(line, "prog_id: %u", &id) == 1 && id == wanted)
				found = true;
		}
		if (file)
			fclose(file);
	}
	return found;
}

/* Loads the programs by this means, and reports on each. True: something is wrong. */
static bool report_variant(csh capstone, enum seep_attach_variant variant, uint64_t sample_bytes)
{
	const struct seep_filter filter = {
		.kinds = SEEP_ALL_KINDS,
		.max_size_bytes = UINT64_MAX,
		.sample_bytes = sample_bytes,
	};
	const struct seep_limits limits = {
		.max_objects = 4096, /* as few as have a table */
		.stack_depth = SEEP_MAX_FRAMES,
		.verify_every = 1, /* or the verifier drops that code */
	};
	const struct seep_kernel_config config = {
		.variant = variant,
		.filter = &filter,
		.limits = &limits,
		.user_heap = true,
		.windows = true, /* the same */
	};
	uint64_t start_ns = seep_clock_monotonic_ns();
	__u32 id = last_program();
	struct seep_kernel *kernel;
	bool found = false;
	char name[64];

	snprintf(name, sizeof(name), "%s%s", seep_attach_variant_name(variant),
		 sample_bytes ? "_sampled" : "");
	if (seep_kernel_open(&config, &kernel)) {
		printf("%s not on this kernel\n", name);
		return false;
	}
	printf("%s loaded in %.0f ms\n", name,
	       (double)(seep_clock_monotonic_ns() - start_ns) / 1e6);
	while (bpf_prog_get_next_id(id, &id) == 0) {
		if (is_ours(id))
			found |= report(capstone, name, id);
	}
	seep_kernel_free(kernel);
	return found;
}

int main(void)
{
	bool found = false;
	csh capstone;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) != CS_ERR_OK)
		die("cannot open Capstone");
	cs_option(capstone, CS_OPT_SKIPDATA, CS_OPT_ON);
	for (int i = 0; i < SEEP_ATTACH_VARIANT_COUNT; i++) {
		found |= report_variant(capstone, (enum seep_attach_variant)i, 0);
		found |= report_variant(capstone, (enum seep_attach_variant)i, 512 << 10);
	}
	cs_close(&capstone);
	return found;
}
