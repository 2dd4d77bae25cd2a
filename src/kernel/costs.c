// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run time comes from the kernel's own statistics of BPF programs, memory from what /proc says of
 * each map.
 */
#include "kernel/costs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/kernel_private.h"

/* Probes are uprobes; system calls are seen by tracepoints with types. */
static enum bpf_prog_type type_of_programs(enum seep_programs_at at)
{
	return at == SEEP_PROGRAMS_AT_PROBES ? BPF_PROG_TYPE_KPROBE : BPF_PROG_TYPE_TRACING;
}

int seep_kernel_measure_run_time(void)
{
	return bpf_enable_stats(BPF_STATS_RUN_TIME);
}

int seep_kernel_read_run_time(const struct seep_kernel *kernel, enum seep_programs_at at,
			      uint64_t *ret_ns)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program(program, kernel->skeleton->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 length = sizeof(info);
		int error;

		/* A program that was not loaded has no descriptor to ask. */
		if (bpf_program__type(program) != type_of_programs(at) ||
		    !bpf_program__autoload(program))
			continue;
		error = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length);
		if (error)
			return error;
		sum += info.run_time_ns;
	}
	*ret_ns = sum;
	return 0;
}

/* "memlock:" in /proc/self/fdinfo of a map: its memory, since 6.4 what it uses at the moment. */
static uint64_t map_memory(int fd)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char path[64];
	const char *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (seep_file_read_at(AT_FDCWD, path, 4096, &text))
		return 0;
	line = strstr(text.data, "memlock:");
	return line ? strtoull(line + strlen("memlock:"), NULL, 10) : 0;
}

uint64_t seep_kernel_map_bytes(const struct seep_kernel *kernel)
{
	struct bpf_map *map;
	uint64_t sum = 0;

	bpf_object__for_each_map(map, kernel->skeleton->obj) sum += map_memory(bpf_map__fd(map));
	return sum;
}
