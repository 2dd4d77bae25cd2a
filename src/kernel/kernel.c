// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "kernel/kernel_private.h"
#include "proc/process.h"

#define PROCESSES_BYTES (SEEP_MAX_PROCESSES * sizeof(struct seep_process_value))

/* --- loading ----------------------------------------------------------------------------------- */

/* What stands beside the live map of mappings. */
static int size_ranges(struct seep_bpf *skeleton, const struct seep_kernel_config *config)
{
	int error = bpf_map__set_max_entries(skeleton->maps.range_processes, SEEP_MAX_PROCESSES);

	if (error)
		return error;
	return bpf_map__set_max_entries(skeleton->maps.range_words,
					SEEP_RANGE_WORDS((uint32_t)config->limits->max_objects));
}

/* A kind that is not traced needs no room. */
static int size_live_maps(struct seep_bpf *skeleton, const struct seep_kernel_config *config)
{
	struct bpf_map *const maps[SEEP_KIND_COUNT] = {
		[SEEP_KIND_MEMORY] = skeleton->maps.live,
		[SEEP_KIND_MAPPING] = skeleton->maps.live_mappings,
		[SEEP_KIND_THREAD] = skeleton->maps.live_threads,
		[SEEP_KIND_FD] = skeleton->maps.live_fds,
	};
	uint32_t max_objects = (uint32_t)config->limits->max_objects;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		bool traced = config->filter->kinds & SEEP_KIND_BIT(kind);
		int error = bpf_map__set_max_entries(maps[kind], traced ? max_objects : 1);

		if (error)
			return error;
	}
	if (config->filter->kinds & SEEP_KIND_BIT(SEEP_KIND_MAPPING)) {
		int error = size_ranges(skeleton, config);

		if (error)
			return error;
	}
	return bpf_map__set_max_entries(skeleton->maps.pthreads,
					bpf_map__max_entries(skeleton->maps.live_threads));
}

static int configure_maps(struct seep_bpf *skeleton, const struct seep_kernel_config *config,
			  int num_cpus)
{
	int error;

	skeleton->rodata->cfg_kinds = config->filter->kinds;
	skeleton->rodata->cfg_min_bytes = config->filter->min_size_bytes;
	skeleton->rodata->cfg_max_bytes = config->filter->max_size_bytes;
	skeleton->rodata->cfg_user_heap = config->user_heap;
	skeleton->rodata->cfg_max_frames = (uint32_t)config->limits->stack_depth;
	skeleton->rodata->cfg_verify_every = (uint32_t)config->limits->verify_every;
	skeleton->rodata->cfg_scope = config->scope;
	skeleton->rodata->cfg_children = config->children;
	skeleton->rodata->cfg_hazards = config->hazards;
	skeleton->rodata->cfg_self = (__u32)getpid();
	if (config->comm)
		strncpy((char *)skeleton->rodata->cfg_comm, config->comm, SEEP_COMM_BYTES - 1);
	error = size_live_maps(skeleton, config);
	if (error)
		return error;
	return bpf_map__set_max_entries(skeleton->maps.slots, (__u32)num_cpus * SEEP_SLOTS_PER_CPU);
}

static bool have_btf(void)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return false;
	btf__free(btf);
	return true;
}

static void explain_load_failure(int error)
{
	if (!have_btf())
		seep_error("cannot load the BPF programs: this kernel tells no types (no BTF in "
			   "/sys/kernel/btf/vmlinux); it needs CONFIG_DEBUG_INFO_BTF=y, which the "
			   "kernels of the distributions have");
	else if (error == -EPERM || error == -EACCES)
		seep_error("cannot load the BPF programs: %s; " SEEP_NEEDS_PERMISSION,
			   seep_error_text(-error));
	else if (error == -ENOMEM || error == -E2BIG)
		seep_error("cannot load the BPF programs: %s; a smaller --max-objects needs less "
			   "kernel memory",
			   seep_error_text(-error));
	else if (!seep_features_explain_missing())
		seep_error("cannot load the BPF programs: %s; run again with -v to see what the "
			   "kernel says",
			   seep_error_text(-error));
}

/* What the programs of the scope need before they run. */
static int fill_scope(struct seep_kernel *kernel, const struct seep_kernel_config *config)
{
	__u32 zero = 0;

	kernel->processes = mmap(NULL, PROCESSES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				 bpf_map__fd(kernel->skeleton->maps.processes), 0);
	if (kernel->processes == MAP_FAILED) {
		kernel->processes = NULL;
		return -errno;
	}
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		kernel->processes[slot].id = slot;
		seep_kernel_give_slot(kernel, slot);
	}
	if (config->scope != SEEP_SCOPE_CGROUP)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.scope_cgroup), &zero,
				   &config->cgroup_fd, BPF_ANY);
}

static int load(struct seep_kernel *kernel, const struct seep_kernel_config *config)
{
	struct seep_bpf *skeleton = seep_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	kernel->skeleton = skeleton;
	error = seep_kernel_configure_programs(skeleton, config);
	if (!error)
		error = configure_maps(skeleton, config, kernel->num_cpus);
	if (!error)
		error = seep_bpf__load(skeleton);
	if (!error)
		error = fill_scope(kernel, config);
	return error ? error : seep_kernel_attach_programs(kernel);
}

/* What libbpf says is for -v: what failed, and what to do, is said by explain_load_failure. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[4096];

	if (level == LIBBPF_DEBUG || seep_log_get_level() < SEEP_LOG_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	seep_debug("%s", line);
	return 0;
}

int seep_kernel_open(const struct seep_kernel_config *config, struct seep_kernel **ret_kernel)
{
	struct seep_kernel *kernel = calloc(1, sizeof(*kernel));
	int error;

	if (!kernel)
		return -ENOMEM;
	libbpf_set_print(print_libbpf);
	kernel->num_cpus = libbpf_num_possible_cpus();
	error = kernel->num_cpus < 0 ? kernel->num_cpus : load(kernel, config);
	if (error) {
		explain_load_failure(error);
		seep_kernel_free(kernel);
		return error;
	}
	*ret_kernel = kernel;
	return 0;
}

void seep_kernel_free(struct seep_kernel *kernel)
{
	if (!kernel)
		return;
	seep_kernel_drop_events(kernel);
	ring_buffer__free(kernel->ring);
	for (size_t i = 0; i < NUM_LIFE_LINKS; i++)
		bpf_link__destroy(kernel->life_links[i]);
	if (kernel->processes)
		munmap(kernel->processes, PROCESSES_BYTES);
	seep_bpf__destroy(kernel->skeleton);
	free(kernel);
}

int seep_kernel_program_fd(const struct seep_kernel *kernel, enum seep_program program)
{
	struct seep_bpf *skeleton = kernel->skeleton;

	switch (program) {
	case SEEP_PROGRAM_ALLOC_SESSION:
		return bpf_program__fd(skeleton->progs.alloc_session);
	case SEEP_PROGRAM_ALLOC_ENTRY:
		return bpf_program__fd(skeleton->progs.alloc_entry);
	case SEEP_PROGRAM_ALLOC_RETURN:
		return bpf_program__fd(skeleton->progs.alloc_return);
	case SEEP_PROGRAM_CALL_ENTRY:
		return bpf_program__fd(skeleton->progs.call_entry);
	case SEEP_PROGRAM_CALL_EXIT:
		return bpf_program__fd(skeleton->progs.call_exit);
	case SEEP_PROGRAM_FREE_ENTRY:
		return bpf_program__fd(skeleton->progs.free_entry);
	case SEEP_PROGRAM_THREAD_ENTRY:
		return bpf_program__fd(skeleton->progs.thread_entry);
	case SEEP_PROGRAM_THREAD_EXIT:
		return bpf_program__fd(skeleton->progs.thread_exit);
	case SEEP_PROGRAM_THREAD_ONCE:
		return bpf_program__fd(skeleton->progs.thread_once);
	case SEEP_PROGRAM_LIBRARY_CHANGE:
		return bpf_program__fd(skeleton->progs.library_change);
	}
	return -ENOENT;
}

/* --- costs ------------------------------------------------------------------------------------- */

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
