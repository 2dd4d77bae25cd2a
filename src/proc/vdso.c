// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vDSO has no file: the kernel maps it into each process. It is copied from our own memory,
 * which has the same image as that of every other 64-bit process, to a file in memory, because
 * readers of ELF files want a descriptor.
 */
#include "proc/vdso.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "proc/maps.h"

int seep_vdso_open(void)
{
	unsigned long address = getauxval(AT_SYSINFO_EHDR);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval gives addresses as numbers */
	const void *image = (const void *)address;
	SEEP_AUTO_CLOSE int fd = -1;
	const struct seep_mapping *mapping;
	struct seep_maps maps;
	int error;

	if (!address)
		return -ENOENT;
	error = seep_maps_read(getpid(), &maps);
	if (error)
		return error;
	/* getauxval does not say how long the image is. */
	mapping = seep_maps_find(&maps, address);
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (!mapping)
		error = -ENOENT;
	else if (fd < 0)
		error = -errno;
	else
		error = seep_file_write_fd(fd, image, mapping->end - address);
	seep_maps_done(&maps);
	return error ? error : SEEP_TAKE_FD(fd);
}
