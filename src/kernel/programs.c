// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decides before the load which programs are loaded and which are attached by it. What is attached
 * to functions later has its list in programs.h; the list here is of the rest. A program in neither
 * list is always loaded. Attach types are set here, since they depend on the variant.
 */
#include "kernel/programs.h"

#include "kernel/attach.h"
#include "kernel/kernel_private.h"

/* The other programs that only one kind needs: tracepoints, iterators, passes. X(program, kind) */
#define KIND_PROGRAMS(X)                                                                           \
	X(thread_begin, THREAD)                                                                    \
	X(thread_end, THREAD)                                                                      \
	X(threads_count, THREAD)                                                                   \
	X(thread_drop, THREAD)                                                                     \
	X(fd_call_entry, FD)                                                                       \
	X(fd_call_return, FD)                                                                      \
	X(fds_count, FD)                                                                           \
	X(fds_sweep, FD)                                                                           \
	X(mapping_call_entry, MAPPING)                                                             \
	X(mapping_call_return, MAPPING)                                                            \
	X(mappings_count, MAPPING)

/* The columns of the lists. */
enum kinds {
#define KINDS_OF(name, ...) KINDS_##name = SEEP_KIND_BIT(SEEP_KIND_##name),
	SEEP_KINDS(KINDS_OF)
#undef KINDS_OF
	KINDS_ANY = SEEP_ALL_KINDS,
};

/* See SEEP_PROBE_PROGRAMS in programs.h. */
enum variant {
	VARIANT_SESSION,
	VARIANT_PAIR,
	VARIANT_ENTRY,
};

/* Attach types of all programs at functions, and which of them are loaded. */
static int configure_probes(struct seep_bpf *skeleton, const struct seep_kernel_config *config)
{
	const struct {
		struct bpf_program *program;
		uint32_t kinds;
		enum variant variant;
	} probes[] = {
#define PROBE(name, program, kind, variant)                                                        \
	{skeleton->progs.program, KINDS_##kind, VARIANT_##variant},
		SEEP_PROBE_PROGRAMS(PROBE)
#undef PROBE
	};
	enum variant unused =
		config->variant == SEEP_ATTACH_SESSION ? VARIANT_PAIR : VARIANT_SESSION;
	enum seep_attach_variant at_entry = seep_attach_entry_variant(config->variant);

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		bool session = probes[i].variant == VARIANT_SESSION;
		int type = seep_attach_type(session ? SEEP_ATTACH_SESSION : at_entry);
		int error = bpf_program__set_expected_attach_type(probes[i].program,
								  (enum bpf_attach_type)type);

		if (error)
			return error;
		bpf_program__set_autoload(probes[i].program,
					  probes[i].kinds & config->filter->kinds &&
						  probes[i].variant != unused);
	}
	return 0;
}

/*
 * Of the programs only these attach themselves; iterators and passes are run by user space, probes
 * are attached file by file.
 */
static bool is_at_tracepoint(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       bpf_program__expected_attach_type(program) == BPF_TRACE_RAW_TP;
}

int seep_kernel_configure_programs(struct seep_bpf *skeleton,
				   const struct seep_kernel_config *config)
{
	struct bpf_program *program;

#define KIND_PROGRAM(program, kind)                                                                \
	bpf_program__set_autoload(skeleton->progs.program, config->filter->kinds &KINDS_##kind);
	KIND_PROGRAMS(KIND_PROGRAM)
#undef KIND_PROGRAM
	/*
	 * Forks matter where processes come by themselves, moves only to a scope that is a cgroup.
	 */
	bpf_program__set_autoload(skeleton->progs.process_fork,
				  config->scope != SEEP_SCOPE_NAMED || config->children);
	bpf_program__set_autoload(skeleton->progs.process_cgroup,
				  config->scope == SEEP_SCOPE_CGROUP);
	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoattach(program, is_at_tracepoint(program));
	return configure_probes(skeleton, config);
}

int seep_kernel_program_fd(const struct seep_kernel *kernel, enum seep_program program)
{
	const struct bpf_program *const programs[SEEP_PROGRAM_COUNT] = {
#define PROGRAM(name, program, ...) [SEEP_PROGRAM_##name] = kernel->skeleton->progs.program,
		SEEP_PROBE_PROGRAMS(PROGRAM)
#undef PROGRAM
	};

	return bpf_program__fd(programs[program]);
}

int seep_kernel_set_probe(struct seep_kernel *kernel, uint32_t index,
			  const struct seep_probe *probe)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.probes), &index, probe,
				   BPF_ANY);
}
