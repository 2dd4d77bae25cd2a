/* SPDX-License-Identifier: GPL-2.0-only */
/* The vDSO: an ELF image that the kernel maps into every process, without a file. */
#ifndef SEEP_PROC_VDSO_H
#define SEEP_PROC_VDSO_H

/*
 * A descriptor of a memory file with a copy of our own vDSO, which is that of all 64-bit processes.
 * -ENOENT if the kernel gave us none (vdso=0), else the -errno of memfd_create or write.
 */
int seep_vdso_open(void);

#endif
