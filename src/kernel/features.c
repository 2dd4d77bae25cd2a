// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds out what this kernel can do, once at the start, before anything is loaded.
 * seep_features_probe tries the variants from the best on: it loads an empty skeleton
 * (bpf/features.bpf.c), attaches it to two functions of seep itself, measures what a hit costs
 * (CALIBRATION_CALLS calls of each) and tries what the return of a probed function fails with
 * (return_trials.h). The first variant that works is taken. If none does, the reason is said:
 * permissions, an old kernel, or a missing option.
 */
#include "kernel/features.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/close.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "bpf/features.skel.h"
#include "kernel/attach.h"
#include "kernel/load_log.h"
#include "kernel/return_trials.h"
#include "proc/maps.h"

/* At the 9 us of a single-stepped hit on a virtual machine: 4 ms for each measurement. */
#define CALIBRATION_CALLS 400
#define WARM_UP_CALLS	  50 /* the first hits set up pages and caches */

/*
 * Targets of the calibration: one whose first instruction the kernel emulates (push), and one that
 * it single-steps (see elf/probe_site.h).
 */
void seep_calibrate_emulated(void);
void seep_calibrate_stepped(void);
__asm__(".text\n"
	".type seep_calibrate_emulated, @function\n"
	"seep_calibrate_emulated:\n"
	"	push %rbp\n"
	"	pop %rbp\n"
	"	ret\n"
	".size seep_calibrate_emulated, . - seep_calibrate_emulated\n"
	".type seep_calibrate_stepped, @function\n"
	"seep_calibrate_stepped:\n"
	"	test %rdi, %rdi\n"
	"	ret\n"
	".size seep_calibrate_stepped, . - seep_calibrate_stepped\n");

static const char *const variant_names[] = {
#define SEEP_VARIANT_NAME(name, text) [SEEP_ATTACH_##name] = text,
	SEEP_ATTACH_VARIANTS(SEEP_VARIANT_NAME)
#undef SEEP_VARIANT_NAME
};

const char *seep_attach_variant_name(enum seep_attach_variant variant)
{
	return variant_names[variant];
}

int seep_attach_variant_parse(const char *name, enum seep_attach_variant *ret_variant)
{
	for (int i = 0; i < SEEP_ATTACH_VARIANT_COUNT; i++) {
		if (strcmp(name, variant_names[i]) == 0) {
			*ret_variant = (enum seep_attach_variant)i;
			return 0;
		}
	}
	return -ENOENT;
}

/*
 * Loads only the programs that @variant needs. What the kernel has against the others is of no
 * interest, and a variant that it does not have fails to load, which is no message.
 */
static int load_empty(enum seep_attach_variant variant, struct features_bpf **ret_skeleton)
{
	libbpf_print_fn_t print = seep_load_log_silence();
	struct features_bpf *skeleton = features_bpf__open();
	int error = skeleton ? 0 : -errno;

	if (skeleton) {
		bpf_program__set_expected_attach_type(
			skeleton->progs.empty_call,
			(enum bpf_attach_type)seep_attach_type(variant));
		bpf_program__set_expected_attach_type(
			skeleton->progs.empty_entry,
			(enum bpf_attach_type)seep_attach_type(seep_attach_entry_variant(variant)));
		/*
		 * The attach type is part of what the kernel checks at load time, so an unknown one
		 * fails here.
		 */
		error = features_bpf__load(skeleton);
	}
	libbpf_set_print(print);
	if (error) {
		features_bpf__destroy(skeleton);
		return error;
	}
	*ret_skeleton = skeleton;
	return 0;
}

/* What the steps of one trial share. */
struct calibration {
	enum seep_attach_variant variant;
	/* Of /proc/self/exe: a uprobe is placed by file and offset. */
	int exe_fd;
	struct seep_maps maps;
};

/* Offset of one of our own functions in our executable. 0 or -ENOENT. */
static int own_offset(const struct calibration *calibration, void (*function)(void),
		      uint64_t *ret_offset)
{
	uint64_t address = (uintptr_t)function;
	const struct seep_mapping *mapping = seep_maps_find(&calibration->maps, address);

	if (!mapping)
		return -ENOENT;
	*ret_offset = address - mapping->start + mapping->offset;
	return 0;
}

/* Nanoseconds that one call of @function takes. */
static uint32_t measure(void (*function)(void))
{
	uint64_t start;

	for (int i = 0; i < WARM_UP_CALLS; i++)
		function();
	start = seep_clock_monotonic_ns();
	for (int i = 0; i < CALIBRATION_CALLS; i++)
		function();
	return (uint32_t)((seep_clock_monotonic_ns() - start) / CALIBRATION_CALLS);
}

/* Attaches one empty program to one of our functions; -1 marks unused descriptors. */
static int attach_one(const struct calibration *calibration, int program_fd,
		      enum seep_attach_variant variant, bool at_return, void (*function)(void),
		      int fds[2])
{
	uint64_t offset, cookie = 0;
	struct seep_attach_request request = {
		.program_fd = program_fd,
		.variant = variant,
		.at_return = at_return,
		.pid = getpid(),
		.file_fd = calibration->exe_fd,
		.count = 1,
		.offsets = &offset,
		.cookies = &cookie,
	};
	int error = own_offset(calibration, function, &offset);

	fds[0] = fds[1] = -1;
	if (!error)
		error = seep_attach(&request, fds);
	return error < 0 ? error : 0;
}

/* The cost of a hit at an entry, which is all that free has. */
static int measure_entry(const struct calibration *calibration, struct features_bpf *skeleton,
			 void (*function)(void), uint32_t *ret_ns)
{
	enum seep_attach_variant variant = seep_attach_entry_variant(calibration->variant);
	int fds[2], error;

	error = attach_one(calibration, bpf_program__fd(skeleton->progs.empty_entry), variant,
			   false, function, fds);
	if (!error)
		*ret_ns = measure(function);
	seep_close_all(fds, 2);
	return error;
}

/* Entry and return of the same function, as for an allocation. */
static int measure_call(const struct calibration *calibration, struct features_bpf *skeleton,
			uint32_t *ret_ns)
{
	int program_fd = bpf_program__fd(skeleton->progs.empty_call);
	int fds[4] = {-1, -1, -1, -1}, error; /* at the entry, at the return */

	error = attach_one(calibration, program_fd, calibration->variant, false,
			   seep_calibrate_emulated, fds);
	/* A session program already serves both ends. */
	if (!error && calibration->variant != SEEP_ATTACH_SESSION)
		error = attach_one(calibration, program_fd, calibration->variant, true,
				   seep_calibrate_emulated, fds + 2);
	if (!error)
		*ret_ns = measure(seep_calibrate_emulated);
	seep_close_all(fds, 4);
	return error;
}

/* Has child processes find out what the return of a probed function fails with. */
static int try_returns(const struct calibration *calibration, struct features_bpf *skeleton,
		       uint32_t *ret_hazards)
{
	uint64_t offset, cookie = 0;
	struct seep_attach_request request = {
		.program_fd = bpf_program__fd(skeleton->progs.empty_call),
		.variant = calibration->variant,
		/* The entry alone would not touch the return address. */
		.at_return = calibration->variant != SEEP_ATTACH_SESSION,
		.file_fd = calibration->exe_fd,
		.count = 1,
		.offsets = &offset,
		.cookies = &cookie,
	};
	int error = own_offset(calibration, seep_calibrate_emulated, &offset);

	return error ? error :
		       seep_return_trials_run(&request, seep_calibrate_emulated, ret_hazards);
}

/* 0 if the variant works here: then costs and hazards are those of its probes. Else -errno. */
static int try_variant(struct calibration *calibration, struct seep_features *ret_features)
{
	struct seep_probe_cost *ret_cost = &ret_features->cost;
	struct features_bpf *skeleton;
	int error = load_empty(calibration->variant, &skeleton);

	if (error)
		return error;
	error = measure_call(calibration, skeleton, &ret_cost->call_ns);
	if (!error)
		error = measure_entry(calibration, skeleton, seep_calibrate_emulated,
				      &ret_cost->entry_ns);
	if (!error)
		error = measure_entry(calibration, skeleton, seep_calibrate_stepped,
				      &ret_cost->stepped_ns);
	if (!error)
		error = try_returns(calibration, skeleton, &ret_features->hazards);
	features_bpf__destroy(skeleton);
	return error;
}

/* What the BPF programs cannot do without, and the first kernel that has it. */
static const struct {
	enum bpf_func_id helper;
	const char *name;
	const char *since;
} needs[] = {
	{BPF_FUNC_for_each_map_elem, "walks over BPF maps", "5.13"},
	{BPF_FUNC_get_attach_cookie, "cookies of BPF programs", "5.15"},
	{BPF_FUNC_find_vma, "the search for a mapping from BPF", "5.17"},
};

/* The oldest kernel that the tests run on. */
#define OLDEST_TESTED "6.1"

/*
 * A probe of each helper is a tiny program that libbpf loads. What the kernel cannot tell counts as
 * there.
 */
int seep_features_explain_missing(void)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	libbpf_print_fn_t print = seep_load_log_silence();
	struct utsname system;

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		/*
		 * 0 means that the helper is missing, 1 that it is there, and a negative value that
		 * it is not known.
		 */
		if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, needs[i].helper, NULL) == 0)
			seep_buffer_printf(&text, "%s%s (%s)", text.length ? ", " : "",
					   needs[i].name, needs[i].since);
	}
	libbpf_set_print(print);
	if (!text.length)
		return 0;
	uname(&system);
	seep_error("this kernel, Linux %s, is too old: it lacks %s; seep is made for "
		   "Linux " OLDEST_TESTED " or later",
		   system.release, text.data);
	return -EOPNOTSUPP;
}

/*
 * Debian's kernels know a third level of kernel.perf_event_paranoid, their default, at which
 * CAP_PERFMON does not suffice for perf_event_open.
 */
static bool perf_is_for_root_only(void)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	return seep_file_read_at(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", 16, &text) ==
		       0 &&
	       strtol(text.data, NULL, 10) > 2;
}

/*
 * Says why the last variant that was tried failed. The best ones may be missing on older kernels,
 * so only the last one tells.
 */
static void explain_failure(int error, enum seep_attach_variant last,
			    enum seep_attach_variant forced)
{
	if (error == -EPERM || error == -EACCES)
		seep_error("not allowed to trace: %s; " SEEP_NEEDS_PERMISSION "%s",
			   seep_error_text(-error),
			   last == SEEP_ATTACH_PERF && perf_is_for_root_only() ?
				   "; this kernel wants CAP_SYS_ADMIN too, as long as "
				   "kernel.perf_event_paranoid is above 2" :
				   "");
	else if (seep_features_explain_missing())
		return;
	else if (forced != SEEP_ATTACH_VARIANT_COUNT)
		seep_error("cannot attach by \"%s\" as asked: this kernel says %s",
			   seep_attach_variant_name(forced), seep_error_text(-error));
	else
		seep_error("cannot attach a uprobe to a function of our own: %s; the kernel needs "
			   "CONFIG_UPROBES, CONFIG_BPF_EVENTS and BPF for tracing",
			   seep_error_text(-error));
}

int seep_features_probe(enum seep_attach_variant forced, struct seep_features *ret_features)
{
	SEEP_AUTO_CLOSE int exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct calibration calibration = {.exe_fd = exe_fd};
	struct seep_features features = {0};
	int error = exe_fd < 0 ? -errno : seep_maps_read(getpid(), &calibration.maps);

	if (error) {
		seep_error("cannot read our own mappings in /proc: %s", seep_error_text(-error));
		return error;
	}
	for (int i = 0; i < SEEP_ATTACH_VARIANT_COUNT; i++) {
		/*
		 * The enum is in the order of preference, so the first one that works is the best.
		 */
		calibration.variant = (enum seep_attach_variant)i;
		if (forced != SEEP_ATTACH_VARIANT_COUNT && calibration.variant != forced)
			continue;
		error = try_variant(&calibration, &features);
		if (!error)
			break;
		seep_debug("attaching by \"%s\" does not work here: %s",
			   seep_attach_variant_name(calibration.variant), seep_error_text(-error));
	}
	seep_maps_done(&calibration.maps);
	if (error) {
		explain_failure(error, calibration.variant, forced);
		return error;
	}
	features.variant = calibration.variant;
	*ret_features = features;
	return 0;
}
