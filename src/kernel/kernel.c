// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load and unload. seep_kernel_open goes through these steps: open the skeleton, select the
 * programs (programs.c), set options and sizes of the maps, load, fill the table of processes,
 * attach what is at tracepoints. Only the maps of the traced kinds get room; the cap of each is
 * --max-objects, or less (SEEP_MAX_KERNEL_OBJECTS). A failure is explained here, once; what libbpf
 * says shows with -v.
 */
#include "kernel/kernel.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/log.h"
#include "kernel/budgets.h"
#include "kernel/kernel_private.h"
#include "kernel/load_log.h"
#include "kernel/processes.h"
#include "seep/blocks.h"

#define PROCESSES_BYTES (SEEP_MAX_PROCESSES * sizeof(struct seep_process_value))
#define BUDGETS_BYTES	(SEEP_MAX_PROCESSES * sizeof(struct seep_budget_value))

/* A row of seep/kinds.h names the map of its kind. */
struct bpf_map *seep_kernel_live_map(const struct seep_bpf *skeleton, enum seep_kind kind)
{
	struct bpf_map *const maps[SEEP_KIND_COUNT] = {
#define LIVE_MAP(name, key, plural, ...) [SEEP_KIND_##name] = skeleton->maps.live_##plural,
		SEEP_LIVE_KINDS(LIVE_MAP)
#undef LIVE_MAP
	};

	return maps[kind];
}

/* The most objects of each kind. */
static void fill_caps(const struct seep_limits *limits, uint32_t *caps)
{
	const uint32_t objects = (uint32_t)limits->max_objects;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		bool kept_by_kernel = SEEP_KINDS_OF_KERNEL & SEEP_KIND_BIT(kind);

		caps[kind] = kept_by_kernel && objects > SEEP_MAX_KERNEL_OBJECTS ?
				     SEEP_MAX_KERNEL_OBJECTS :
				     objects;
	}
}

/* Room for the blocks: nearly all of it is in their table, if memory is traced. */
static int size_blocks(struct seep_bpf *skeleton, const struct seep_kernel_config *config)
{
	bool traced = config->filter->kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY);
	uint32_t objects = traced ? (uint32_t)config->limits->max_objects : 1;
	uint32_t buckets = SEEP_BUCKETS(objects);
	int error;

	skeleton->rodata->cfg_buckets = buckets;
	error = bpf_map__set_max_entries(skeleton->maps.blocks, buckets ? buckets : 1);
	return error ? error :
		       bpf_map__set_max_entries(skeleton->maps.live_memory, SEEP_SPILLED(objects));
}

/* Without windows nothing is kept of them. */
static int size_samples(struct seep_bpf *skeleton, bool windows)
{
	int error;

	if (windows)
		return 0;
	error = bpf_map__set_max_entries(skeleton->maps.addresses, 1);
	return error ? error : bpf_map__set_max_entries(skeleton->maps.samples, 1);
}

/* A kind that is not traced needs no room: the kernel allocates the buckets of a hash at once. */
static int size_maps(struct seep_bpf *skeleton, const struct seep_kernel_config *config)
{
	uint32_t caps[SEEP_KIND_COUNT];

	fill_caps(config->limits, caps);

	const struct {
		struct bpf_map *map;
		enum seep_kind kind;
		uint32_t entries;
	} maps[] = {
#define LIVE_MAP(name, key, plural, ...)                                                           \
	{skeleton->maps.live_##plural, SEEP_KIND_##name, caps[SEEP_KIND_##name]},
#define OTHER_MAP(kind, map, room) {skeleton->maps.map, SEEP_KIND_##kind, room},
#define ARRAY(kind, map)	   {skeleton->maps.map, SEEP_KIND_##kind, SEEP_MAX_PROCESSES},
		SEEP_LIVE_KINDS(LIVE_MAP) SEEP_KIND_MAPS(OTHER_MAP) SEEP_KIND_ARRAYS(ARRAY)
#undef LIVE_MAP
#undef OTHER_MAP
#undef ARRAY
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		/* 1 instead of 0, which the kernel refuses as a size. */
		bool traced = config->filter->kinds & SEEP_KIND_BIT(maps[i].kind);
		int error = bpf_map__set_max_entries(maps[i].map, traced ? maps[i].entries : 1);

		if (error)
			return error;
	}
	return 0;
}

/*
 * Options are read-only data: the verifier knows their values, and drops the code for what is off.
 */
static int configure_maps(struct seep_bpf *skeleton, const struct seep_kernel_config *config,
			  int num_cpus)
{
	int error;

	skeleton->rodata->cfg_kinds = config->filter->kinds;
	skeleton->rodata->cfg_min_bytes = config->filter->min_size_bytes;
	skeleton->rodata->cfg_max_bytes = config->filter->max_size_bytes;
	skeleton->rodata->cfg_sample_bytes = config->filter->sample_bytes;
	skeleton->rodata->cfg_user_heap = config->user_heap;
	skeleton->rodata->cfg_max_frames = (uint32_t)config->limits->stack_depth;
	skeleton->rodata->cfg_verify_every = (uint32_t)config->limits->verify_every;
	skeleton->rodata->cfg_scope = config->scope;
	skeleton->rodata->cfg_children = config->children;
	skeleton->rodata->cfg_hazards = config->hazards;
	skeleton->rodata->cfg_windows = config->windows;
	/* The scope of a whole machine leaves seep itself out. */
	skeleton->rodata->cfg_self = (__u32)getpid();
	if (config->comm)
		strncpy((char *)skeleton->rodata->cfg_comm, config->comm, SEEP_COMM_BYTES - 1);
	error = size_maps(skeleton, config);
	if (!error)
		error = size_blocks(skeleton, config);
	if (!error)
		error = size_samples(skeleton, config->windows);
	if (error)
		return error;
	/*
	 * Scratch memory of the programs: an array of slots for each CPU that may come
	 * (bpf/slots.bpf.h).
	 */
	return bpf_map__set_max_entries(skeleton->maps.slots, (__u32)num_cpus * SEEP_SLOTS_PER_CPU);
}

/* CO-RE relocations need the types of the running kernel. */
static bool have_btf(void)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return false;
	btf__free(btf);
	return true;
}

/*
 * An error number alone does not help: -ESRCH may mean that the kernel has no BTF, and the verifier
 * refuses a program with the same -EACCES and -EPERM as a user without permission.
 */
static void explain_load_failure(int error)
{
	struct seep_refused_program refused;

	if (!have_btf())
		seep_error("cannot load the BPF programs: this kernel tells no types (no BTF in "
			   "/sys/kernel/btf/vmlinux); it needs CONFIG_DEBUG_INFO_BTF=y, which the "
			   "kernels of the distributions have");
	else if (seep_load_log_refused(&refused))
		seep_error(
			"cannot load the BPF programs: the kernel's verifier refused \"%s\"%s%s; "
			"run again with -v to see the end of its log, and report it with the "
			"version of the kernel",
			refused.name, *refused.reason ? ": " : "", refused.reason);
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

/* The memory of a map that both sides write single words of; NULL and errno on failure. */
static void *map_memory(const struct bpf_map *map, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Fills what the programs need before they run: free slots, the cgroup of the scope. */
static int fill_scope(struct seep_kernel *kernel, const struct seep_kernel_config *config)
{
	__u32 zero = 0;

	kernel->processes = map_memory(kernel->skeleton->maps.processes, PROCESSES_BYTES);
	if (!kernel->processes)
		return -errno;
	kernel->budgets = map_memory(kernel->skeleton->maps.budgets, BUDGETS_BYTES);
	if (!kernel->budgets)
		return -errno;
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		/*
		 * Generation 0, which no process has: the first process of a slot gets the next id.
		 */
		kernel->processes[slot].id = slot;
		seep_kernel_budget_reset(kernel, slot);
		seep_kernel_give_slot(kernel, slot);
	}
	if (config->scope != SEEP_SCOPE_CGROUP)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.scope_cgroup), &zero,
				   &config->cgroup_fd, BPF_ANY);
}

/* Programs are attached last: none may run before the tables that it needs are filled. */
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
	return error ? error : seep_bpf__attach(skeleton);
}

int seep_kernel_open(const struct seep_kernel_config *config, struct seep_kernel **ret_kernel)
{
	struct seep_kernel *kernel = calloc(1, sizeof(*kernel));
	int error;

	if (!kernel)
		return -ENOMEM;
	seep_load_log_start();
	/* Possible, not online: a lookup in a per-CPU map copies values of all possible CPUs. */
	kernel->num_cpus = libbpf_num_possible_cpus();
	kernel->max_blocks = config->limits->max_objects;
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
	/* The events and the ring buffer use maps of the skeleton, which goes last. */
	seep_kernel_drop_events(kernel);
	ring_buffer__free(kernel->ring);
	if (kernel->processes)
		munmap(kernel->processes, PROCESSES_BYTES);
	if (kernel->budgets)
		munmap(kernel->budgets, BUDGETS_BYTES);
	seep_bpf__destroy(kernel->skeleton);
	free(kernel);
}
