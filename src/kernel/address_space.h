/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel knows of mapped files: the cache that stack walks use, and the inode of a
 * mapping.
 */
#ifndef SEEP_KERNEL_ADDRESS_SPACE_H
#define SEEP_KERNEL_ADDRESS_SPACE_H

#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "seep/passes.h"

/*
 * Looks at all executable mappings of @pid, which has the process id @process: their files are
 * announced as events, and stacks through them need no lock of the address space. 0 or -errno.
 */
int seep_kernel_preload(struct seep_kernel *kernel, pid_t pid, uint32_t process);

/* The mapping at @address of the process as BPF saw it last. 0, or -ENOENT if it has not. */
int seep_kernel_get_mapping(const struct seep_kernel *kernel, uint32_t process, uint64_t address,
			    struct seep_mapping_value *ret_mapping);

/* Which file is mapped at pass->address of seep itself. 0 or -errno, which is also in the pass. */
int seep_kernel_identify(struct seep_kernel *kernel, struct seep_identify_pass *pass);

#endif
