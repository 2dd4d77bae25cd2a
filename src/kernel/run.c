// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ways to run a program of seep's at will: an iterator, which user space reads, and a pass
 * (BPF_PROG_RUN). A walk over the copy of a stack is a loop in stack/rewalk.c, each step of which
 * is a pass that runs the same code as probes do. The copy is in .bss, and there is one of it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/kernel_private.h"
#include "kernel/rewalk.h"

int seep_kernel_iterate(const struct bpf_program *program, pid_t pid,
			int (*fn)(void *context, const void *data, size_t size), void *context)
{
	union bpf_iter_link_info info = {.task.pid = (__u32)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_link *link;
	SEEP_AUTO_CLOSE int iterator = -1;
	ssize_t length;
	/* As much as the kernel gives at once; records are not cut by it (bpf_seq_read). */
	_Alignas(8) char data[4096];
	int stop = 0;

	link = bpf_program__attach_iter(program, &options);
	if (!link)
		return -errno;
	iterator = bpf_iter_create(bpf_link__fd(link));
	/* The iterator keeps what it needs of the link. */
	bpf_link__destroy(link);
	if (iterator < 0)
		return iterator;
	do { /* reading is what runs it */
		length = read(iterator, data, sizeof(data));
		if (length > 0 && fn)
			stop = fn(context, data, (size_t)length);
	} while (!stop && (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR))));
	return length < 0 ? -errno : stop;
}

int seep_kernel_run_pass(const struct bpf_program *program, void *argument, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = argument, .ctx_size_in = (__u32)size);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &options);
}

void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size)
{
	/* .bss is mapped memory: the programs see the copy without a system call. */
	memcpy(kernel->skeleton->bss->rewalk_stack, stack,
	       size < SEEP_COPY_BYTES ? size : SEEP_COPY_BYTES);
}

int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass)
{
	return seep_kernel_run_pass(kernel->skeleton->progs.rewalk_step, pass, sizeof(*pass));
}
