// SPDX-License-Identifier: GPL-2.0-only
/* Which programs are loaded and attached: nothing that nobody needs. */
#include <errno.h>

#include "kernel/attach.h"
#include "kernel/kernel_private.h"

#define MEMORY	SEEP_KIND_BIT(SEEP_KIND_MEMORY)
#define MAPPING SEEP_KIND_BIT(SEEP_KIND_MAPPING)
#define THREAD	SEEP_KIND_BIT(SEEP_KIND_THREAD)
#define FD	SEEP_KIND_BIT(SEEP_KIND_FD)

/* Of which way to attach probes a program is. */
enum way {
	WAY_ANY,     /* it is at instructions of functions only */
	WAY_SESSION, /* one program for entry and return */
	WAY_PAIR,    /* two programs */
};

int seep_kernel_configure_programs(struct seep_bpf *skeleton,
				   const struct seep_kernel_config *config)
{
	uint32_t kinds = config->filter->kinds;
	const struct {
		struct bpf_program *program;
		uint32_t kinds; /* for any of these */
		enum way way;
	} probes[] = {
		{skeleton->progs.alloc_session, MEMORY, WAY_SESSION},
		{skeleton->progs.alloc_entry, MEMORY, WAY_PAIR},
		{skeleton->progs.alloc_return, MEMORY, WAY_PAIR},
		{skeleton->progs.call_entry, MEMORY, WAY_ANY},
		{skeleton->progs.call_exit, MEMORY, WAY_ANY},
		{skeleton->progs.free_entry, MEMORY, WAY_ANY},
		{skeleton->progs.thread_entry, THREAD, WAY_ANY},
		{skeleton->progs.thread_exit, THREAD, WAY_ANY},
		{skeleton->progs.thread_once, THREAD, WAY_ANY},
		{skeleton->progs.library_change, SEEP_ALL_KINDS, WAY_ANY},
	};
	const struct {
		struct bpf_program *program;
		bool wanted;
	} others[] = {
		{skeleton->progs.process_fork,
		 config->scope != SEEP_SCOPE_NAMED || config->children},
		{skeleton->progs.process_cgroup, config->scope == SEEP_SCOPE_CGROUP},
		{skeleton->progs.thread_begin, kinds & THREAD},
		{skeleton->progs.thread_end, kinds & THREAD},
		{skeleton->progs.threads_count, kinds & THREAD},
		{skeleton->progs.thread_drop, kinds & THREAD},
		{skeleton->progs.fd_call_entry, kinds & FD},
		{skeleton->progs.fd_call_return, kinds & FD},
		{skeleton->progs.fds_count, kinds & FD},
		{skeleton->progs.fds_sweep, kinds & FD},
		{skeleton->progs.mapping_call_entry, kinds & MAPPING},
		{skeleton->progs.mapping_call_return, kinds & MAPPING},
		{skeleton->progs.mappings_count, kinds & MAPPING},
	};
	enum way way = config->variant == SEEP_ATTACH_SESSION ? WAY_SESSION : WAY_PAIR;
	enum seep_attach_variant at_entry = seep_attach_entry_variant(config->variant);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		bpf_program__set_autoload(others[i].program, others[i].wanted);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		bool session = probes[i].way == WAY_SESSION;
		int type = seep_attach_type(session ? SEEP_ATTACH_SESSION : at_entry);
		int error = bpf_program__set_expected_attach_type(probes[i].program,
								  (enum bpf_attach_type)type);

		if (error)
			return error;
		bpf_program__set_autoload(probes[i].program,
					  probes[i].kinds & kinds && (probes[i].way == WAY_ANY ||
								      probes[i].way == way));
	}
	return 0;
}

int seep_kernel_attach_programs(struct seep_kernel *kernel)
{
	struct seep_bpf *skeleton = kernel->skeleton;
	struct bpf_program *const programs[NUM_LIFE_LINKS] = {
		skeleton->progs.process_exec,	    skeleton->progs.process_exit,
		skeleton->progs.process_fork,	    skeleton->progs.process_cgroup,
		skeleton->progs.thread_begin,	    skeleton->progs.thread_end,
		skeleton->progs.fd_call_entry,	    skeleton->progs.fd_call_return,
		skeleton->progs.mapping_call_entry, skeleton->progs.mapping_call_return,
	};

	for (size_t i = 0; i < NUM_LIFE_LINKS; i++) {
		if (!bpf_program__autoload(programs[i]))
			continue;
		kernel->life_links[i] = bpf_program__attach(programs[i]);
		if (!kernel->life_links[i])
			return -errno;
	}
	return 0;
}
