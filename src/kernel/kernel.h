/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of a trace: our BPF programs and maps, loaded, behind typed functions. With
 * attach.h and features.h the only code that talks to libbpf. Everything goes away when the last
 * descriptor is closed, so also when seep is killed: nothing is pinned.
 *
 * One thread.
 */
#ifndef SEEP_KERNEL_KERNEL_H
#define SEEP_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/types.h>

#include "kernel/features.h"
#include "model/filter.h"
#include "model/limits.h"
#include "seep/abi.h"
#include "seep/passes.h"
#include "seep/unwind.h"

struct seep_kernel;

/* What it points to is needed by seep_kernel_open only. */
struct seep_kernel_config {
	enum seep_attach_variant variant;
	const struct seep_filter *filter;
	const struct seep_limits *limits;
	bool user_heap; /* functions were named by the user */
	enum seep_scope_type scope;
	const char *comm; /* of SEEP_SCOPE_COMM */
	int cgroup_fd;	  /* of SEEP_SCOPE_CGROUP; else -1 */
	bool children;	  /* the children of traced processes are traced too */
	uint32_t hazards; /* what returns cannot be probed with: see struct seep_features */
};

/*
 * Loads programs and maps. 0, or -errno after saying on standard error what is missing and what to
 * do: -EPERM (capabilities), -ENOENT (no BTF), -ENOMEM, -EINVAL (refused by the verifier).
 */
int seep_kernel_open(const struct seep_kernel_config *config, struct seep_kernel **ret_kernel);
void seep_kernel_free(struct seep_kernel *kernel);

/* The programs that attach.c attaches. */
enum seep_program {
	SEEP_PROGRAM_ALLOC_SESSION,
	SEEP_PROGRAM_ALLOC_ENTRY,
	SEEP_PROGRAM_ALLOC_RETURN,
	SEEP_PROGRAM_CALL_ENTRY,
	SEEP_PROGRAM_CALL_EXIT,
	SEEP_PROGRAM_FREE_ENTRY,
	SEEP_PROGRAM_THREAD_ENTRY,
	SEEP_PROGRAM_THREAD_EXIT,
	SEEP_PROGRAM_THREAD_ONCE,
	SEEP_PROGRAM_LIBRARY_CHANGE,
};
int seep_kernel_program_fd(const struct seep_kernel *kernel, enum seep_program program);

/* The table of processes: who has a slot now, and whether its calls count. */
uint32_t seep_kernel_process_id(const struct seep_kernel *kernel, uint32_t slot);
/* How many changes the loader of the process in @slot has announced. */
uint32_t seep_kernel_library_changes(const struct seep_kernel *kernel, uint32_t slot);
/* For a slot that nobody watches: the process that has it, not counting. */
void seep_kernel_set_process(struct seep_kernel *kernel, uint32_t slot, uint32_t process);
void seep_kernel_set_active(struct seep_kernel *kernel, uint32_t slot, bool active);
/* The probes of the process in @slot are bound to this thread of it: its end is an event. */
void seep_kernel_set_thread(struct seep_kernel *kernel, uint32_t slot, pid_t thread);
/* What the process @process in @slot compiles at run time is of this kind. 0 or -errno. */
int seep_kernel_set_jit(struct seep_kernel *kernel, uint32_t slot, uint32_t process,
			enum seep_jit_kind jit);
/* Takes a free slot of the table of processes. 0, or -ENOSPC if there is none. */
int seep_kernel_take_slot(struct seep_kernel *kernel, uint32_t *ret_slot);
/* Gives a slot back, also one that BPF took; nothing of its last process may be left (exited_reap). */
void seep_kernel_give_slot(struct seep_kernel *kernel, uint32_t slot);
/*
 * Has what @pid does attributed to @slot, its exec for one; or no longer. 0; -EEXIST if BPF did so
 * already and an event is on its way; another -errno.
 */
int seep_kernel_watch(struct seep_kernel *kernel, pid_t pid, uint32_t slot);
int seep_kernel_unwatch(struct seep_kernel *kernel, pid_t pid);
/* Is what @pid does attributed to @slot? */
bool seep_kernel_is_watched(const struct seep_kernel *kernel, pid_t pid, uint32_t slot);

/*
 * Has the kernel look at all executable mappings of @pid, which has the process id @process: their
 * files are announced as events, and stacks through them need no lock of the address space. 0 or
 * -errno.
 */
int seep_kernel_preload(struct seep_kernel *kernel, pid_t pid, uint32_t process);

/*
 * What the threads of @pid have that returns cannot be probed with on this kernel: SEEP_REFUSAL_BIT of each.
 * 0 or -errno.
 */
int seep_kernel_find_hazards(struct seep_kernel *kernel, pid_t pid, uint32_t *ret_hazards);

/* Which file is mapped at pass->address of ourselves. 0 or -errno, which is also in the pass. */
int seep_kernel_identify(struct seep_kernel *kernel, struct seep_identify_pass *pass);

/* What BPF saw last of the mapping at @address of the process, if anything. 0 or -ENOENT. */
int seep_kernel_get_mapping(const struct seep_kernel *kernel, uint32_t process, uint64_t address,
			    struct seep_mapping_value *ret_mapping);

/* Fills an entry of the table of probes. 0 or -errno. */
int seep_kernel_set_probe(struct seep_kernel *kernel, uint32_t index,
			  const struct seep_probe *probe);

/*
 * Unwind tables, see seep/unwind.h: a rule by number, the table of a file by the file's id. 0 or
 * -errno.
 */
int seep_kernel_set_rule(struct seep_kernel *kernel, uint32_t number, const struct seep_rule *rule);
int seep_kernel_set_table(struct seep_kernel *kernel, uint32_t file,
			  const struct seep_unwind_file *table);
int seep_kernel_get_table(const struct seep_kernel *kernel, uint32_t file,
			  struct seep_unwind_file *ret_table);

/*
 * Chunks of tables. A new one is a map of its own, whose descriptor (or -errno) is returned; programs
 * see it once it was put into the table of chunks, where @numbers say. Putting and removing waits for
 * all running programs (some 10 ms), however many chunks it is. 0 or -errno.
 */
int seep_kernel_new_chunk(const seep_row words[SEEP_CHUNK_WORDS]);
/* Replaces the words of a chunk that no table names yet; programs see them at once. */
int seep_kernel_fill_chunk(int chunk, const seep_row words[SEEP_CHUNK_WORDS]);
int seep_kernel_put_chunks(struct seep_kernel *kernel, const uint32_t *numbers, const int *chunks,
			   size_t count);
int seep_kernel_remove_chunks(struct seep_kernel *kernel, const uint32_t *numbers, size_t count);

/* Hits of the first @num_probes probes since the start, summed over the CPUs. 0 or -errno. */
int seep_kernel_read_hits(const struct seep_kernel *kernel, uint32_t num_probes,
			  uint64_t *ret_hits);
int seep_kernel_read_losses(const struct seep_kernel *kernel, uint64_t ret_losses[SEEP_LOSS_COUNT]);
int seep_kernel_read_ends(const struct seep_kernel *kernel, uint64_t ret_ends[SEEP_END_COUNT]);

/*
 * Calls @fn for every site until it returns non-zero, and returns that; else 0 or -errno. Sites made
 * meanwhile may or may not be among them.
 */
typedef int (*seep_site_fn)(const struct seep_site_key *key, const struct seep_site_value *value,
			    void *context);
int seep_kernel_each_site(const struct seep_kernel *kernel, seep_site_fn fn, void *context);

/*
 * One pass over the live objects, in the kernel: afterwards the scan results of every site with
 * value.scan == *ret_number are those of @now_ns; objects made after @young_after_ns count as young (both
 * CLOCK_MONOTONIC). It takes about 30 ns per object. 0 or -errno.
 */
int seep_kernel_scan_ages(struct seep_kernel *kernel, uint64_t now_ns, uint64_t young_after_ns,
			  uint64_t *ret_number);

/*
 * What a process has, which the kernel keeps for it: see inventory/inventory.h. @fn is called with a record of
 * each descriptor that is known after the pass, unless it is NULL; what it returns other than 0 ends
 * the pass and is returned. 0 or -errno.
 */
typedef int (*seep_fd_fn)(void *context, const struct seep_fd_record *record);
int seep_kernel_count_fds(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			  seep_fd_fn fn, void *context);

/*
 * Finds out what @pid has mapped, see inventory/inventory.h. 0; -ESRCH: it has ended, or became another one by
 * an exec; -EAGAIN: it changes its address space all the time, so not all could be settled now; another
 * -errno.
 */
int seep_kernel_count_mappings(struct seep_kernel *kernel, pid_t pid, uint32_t process);

/* Calls @fn for every range that is mapped, of all processes, as seep_kernel_each_site does. */
typedef int (*seep_mapping_fn)(void *context, const struct seep_object_key *key,
			       const struct seep_mapping_object *range);
int seep_kernel_each_mapping(const struct seep_kernel *kernel, seep_mapping_fn fn, void *context);

/*
 * The same for threads. @ret_added: how many became known. -EAGAIN: the list of the process changed so fast
 * that some may be missing.
 */
int seep_kernel_count_threads(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			      uint32_t *ret_added);
/* Calls @fn for every known thread, of all processes, as seep_kernel_each_site does for sites. */
typedef int (*seep_thread_fn)(void *context, const struct seep_object_key *key,
			      const struct seep_thread_object *thread);
int seep_kernel_each_thread(const struct seep_kernel *kernel, seep_thread_fn fn, void *context);
/* The thread does not exist any more: if its end was not seen, it is released now. 0 or -errno. */
int seep_kernel_drop_thread(struct seep_kernel *kernel, const struct seep_object_key *key);

/* Drops all objects and sites of @count processes, by their ids, in one pass. 0 or -errno. */
int seep_kernel_reap(struct seep_kernel *kernel, const uint32_t *processes, size_t count);

/*
 * Walks over a copy of a stack, see seep_rewalk_pass: begin with the copy (at most SEEP_COPY_BYTES),
 * then go step by step. 0 or -errno.
 */
void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size);
int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass);

/* What the ring buffer brings. The event is valid during the call. */
struct seep_kernel_events {
	void (*stack)(void *context, const struct seep_stack_event *event);
	void (*file)(void *context, const struct seep_file_event *event);
	void (*exec)(void *context, const struct seep_exec_event *event);
	void (*table)(void *context, const struct seep_table_event *event);
	void (*copy)(void *context, const struct seep_copy_event *event);
	void (*process)(void *context, const struct seep_process_event *event);
	void (*cgroup)(void *context, const struct seep_cgroup_event *event);
	void (*library)(void *context, const struct seep_library_event *event);
	void (*hazard)(void *context, const struct seep_hazard_event *event);
	void (*unbound)(void *context, const struct seep_unbound_event *event);
	void *context;
};
/* Sets the receivers; once, before the first drain. 0 or -errno. */
int seep_kernel_listen(struct seep_kernel *kernel, const struct seep_kernel_events *events);
/* A descriptor that is readable when there are events; valid after seep_kernel_listen. */
int seep_kernel_events_fd(const struct seep_kernel *kernel);
/*
 * Delivers all waiting events, in their order, each once. May be called by a receiver: then those
 * behind its own event are delivered first. 0 or -errno.
 */
int seep_kernel_drain(struct seep_kernel *kernel);

/* Programs by where they run. */
enum seep_programs_at {
	SEEP_PROGRAMS_AT_PROBES,
	SEEP_PROGRAMS_AT_CALLS, /* system calls, of all processes; and the iterators of the inventory */
};
/*
 * Has the kernel measure how long BPF programs run, ours and all others, as long as the descriptor is
 * open; two readings of the clock more for each run. A descriptor, or -errno (-EPERM without
 * CAP_SYS_ADMIN).
 */
int seep_kernel_measure_run_time(void);
/* Run time of our programs, counted while it is measured. 0 or -errno. */
int seep_kernel_read_run_time(const struct seep_kernel *kernel, enum seep_programs_at at,
			      uint64_t *ret_ns);
/* Kernel memory of the maps, as the kernel accounts it. */
uint64_t seep_kernel_map_bytes(const struct seep_kernel *kernel);

#endif
