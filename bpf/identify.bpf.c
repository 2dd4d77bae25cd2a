// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which file is behind a mapping of the calling process: user space cannot tell where overlayfs is
 * involved (src/probe/inodes.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "seep/passes.h"

static long identify_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct seep_identify_pass *pass = context;
	struct file *file = vma->vm_file;
	struct seep_file_key key;

	if (file) {
		key = file_key(file);
		pass->inode = key.inode;
		pass->device = key.device;
	}
	return 0;
}

SEC("syscall")
int mapping_identify(struct seep_identify_pass *pass)
{
	struct seep_identify_pass found = {};

	found.error =
		bpf_find_vma(bpf_get_current_task_btf(), pass->address, identify_vma, &found, 0);
	pass->inode = found.inode;
	pass->device = found.device;
	pass->error = found.error;
	return 0;
}
