// SPDX-License-Identifier: GPL-2.0-only
#include "trace/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "bpf/seep.skel.h"
#include "proc/process.h"
#include "trace/attach.h"

/* Sites read in one go: 400 bytes each. */
#define SITE_BATCH 512

/* An event that was taken from the ring buffer and is not delivered yet. */
struct event {
	struct event *prev;
	struct event *next;
	size_t size;
	_Alignas(8) char data[];
};

#define PROCESSES_BYTES (SEEP_MAX_PROCESSES * sizeof(struct seep_process_value))

/* Programs that follow the life of processes. */
#define NUM_LIFE_LINKS 4

struct seep_kernel {
	struct seep_bpf *skeleton;
	struct bpf_link *life_links[NUM_LIFE_LINKS];
	struct ring_buffer *ring;
	struct seep_kernel_events events;
	struct event *queue;
	struct seep_process_value *processes; /* the map's memory */
	int num_cpus;
	uint64_t scan_number;
};

/* --- loading ----------------------------------------------------------------------------------- */

static int configure_programs(struct seep_bpf *skeleton, enum seep_attach_variant variant)
{
	bool session = variant == SEEP_ATTACH_SESSION;
	enum bpf_attach_type type =
		(enum bpf_attach_type)seep_attach_type(seep_attach_entry_variant(variant));

	bpf_program__set_autoload(skeleton->progs.alloc_session, session);
	bpf_program__set_autoload(skeleton->progs.alloc_entry, !session);
	bpf_program__set_autoload(skeleton->progs.alloc_return, !session);
	bpf_program__set_expected_attach_type(
		skeleton->progs.alloc_session,
		(enum bpf_attach_type)seep_attach_type(SEEP_ATTACH_SESSION));
	bpf_program__set_expected_attach_type(skeleton->progs.alloc_entry, type);
	bpf_program__set_expected_attach_type(skeleton->progs.alloc_return, type);
	bpf_program__set_expected_attach_type(skeleton->progs.library_change, type);
	return bpf_program__set_expected_attach_type(skeleton->progs.free_entry, type);
}

static int configure_maps(struct seep_bpf *skeleton, const struct seep_kernel_config *config,
			  int num_cpus)
{
	int error;

	skeleton->rodata->cfg_min_bytes = config->min_bytes;
	skeleton->rodata->cfg_max_bytes = config->max_bytes;
	skeleton->rodata->cfg_max_new_bytes = seep_proc_allocatable_bytes();
	skeleton->rodata->cfg_user_heap = config->user_heap;
	skeleton->rodata->cfg_max_frames = config->max_frames;
	skeleton->rodata->cfg_verify_every = config->verify_every;
	skeleton->rodata->cfg_scope = config->scope;
	skeleton->rodata->cfg_children = config->children;
	skeleton->rodata->cfg_self = (__u32)getpid();
	if (config->comm)
		strncpy((char *)skeleton->rodata->cfg_comm, config->comm, SEEP_COMM_BYTES - 1);
	error = bpf_map__set_max_entries(skeleton->maps.live, config->max_objects);
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
			   strerror(-error));
	else if (error == -ENOMEM || error == -E2BIG)
		seep_error("cannot load the BPF programs: %s; a smaller --max-objects needs less "
			   "kernel memory",
			   strerror(-error));
	else if (!seep_features_explain_missing())
		seep_error("cannot load the BPF programs: %s; run again with -v to see what the "
			   "kernel says",
			   strerror(-error));
}

/* What is followed depends on the scope: nothing that nobody needs is attached. */
static int attach_life(struct seep_kernel *kernel, const struct seep_kernel_config *config)
{
	struct seep_bpf *skeleton = kernel->skeleton;
	bool wide = config->scope != SEEP_SCOPE_NAMED;
	const struct {
		struct bpf_program *program;
		bool wanted;
	} programs[NUM_LIFE_LINKS] = {
		{skeleton->progs.process_exec, true},
		{skeleton->progs.process_exit, true},
		{skeleton->progs.process_fork, wide || config->children},
		{skeleton->progs.process_cgroup, config->scope == SEEP_SCOPE_CGROUP},
	};

	for (size_t i = 0; i < NUM_LIFE_LINKS; i++) {
		if (!programs[i].wanted)
			continue;
		kernel->life_links[i] = bpf_program__attach(programs[i].program);
		if (!kernel->life_links[i])
			return -errno;
	}
	return 0;
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
	error = configure_programs(skeleton, config->variant);
	if (!error)
		error = configure_maps(skeleton, config, kernel->num_cpus);
	if (!error)
		error = seep_bpf__load(skeleton);
	if (!error)
		error = fill_scope(kernel, config);
	return error ? error : attach_life(kernel, config);
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

static void drop_event(struct seep_kernel *kernel, struct event *event)
{
	DL_DELETE(kernel->queue, event);
	free(event);
}

void seep_kernel_free(struct seep_kernel *kernel)
{
	if (!kernel)
		return;
	while (kernel->queue)
		drop_event(kernel, kernel->queue);
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
	case SEEP_PROGRAM_FREE_ENTRY:
		return bpf_program__fd(skeleton->progs.free_entry);
	case SEEP_PROGRAM_LIBRARY_CHANGE:
		return bpf_program__fd(skeleton->progs.library_change);
	}
	return -ENOENT;
}

/* --- tables ------------------------------------------------------------------------------------ */

uint32_t seep_kernel_process_id(const struct seep_kernel *kernel, uint32_t slot)
{
	return __atomic_load_n(&kernel->processes[slot].id, __ATOMIC_RELAXED);
}

void seep_kernel_set_process(struct seep_kernel *kernel, uint32_t slot, uint32_t process)
{
	seep_kernel_set_active(kernel, slot, false);
	__atomic_store_n(&kernel->processes[slot].id, process, __ATOMIC_RELEASE);
}

void seep_kernel_set_active(struct seep_kernel *kernel, uint32_t slot, bool active)
{
	/* Only this word: exec writes the other one at any time. */
	__atomic_store_n(&kernel->processes[slot].active, active, __ATOMIC_RELEASE);
}

int seep_kernel_set_hotspot(struct seep_kernel *kernel, uint32_t slot, uint32_t process)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.hotspots), &slot, &process,
				   BPF_ANY);
}

int seep_kernel_take_slot(struct seep_kernel *kernel, uint32_t *ret_slot)
{
	int error = bpf_map_lookup_and_delete_elem(bpf_map__fd(kernel->skeleton->maps.free_slots),
						   NULL, ret_slot);

	return error == -ENOENT ? -ENOSPC : error;
}

void seep_kernel_give_slot(struct seep_kernel *kernel, uint32_t slot)
{
	/* There is room for every slot. */
	bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.free_slots), NULL, &slot, BPF_ANY);
}

int seep_kernel_watch(struct seep_kernel *kernel, pid_t pid, uint32_t slot)
{
	__u32 key = (__u32)pid;

	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key, &slot,
				   BPF_NOEXIST);
}

int seep_kernel_unwatch(struct seep_kernel *kernel, pid_t pid)
{
	__u32 key = (__u32)pid;

	return bpf_map_delete_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key);
}

bool seep_kernel_is_watched(const struct seep_kernel *kernel, pid_t pid, uint32_t slot)
{
	__u32 key = (__u32)pid, found;

	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key, &found) ==
		       0 &&
	       found == slot;
}

int seep_kernel_preload(struct seep_kernel *kernel, pid_t pid, uint32_t process)
{
	union bpf_iter_link_info info = {.task.pid = (__u32)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_link *link;
	SEEP_AUTO_CLOSE int iterator = -1;
	ssize_t length;
	char none[64];

	kernel->skeleton->bss->preload_pid = pid;
	kernel->skeleton->bss->preload_process = process;
	link = bpf_program__attach_iter(kernel->skeleton->progs.mappings_preload, &options);
	if (!link)
		return -errno;
	iterator = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (iterator < 0)
		return iterator;
	do { /* the program prints nothing; reading is what runs it */
		length = read(iterator, none, sizeof(none));
	} while (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)));
	return length < 0 ? -errno : 0;
}

int seep_kernel_get_mapping(const struct seep_kernel *kernel, uint32_t process, uint64_t address,
			    struct seep_mapping_value *ret_mapping)
{
	struct seep_mapping_key key = {
		.process = process,
		.page_low = (__u32)(address >> SEEP_MAPPING_PAGE_SHIFT),
		.page_high = (__u32)(address >> SEEP_MAPPING_PAGE_SHIFT >> 32),
	};

	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.mappings), &key, ret_mapping);
}

int seep_kernel_set_probe(struct seep_kernel *kernel, uint32_t index,
			  const struct seep_probe *probe)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.probes), &index, probe,
				   BPF_ANY);
}

/* --- unwind tables ----------------------------------------------------------------------------- */

int seep_kernel_set_rule(struct seep_kernel *kernel, uint32_t number, const struct seep_rule *rule)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.rules), &number, rule,
				   BPF_ANY);
}

int seep_kernel_new_chunk(const seep_row words[SEEP_CHUNK_WORDS])
{
	SEEP_AUTO_CLOSE int chunk = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(__u32),
						   SEEP_CHUNK_WORDS * sizeof(seep_row), 1, NULL);
	int error;

	if (chunk < 0)
		return chunk;
	error = seep_kernel_fill_chunk(chunk, words);
	return error ? error : SEEP_TAKE_FD(chunk);
}

int seep_kernel_fill_chunk(int chunk, const seep_row words[SEEP_CHUNK_WORDS])
{
	__u32 zero = 0;

	return bpf_map_update_elem(chunk, &zero, words, BPF_ANY);
}

/*
 * In one batch: after each change of a map of maps the kernel waits for an RCU grace period
 * (maybe_wait_bpf_programs in kernel/bpf/syscall.c).
 */
int seep_kernel_put_chunks(struct seep_kernel *kernel, const uint32_t *numbers, const int *chunks,
			   size_t count)
{
	__u32 done = (__u32)count;

	return bpf_map_update_batch(bpf_map__fd(kernel->skeleton->maps.chunks), numbers, chunks,
				    &done, NULL);
}

int seep_kernel_remove_chunks(struct seep_kernel *kernel, const uint32_t *numbers, size_t count)
{
	__u32 done = (__u32)count;

	return bpf_map_delete_batch(bpf_map__fd(kernel->skeleton->maps.chunks), numbers, &done,
				    NULL);
}

int seep_kernel_set_table(struct seep_kernel *kernel, uint32_t file,
			  const struct seep_unwind_file *table)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.tables), &file, table,
				   BPF_ANY);
}

int seep_kernel_get_table(const struct seep_kernel *kernel, uint32_t file,
			  struct seep_unwind_file *ret_table)
{
	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.tables), &file, ret_table);
}

/* --- counters ---------------------------------------------------------------------------------- */

static int read_counters(const struct seep_kernel *kernel, const struct bpf_map *map, __u32 count,
			 uint64_t *ret_counters)
{
	SEEP_AUTO_FREE uint64_t *values = calloc((size_t)kernel->num_cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (__u32 i = 0; i < count; i++) {
		uint64_t sum = 0;
		int error = bpf_map_lookup_elem(bpf_map__fd(map), &i, values);

		if (error)
			return error;
		for (int cpu = 0; cpu < kernel->num_cpus; cpu++)
			sum += values[cpu];
		ret_counters[i] = sum;
	}
	return 0;
}

int seep_kernel_read_hits(const struct seep_kernel *kernel, uint32_t num_probes, uint64_t *ret_hits)
{
	return read_counters(kernel, kernel->skeleton->maps.hits, num_probes, ret_hits);
}

int seep_kernel_read_losses(const struct seep_kernel *kernel, uint64_t ret_losses[SEEP_LOSS_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.losses, SEEP_LOSS_COUNT, ret_losses);
}

int seep_kernel_read_ends(const struct seep_kernel *kernel, uint64_t ret_ends[SEEP_END_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.ends, SEEP_END_COUNT, ret_ends);
}

/* --- sites ------------------------------------------------------------------------------------- */

struct site_batch {
	struct seep_site_key keys[SITE_BATCH];
	struct seep_site_value values[SITE_BATCH];
};

int seep_kernel_each_site(const struct seep_kernel *kernel, seep_site_fn fn, void *context)
{
	int fd = bpf_map__fd(kernel->skeleton->maps.sites);
	SEEP_AUTO_FREE struct site_batch *batch = malloc(sizeof(*batch));
	__u32 position, next, count;
	void *from = NULL;
	int error;

	if (!batch)
		return -ENOMEM;
	do {
		count = SITE_BATCH;
		error = bpf_map_lookup_batch(fd, from, &next, batch->keys, batch->values, &count,
					     NULL);
		/* -ENOENT: this is the last batch. */
		if (error && error != -ENOENT)
			return error;
		for (__u32 i = 0; i < count; i++) {
			int stop = fn(&batch->keys[i], &batch->values[i], context);

			if (stop)
				return stop;
		}
		position = next;
		from = &position;
	} while (!error);
	return 0;
}

/* The kernel copies what the program left in @argument back to where it came from. */
static int run_pass(const struct bpf_program *program, void *argument, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = argument, .ctx_size_in = (__u32)size);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &options);
}

int seep_kernel_scan_ages(struct seep_kernel *kernel, uint64_t young_after_ns, uint64_t *ret_number)
{
	struct seep_ages_pass pass = {
		.number = ++kernel->scan_number,
		.young_after_ns = young_after_ns,
	};
	int error = run_pass(kernel->skeleton->progs.ages_scan, &pass, sizeof(pass));

	if (error)
		return error;
	*ret_number = pass.number;
	return 0;
}

int seep_kernel_bury(struct seep_kernel *kernel, const uint32_t *processes, size_t count)
{
	int dead = bpf_map__fd(kernel->skeleton->maps.dead), error = 0;
	struct seep_bury_pass pass = {0};

	while (count && !error) {
		size_t some = count < SEEP_MAX_DEAD ? count : SEEP_MAX_DEAD;

		for (size_t i = 0; i < some && !error; i++)
			error = bpf_map_update_elem(dead, &processes[i], &processes[i], BPF_ANY);
		if (!error)
			error = run_pass(kernel->skeleton->progs.dead_bury, &pass, sizeof(pass));
		for (size_t i = 0; i < some; i++)
			bpf_map_delete_elem(dead, &processes[i]);
		processes += some;
		count -= some;
	}
	return error;
}

void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size)
{
	memcpy(kernel->skeleton->bss->rewalk_stack, stack,
	       size < SEEP_COPY_BYTES ? size : SEEP_COPY_BYTES);
}

int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass)
{
	return run_pass(kernel->skeleton->progs.rewalk_step, pass, sizeof(*pass));
}

/* --- events ------------------------------------------------------------------------------------ */

/* Only takes it: a receiver may want to drain in turn, which must not happen within libbpf's loop. */
static int take_event(void *context, void *data, size_t size)
{
	struct seep_kernel *kernel = context;
	struct event *event = malloc(sizeof(*event) + size);

	if (!event)
		return -ENOMEM;
	event->size = size;
	memcpy(event->data, data, size);
	DL_APPEND(kernel->queue, event);
	return 0;
}

static void deliver_stack(const struct seep_kernel_events *events,
			  const struct seep_stack_event *event, size_t size)
{
	size_t header = offsetof(struct seep_stack_event, frames);

	if (size >= header && event->num_frames <= (size - header) / 8)
		events->stack(events->context, event);
}

static void deliver_copy(const struct seep_kernel_events *events,
			 const struct seep_copy_event *event, size_t size)
{
	if (size >= sizeof(*event) && event->num_frames <= SEEP_MAX_FRAMES &&
	    event->stack_bytes <= SEEP_COPY_BYTES && event->end < SEEP_END_COUNT)
		events->copy(events->context, event);
}

static void deliver(const struct seep_kernel_events *events, const void *data, size_t size)
{
	switch (*(const __u32 *)data) {
	case SEEP_EVENT_STACK:
		deliver_stack(events, data, size);
		break;
	case SEEP_EVENT_FILE:
		events->file(events->context, data);
		break;
	case SEEP_EVENT_TABLE:
		events->table(events->context, data);
		break;
	case SEEP_EVENT_COPY:
		deliver_copy(events, data, size);
		break;
	case SEEP_EVENT_LIBRARY:
		events->library(events->context, data);
		break;
	case SEEP_EVENT_EXEC:
		events->exec(events->context, data);
		break;
	case SEEP_EVENT_PROCESS:
		events->process(events->context, data);
		break;
	case SEEP_EVENT_CGROUP:
		events->cgroup(events->context, data);
		break;
	}
}

int seep_kernel_listen(struct seep_kernel *kernel, const struct seep_kernel_events *events)
{
	kernel->events = *events;
	kernel->ring = ring_buffer__new(bpf_map__fd(kernel->skeleton->maps.events), take_event,
					kernel, NULL);
	return kernel->ring ? 0 : -errno;
}

int seep_kernel_events_fd(const struct seep_kernel *kernel)
{
	return ring_buffer__epoll_fd(kernel->ring);
}

int seep_kernel_drain(struct seep_kernel *kernel)
{
	int result = ring_buffer__consume(kernel->ring);

	while (kernel->queue) {
		struct event *event = kernel->queue;

		DL_DELETE(kernel->queue, event);
		deliver(&kernel->events, event->data, event->size);
		free(event);
	}
	return result < 0 ? result : 0;
}

/* --- costs ------------------------------------------------------------------------------------- */

int seep_kernel_read_run_time(const struct seep_kernel *kernel, uint64_t *ret_ns)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program(program, kernel->skeleton->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 length = sizeof(info);
		int error;

		if (bpf_program__type(program) != BPF_PROG_TYPE_KPROBE ||
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
