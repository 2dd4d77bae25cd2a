// SPDX-License-Identifier: GPL-2.0-only
/*
 * Empty programs: to find out which kinds of uprobes the kernel has, and what a hit costs before
 * any of our work begins. A skeleton of its own, so that it loads in milliseconds and what fails
 * here fails nothing else. The loader sets the attach types that it wants to try.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("uprobe")
int empty_call(struct pt_regs *ctx)
{
	return 0;
}

SEC("uprobe")
int empty_entry(struct pt_regs *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
