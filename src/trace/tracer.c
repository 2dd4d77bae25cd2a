// SPDX-License-Identifier: GPL-2.0-only
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "kernel/counters.h"
#include "trace/tracer_private.h"

/* Windows of the overhead measurement do not come closer together than this. */
#define MIN_WINDOW_PERIOD_NS SEEP_NS_PER_S

static int add_member(void *context, pid_t pid)
{
	struct seep_tracer *tracer = context;
	int error;

	/* Who forked meanwhile was seen by BPF, which then has the child. */
	seep_follow_drain(tracer);
	error = seep_follow_add(tracer, pid);
	if (error == -ENOSPC)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
	else if (error && error != -EALREADY)
		seep_debug("process %d is not traced: %s", pid, seep_error_text(-error));
	return error == -EPERM || error == -ENOMEM ? error : 0;
}

/* The children that a process has already, and theirs. Further ones are found by BPF. */
static int add_children(void *context, pid_t pid)
{
	int error = add_member(context, pid);

	return error ? error : seep_scope_each_child(pid, add_children, context);
}

int seep_tracer_add_pid(struct seep_tracer *tracer, pid_t pid)
{
	struct seep_target *target;
	int error = seep_targets_add(tracer->targets, pid, false, &target);

	if (error)
		return error == -EALREADY ? 0 : error;
	error = seep_follow_watch(tracer, target);
	if (!error && tracer->config.scope->children)
		error = seep_scope_each_child(pid, add_children, tracer);
	return error;
}

int seep_tracer_add_scope(struct seep_tracer *tracer)
{
	int error = seep_scope_each(tracer->config.scope, add_member, tracer);

	if (error == -EPERM)
		seep_error("cannot trace: %s; " SEEP_NEEDS_PERMISSION, seep_error_text(-error));
	else if (error)
		seep_error("cannot trace: %s", seep_error_text(-error));
	return error;
}

/*
 * Has unwind tables made of files that nobody maps yet: BPF gives a file its id when it sees it mapped,
 * so we map a page of each for a moment and have it look at ourselves.
 */
static void make_tables(struct seep_tracer *tracer, const struct seep_file *const *files,
			size_t num_files)
{
	SEEP_AUTO_FREE void **pages = calloc(num_files ? num_files : 1, sizeof(*pages));
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	if (!pages)
		return;
	for (size_t i = 0; i < num_files; i++)
		pages[i] =
			mmap(NULL, page_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, files[i]->fd, 0);
	/* 0 is the id of no process. */
	if (seep_kernel_preload(tracer->kernel, getpid(), 0))
		seep_debug("cannot make the unwind tables before the command starts");
	seep_follow_drain(tracer);
	for (size_t i = 0; i < num_files; i++) {
		if (pages[i] != MAP_FAILED)
			munmap(pages[i], page_bytes);
	}
}

int seep_tracer_launch(struct seep_tracer *tracer, char *const *command)
{
	SEEP_AUTO_FREE const struct seep_file **files = NULL;
	struct seep_target *target;
	size_t num_files;
	int error = seep_launch_new(command, &tracer->descriptor_limit, &tracer->launch);

	if (error)
		return error;
	if (seep_targets_translates(tracer->targets, seep_launch_path(tracer->launch)) &&
	    seep_targets_want_functions_only(tracer->targets)) {
		seep_error("cannot trace \"%s\": %s", command[0],
			   seep_refusal_text(SEEP_REFUSAL_TRANSLATOR));
		return -EOPNOTSUPP;
	}
	error = seep_launch_predict(tracer->launch, tracer->files, &files, &num_files);
	if (!error)
		make_tables(tracer, files, num_files);
	if (!error)
		error = seep_targets_add_launched(tracer->targets, seep_launch_pid(tracer->launch),
						  files, num_files, &target);
	return error ? error : seep_follow_watch(tracer, target);
}

int seep_tracer_launch_status(struct seep_tracer *tracer, int *ret_status)
{
	return tracer->launch ? seep_launch_status(tracer->launch, ret_status) : -ENOENT;
}

static void describe_target(const struct seep_target *target, const char *separator,
			    struct seep_buffer *buffer)
{
	seep_buffer_printf(buffer, "%sprocess %d (", separator, target->pid);
	seep_text_append_clean(buffer, target->record->process.comm, SIZE_MAX);
	seep_buffer_putc(buffer, ')');
	if (target->probes.num_functions)
		seep_buffer_printf(buffer, ": %zu function%s in %zu file%s",
				   target->probes.num_functions,
				   target->probes.num_functions == 1 ? "" : "s",
				   target->probes.num_files,
				   target->probes.num_files == 1 ? "" : "s");
}

static void describe_scope(const struct seep_tracer *tracer, struct seep_buffer *buffer)
{
	const struct seep_scope *scope = tracer->config.scope;
	struct seep_targets_sum sum;

	seep_targets_sum(tracer->targets, &sum);
	if (scope->type == SEEP_SCOPE_ALL)
		seep_buffer_puts(buffer, "all processes, ");
	else
		seep_buffer_printf(buffer, "%s %s, ", scope->key, scope->value);
	seep_buffer_printf(buffer, "now %zu process%s: %zu functions in %zu files", sum.num_targets,
			   sum.num_targets == 1 ? "" : "es", sum.num_functions, sum.num_files);
	if (sum.num_refused)
		seep_buffer_printf(buffer, "; %zu may not be probed", sum.num_refused);
	if (sum.num_without)
		seep_buffer_printf(buffer, "; in %zu no allocator was found", sum.num_without);
}

void seep_tracer_describe(const struct seep_tracer *tracer, struct seep_buffer *buffer)
{
	const char *separator = "";

	if (seep_scope_is_open(tracer->config.scope)) {
		describe_scope(tracer, buffer);
		return;
	}
	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		describe_target(watch->target, separator, buffer);
		separator = ", ";
	}
}

/* --- overhead windows -------------------------------------------------------------------------- */

static int on_window_close(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	seep_overhead_window_close(tracer->overhead);
	seep_loop_remove(tracer->loop, tracer->close_source);
	tracer->close_source = NULL;
	return 0;
}

static int on_window_open(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	if (tracer->close_source)
		return 0;
	seep_overhead_window_open(tracer->overhead);
	return seep_loop_add_timer(tracer->loop, SEEP_OVERHEAD_WINDOW_NS, 0, on_window_close,
				   tracer, &tracer->close_source);
}

static int start_windows(struct seep_tracer *tracer)
{
	uint64_t period_ns = tracer->config.interval_ns > MIN_WINDOW_PERIOD_NS ?
				     tracer->config.interval_ns :
				     MIN_WINDOW_PERIOD_NS;

	return seep_loop_add_timer(tracer->loop, 1, period_ns, on_window_open, tracer,
				   &tracer->open_source);
}

/* --- life -------------------------------------------------------------------------------------- */

/* The BPF maps and programs alone take 60; libbpf says nothing useful when it has too few. */
#define DESCRIPTORS_MIN 96

/* Each mapped file costs two descriptors, each link one: take what we may have. */
static int raise_descriptor_limit(struct seep_tracer *tracer)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	tracer->descriptor_limit = limit;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= DESCRIPTORS_MIN)
		return 0;
	seep_error("cannot trace with %llu descriptors: %s", (unsigned long long)limit.rlim_max,
		   seep_error_text(EMFILE));
	return -EMFILE;
}

static int open_kernel(struct seep_tracer *tracer)
{
	const struct seep_tracer_config *config = &tracer->config;
	struct seep_kernel_config kernel_config = {
		.kinds = config->kinds,
		.min_bytes = config->min_size_bytes,
		.max_bytes = config->max_size_bytes,
		.max_objects = config->max_objects,
		.user_heap = seep_allocators_num_user(config->allocators) > 0,
		.max_frames = config->max_frames,
		.verify_every = config->verify_every,
		.scope = config->scope->type,
		.comm = config->scope->comm,
		.cgroup_fd = config->scope->cgroup_fd,
		.children = config->scope->children,
	};
	struct seep_kernel_events events = seep_follow_events(tracer);
	int error = seep_features_probe(config->forced_variant, &tracer->features);

	if (error)
		return error;
	seep_debug("attaching by \"%s\"; a hit costs %u ns (single-stepped %u), a call %u ns",
		   seep_attach_variant_name(tracer->features.variant),
		   tracer->features.cost.entry_ns, tracer->features.cost.stepped_ns,
		   tracer->features.cost.call_ns);
	kernel_config.variant = tracer->features.variant;
	kernel_config.hazards = tracer->features.hazards;
	error = seep_kernel_open(&kernel_config, &tracer->kernel);
	if (!error) {
		error = seep_kernel_listen(tracer->kernel, &events);
		if (error)
			seep_error("cannot map the ring buffer: %s", seep_error_text(-error));
	}
	return error;
}

static int new_jit(struct seep_tracer *tracer)
{
	struct seep_jit_config config = {
		.symbolizer = tracer->symbolizer,
		.stacks = tracer->stacks,
		.targets = tracer->targets,
	};

	return seep_jit_new(&config, &tracer->jit);
}

static int new_files(struct seep_tracer *tracer)
{
	struct seep_files_config config = {
		.kernel = tracer->kernel,
		.symbolizer = tracer->symbolizer,
		.allocators = tracer->config.allocators,
		.unplaced = tracer->config.unplaced,
	};

	return seep_files_new(&config, &tracer->files);
}

static int open_tables(struct seep_tracer *tracer)
{
	struct seep_targets_config targets_config;
	int error = seep_symbolizer_new(&tracer->symbolizer);

	if (!error)
		error = new_files(tracer);
	if (!error)
		error = seep_tables_new(tracer->kernel, tracer->config.unwind_bytes,
					&tracer->tables);
	if (!error)
		error = seep_stacks_new(tracer->symbolizer, &tracer->stacks);
	if (!error)
		error = seep_rewalk_new(tracer->kernel, tracer->stacks, tracer->files,
					&tracer->rewalk);
	if (!error)
		error = seep_processes_new(&tracer->processes);
	if (error)
		return error;
	error = seep_inventory_new(tracer->kernel, tracer->symbolizer, tracer->config.kinds,
				   &tracer->inventory);
	if (error)
		return error;
	targets_config = (struct seep_targets_config){
		.kernel = tracer->kernel,
		.inventory = tracer->inventory,
		.files = tracer->files,
		.allocators = tracer->config.allocators,
		.tables = tracer->tables,
		.processes = tracer->processes,
		.variant = tracer->features.variant,
		.hazards = tracer->features.hazards,
		.shared_probes = tracer->config.from_start,
		.missed_attach = &tracer->losses[SEEP_LOSS_MISSED_ATTACH],
		.lost_probes = &tracer->losses[SEEP_LOSS_LOST_PROBES],
	};
	error = seep_targets_new(&targets_config, &tracer->targets);
	if (!error)
		error = new_jit(tracer);
	if (!error && tracer->config.judge)
		error = seep_assessor_new(&tracer->assessor);
	if (!error && tracer->config.verify_every)
		error = seep_verifier_new(&tracer->verifier);
	if (error)
		return error;
	return seep_overhead_new(tracer->kernel, tracer->files, &tracer->features.cost,
				 &tracer->overhead);
}

int seep_tracer_new(const struct seep_tracer_config *config, struct seep_loop *loop,
		    struct seep_tracer **ret_tracer)
{
	struct seep_tracer *tracer = calloc(1, sizeof(*tracer));
	int error;

	if (!tracer)
		return -ENOMEM;
	tracer->config = *config;
	tracer->loop = loop;
	error = raise_descriptor_limit(tracer);
	if (!error)
		error = open_kernel(tracer);
	if (!error) {
		error = open_tables(tracer);
		if (error)
			seep_error("cannot set up the trace: %s", seep_error_text(-error));
	}
	if (error) {
		seep_tracer_free(tracer);
		return error;
	}
	*ret_tracer = tracer;
	return 0;
}

void seep_tracer_free(struct seep_tracer *tracer)
{
	if (!tracer)
		return;
	seep_follow_unwatch_all(tracer);
	seep_loop_remove(tracer->loop, tracer->events_source);
	seep_loop_remove(tracer->loop, tracer->open_source);
	seep_loop_remove(tracer->loop, tracer->close_source);
	seep_loop_remove(tracer->loop, tracer->reap_source);
	seep_launch_free(tracer->launch);
	seep_collector_free(tracer->collector);
	seep_overhead_free(tracer->overhead);
	seep_verifier_free(tracer->verifier);
	seep_jit_free(tracer->jit);
	seep_targets_free(tracer->targets);
	seep_assessor_free(tracer->assessor);
	seep_inventory_free(tracer->inventory);
	seep_processes_free(tracer->processes);
	seep_rewalk_free(tracer->rewalk);
	seep_stacks_free(tracer->stacks);
	seep_tables_free(tracer->tables);
	seep_files_free(tracer->files);
	seep_symbolizer_free(tracer->symbolizer);
	seep_kernel_free(tracer->kernel);
	free(tracer);
}

int seep_tracer_start(struct seep_tracer *tracer)
{
	struct seep_collector_config config = {
		.kernel = tracer->kernel,
		.processes = tracer->processes,
		.stacks = tracer->stacks,
		.rewalk = tracer->rewalk,
		.overhead = tracer->overhead,
		.scope_type = tracer->config.scope->key,
		.scope_value = tracer->config.scope->value,
		.kinds = tracer->config.kinds,
		.inventory = tracer->inventory,
		.assessor = tracer->assessor,
		.min_age_ns = tracer->config.min_age_ns,
		.min_size_bytes = tracer->config.min_size_bytes,
		.max_size_bytes = tracer->config.max_size_bytes,
		.start_ns = seep_clock_monotonic_ns(),
	};
	int error = seep_collector_new(&config, &tracer->collector);

	if (!error)
		error = seep_loop_add_fd(tracer->loop, seep_kernel_events_fd(tracer->kernel),
					 seep_follow_on_events, tracer, &tracer->events_source);
	if (!error)
		error = start_windows(tracer);
	if (!error && tracer->launch)
		error = seep_launch_release(tracer->launch);
	return error;
}

/* Of who exists; what the others had is frozen. */
static void take_inventory(struct seep_tracer *tracer)
{
	seep_inventory_begin(tracer->inventory);
	for (struct watch *watch = tracer->watches; watch; watch = watch->next)
		seep_inventory_take(tracer->inventory, watch->target->pid, watch->target->process,
				    false);
}

void seep_tracer_stop(struct seep_tracer *tracer)
{
	if (!tracer->stopped_ns) {
		take_inventory(tracer);
		tracer->stopped_ns = seep_clock_monotonic_ns();
	}
	seep_overhead_window_close(tracer->overhead);
	seep_targets_detach(tracer->targets);
}

int seep_tracer_snapshot(struct seep_tracer *tracer, bool final,
			 const struct seep_snapshot **ret_snapshot)
{
	int error;

	seep_follow_drain(tracer);
	seep_follow_catch_up(tracer);
	for (struct watch *watch = tracer->watches; watch && !final; watch = watch->next)
		seep_follow_rescan(tracer, watch->target);
	seep_follow_reap(tracer);
	tracer->losses[SEEP_LOSS_REFUSED_PROCESSES] = seep_targets_num_refused(tracer->targets);
	if (!tracer->stopped_ns)
		take_inventory(tracer);
	/* Letting go takes a while, in which nothing is released: it would make all objects older. */
	error = seep_collector_take(tracer->collector, final,
				    tracer->stopped_ns ? tracer->stopped_ns :
							 seep_clock_monotonic_ns(),
				    tracer->losses, ret_snapshot);
	if (!error)
		seep_jit_prepare(tracer->jit, *ret_snapshot);
	return error;
}

bool seep_tracer_gave_up(const struct seep_tracer *tracer)
{
	return tracer->gave_up;
}

const struct seep_judge *seep_tracer_judge(const struct seep_tracer *tracer)
{
	return tracer->assessor ? seep_assessor_judge(tracer->assessor) : NULL;
}

struct seep_symbolizer *seep_tracer_symbolizer(struct seep_tracer *tracer)
{
	return tracer->symbolizer;
}

const struct seep_tables *seep_tracer_tables(const struct seep_tracer *tracer)
{
	return tracer->tables;
}

void seep_tracer_tell_verified(const struct seep_tracer *tracer)
{
	if (tracer->verifier)
		seep_verifier_tell(tracer->verifier);
}

/* Releases of blocks from before the trace are no loss to worry about, retries none at all. */
static bool is_worrying(enum seep_loss loss)
{
	return loss != SEEP_LOSS_UNMATCHED_FREES && loss != SEEP_LOSS_RING_FULL &&
	       loss != SEEP_LOSS_UNTRACKED_BYTES;
}

int seep_tracer_status(struct seep_tracer *tracer, struct seep_tracer_status *ret_status)
{
	struct seep_tracer_status status = {0};
	uint64_t losses[SEEP_LOSS_COUNT];
	int error = seep_overhead_events(tracer->overhead, &status.events);

	if (!error)
		error = seep_collector_live_bytes(tracer->collector, &status.live_bytes);
	if (!error)
		error = seep_kernel_read_losses(tracer->kernel, losses);
	if (error)
		return error;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++) {
		if (is_worrying((enum seep_loss)i))
			status.losses += losses[i] + tracer->losses[i];
	}
	*ret_status = status;
	return 0;
}
