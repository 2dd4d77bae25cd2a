// SPDX-License-Identifier: GPL-2.0-only
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "proc/maps.h"
#include "trace/collect.h"
#include "trace/files.h"
#include "trace/jit.h"
#include "trace/kernel.h"
#include "trace/launch.h"
#include "trace/overhead.h"
#include "trace/processes.h"
#include "trace/stacks.h"
#include "trace/tables.h"
#include "trace/targets.h"
#include "trace/verify.h"

/* Windows of the overhead measurement do not come closer together than this. */
#define MIN_WINDOW_PERIOD_NS SEEP_NS_PER_S

/* A target as the event loop sees it. */
struct watch {
	struct seep_tracer *tracer;
	struct seep_target *target;
	struct seep_loop_source *source;
	struct watch *next;
};

struct seep_tracer {
	struct seep_tracer_config config;
	struct seep_loop *loop;
	struct seep_features features;
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	struct seep_files *files;
	struct seep_tables *tables;
	struct seep_stacks *stacks;
	struct seep_processes *processes;
	struct seep_targets *targets;
	struct seep_jit *jit;
	struct seep_verifier *verifier; /* NULL: not asked for */
	struct seep_overhead_meter *overhead;
	struct seep_collector *collector;
	struct seep_launch *launch;
	struct watch *watches;
	struct seep_loop_source *events_source;
	struct seep_loop_source *open_source;
	struct seep_loop_source *close_source;
	uint64_t losses[SEEP_LOSS_COUNT]; /* counted here, not in the kernel */
	bool stopped;
};

/* --- events from the kernel -------------------------------------------------------------------- */

static void on_stack(void *context, const struct seep_stack_event *event)
{
	struct seep_tracer *tracer = context;

	if (seep_stacks_add(tracer->stacks, event))
		tracer->losses[SEEP_LOSS_STACKS_UNSENT]++;
	seep_jit_note_stack(tracer->jit, event);
}

/* The file of a mapping of a live target, opened if it is new; NULL if the mapping is gone. */
static const struct seep_file *file_of_target(struct seep_tracer *tracer,
					      const struct seep_target *target,
					      const struct seep_file_event *event)
{
	const struct seep_file *file = NULL;
	const struct seep_mapping *mapping;
	struct seep_maps maps;

	if (seep_maps_read(target->pid, &maps))
		return NULL;
	mapping = seep_maps_find(&maps, event->start);
	if (mapping && mapping->inode == event->inode &&
	    seep_files_get(tracer->files, target->pid, target->root, mapping, &file))
		file = NULL;
	seep_maps_done(&maps);
	return file;
}

/* BPF met a file and gave it an id: find out which one it is while it is still mapped. */
static void on_file(void *context, const struct seep_file_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target =
		seep_targets_at(tracer->targets, SEEP_PROCESS_SLOT(event->process));
	const struct seep_file *file = NULL;

	if (target && target->process == event->process)
		file = file_of_target(tracer, target, event);
	if (!file) /* the process or the mapping is gone; the file may be known from before */
		file = seep_files_find(tracer->files, event->device >> 20, event->device & 0xfffff,
				       event->inode);
	if (file)
		seep_symbolizer_add_file(tracer->symbolizer, event->file, file->path, file->fd,
					 file->root);
	if (!file || file->fd < 0)
		tracer->losses[SEEP_LOSS_FILES_UNNAMED]++;
	if (tracer->verifier && seep_verifier_add_file(tracer->verifier, event->file, event->inode))
		seep_debug("no memory to verify stacks");
	if (seep_tables_add(tracer->tables, event->file, file ? file->path : "",
			    file ? file->fd : -1))
		seep_debug("no memory for an unwind table");
}

/* A table that was given up is needed again. */
static void on_table(void *context, const struct seep_table_event *event)
{
	struct seep_tracer *tracer = context;

	seep_tables_again(tracer->tables, event->file);
}

/* A stack to be walked once more. */
static void on_verify(void *context, const struct seep_verify_event *event)
{
	struct seep_tracer *tracer = context;
	const struct seep_target *target =
		seep_targets_at(tracer->targets, SEEP_PROCESS_SLOT(event->process));

	if (!target || target->process != event->process)
		target = NULL;
	seep_verifier_check(tracer->verifier, target ? target->pid : 0, event);
	tracer->losses[SEEP_LOSS_STACK_DISAGREEMENTS] =
		seep_verifier_counts(tracer->verifier)->counts[SEEP_COMPARISON_DIFFERENT];
}

/* New files of a live target: plugins that were loaded, or all of them after an exec. */
static int rescan(struct seep_tracer *tracer, struct seep_target *target)
{
	return seep_targets_rescan(tracer->targets, target,
				   &tracer->losses[SEEP_LOSS_MISSED_ATTACH]);
}

static void freeze(struct seep_tracer *tracer, struct seep_record *record)
{
	int error = seep_record_freeze(record, tracer->kernel, tracer->config.min_age_ns,
				       seep_clock_monotonic_ns());

	if (error)
		seep_warn("cannot keep all numbers of process %d, which ended: %s",
			  record->process.pid, strerror(-error));
	seep_jit_bury(tracer->jit, record);
}

/* The target became process id @id: its old image, if there was one, is final. */
static void follow_exec(struct seep_tracer *tracer, struct seep_target *target, uint32_t id,
			const char *comm)
{
	bool launched = target->record->before_exec;
	int added;

	if (!launched)
		freeze(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	if (seep_targets_replace(tracer->targets, target, id, comm))
		return;
	added = rescan(tracer, target);
	if (added > 0)
		tracer->losses[SEEP_LOSS_MISSED_EXEC]++;
}

static void on_exec(void *context, const struct seep_exec_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target =
		seep_targets_at(tracer->targets, SEEP_PROCESS_SLOT(event->old_process));
	char comm[SEEP_COMM_BYTES];

	if (!target || target->process != event->old_process)
		return;
	memcpy(comm, event->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	follow_exec(tracer, target, event->new_process, comm);
}

/* An exec whose event the full ring buffer lost still shows in the table of processes. */
static void catch_up_execs(struct seep_tracer *tracer)
{
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		struct seep_process_value value;
		struct seep_target *target = watch->target;

		if (seep_kernel_get_process(tracer->kernel, target->slot, &value) == 0 &&
		    value.id != target->process)
			follow_exec(tracer, target, value.id, NULL);
	}
}

/* Takes what the ring buffer holds; then BPF may see the tables that this made. */
static void drain(struct seep_tracer *tracer)
{
	int error;

	seep_verifier_begin(tracer->verifier);
	seep_kernel_drain(tracer->kernel);
	error = seep_tables_flush(tracer->tables);
	if (error)
		seep_warn("cannot give the kernel its unwind tables: %s", strerror(-error));
	seep_jit_look(tracer->jit);
}

static int on_events(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	drain(tracer);
	return 0;
}

/* --- targets ----------------------------------------------------------------------------------- */

static void unlink_watch(struct seep_tracer *tracer, struct watch *watch)
{
	struct watch **link = &tracer->watches;

	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	seep_loop_remove(tracer->loop, watch->source);
	free(watch);
}

/* The pidfd of a target became readable: the process has ended. */
static int on_ended(void *context, uint64_t value)
{
	struct watch *watch = context;
	struct seep_tracer *tracer = watch->tracer;
	struct seep_target *target = watch->target;

	(void)value;
	drain(tracer);
	catch_up_execs(tracer);
	seep_debug("process %d (%s) ended", target->pid, target->record->process.comm);
	freeze(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	unlink_watch(tracer, watch);
	seep_targets_remove(tracer->targets, target);
	if (!tracer->watches && !tracer->stopped)
		tracer->config.on_empty(tracer->config.context);
	return 0;
}

static int watch_target(struct seep_tracer *tracer, struct seep_target *target)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->tracer = tracer;
	watch->target = target;
	error = seep_loop_add_fd(tracer->loop, target->pidfd, on_ended, watch, &watch->source);
	if (error) {
		free(watch);
		return error;
	}
	watch->next = tracer->watches;
	tracer->watches = watch;
	return 0;
}

int seep_tracer_add_pid(struct seep_tracer *tracer, pid_t pid)
{
	struct seep_target *target;
	int error = seep_targets_add(tracer->targets, pid, &target);

	if (error)
		return error == -EALREADY ? 0 : error;
	return watch_target(tracer, target);
}

int seep_tracer_launch(struct seep_tracer *tracer, char *const *command)
{
	SEEP_AUTO_FREE const struct seep_file **files = NULL;
	struct seep_target *target;
	size_t num_files;
	int error = seep_launch_new(command, &tracer->launch);

	if (error)
		return error;
	error = seep_launch_predict(tracer->launch, tracer->files, &files, &num_files);
	if (!error)
		error = seep_targets_add_launched(tracer->targets, seep_launch_pid(tracer->launch),
						  files, num_files, &target);
	return error ? error : watch_target(tracer, target);
}

int seep_tracer_launch_status(struct seep_tracer *tracer, int *ret_status)
{
	return tracer->launch ? seep_launch_status(tracer->launch, ret_status) : -ENOENT;
}

void seep_tracer_describe(const struct seep_tracer *tracer, struct seep_buffer *buffer)
{
	const char *separator = "";

	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		const struct seep_target *target = watch->target;

		seep_buffer_printf(buffer, "%sprocess %d (", separator, target->pid);
		seep_text_append_clean(buffer, target->record->process.comm, SIZE_MAX);
		seep_buffer_printf(buffer, "): %zu function%s in %zu file%s", target->num_functions,
				   target->num_functions == 1 ? "" : "s", target->num_files,
				   target->num_files == 1 ? "" : "s");
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

/* Each mapped file costs two descriptors, each link one: take what we may have. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_kernel(struct seep_tracer *tracer)
{
	const struct seep_tracer_config *config = &tracer->config;
	struct seep_kernel_config kernel_config = {
		.min_bytes = config->min_size_bytes,
		.max_bytes = config->max_size_bytes,
		.max_objects = config->max_objects,
		.max_frames = config->max_frames,
		.verify_every = config->verify_every,
	};
	struct seep_kernel_events events = {
		.stack = on_stack,
		.file = on_file,
		.exec = on_exec,
		.table = on_table,
		.verify = on_verify,
		.context = tracer,
	};
	int error = seep_features_probe(config->forced_variant, &tracer->features);

	if (error)
		return error;
	seep_debug("attaching by \"%s\"; a hit costs %u ns (single-stepped %u), a call %u ns",
		   seep_attach_variant_name(tracer->features.variant),
		   tracer->features.cost.entry_ns, tracer->features.cost.stepped_ns,
		   tracer->features.cost.call_ns);
	kernel_config.variant = tracer->features.variant;
	error = seep_kernel_open(&kernel_config, &tracer->kernel);
	if (!error) {
		error = seep_kernel_listen(tracer->kernel, &events);
		if (error)
			seep_error("cannot map the ring buffer: %s", strerror(-error));
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

static int open_tables(struct seep_tracer *tracer)
{
	struct seep_targets_config targets_config;
	int error = seep_symbolizer_new(&tracer->symbolizer);

	if (!error)
		error = seep_files_new(tracer->kernel, tracer->symbolizer, &tracer->files);
	if (!error)
		error = seep_tables_new(tracer->kernel, tracer->config.unwind_bytes,
					&tracer->tables);
	if (!error)
		error = seep_stacks_new(&tracer->stacks);
	if (!error)
		error = seep_processes_new(&tracer->processes);
	if (error)
		return error;
	targets_config = (struct seep_targets_config){
		.kernel = tracer->kernel,
		.files = tracer->files,
		.tables = tracer->tables,
		.processes = tracer->processes,
		.variant = tracer->features.variant,
	};
	error = seep_targets_new(&targets_config, &tracer->targets);
	if (!error)
		error = new_jit(tracer);
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
	raise_descriptor_limit();
	error = open_kernel(tracer);
	if (!error) {
		error = open_tables(tracer);
		if (error)
			seep_error("cannot set up the trace: %s", strerror(-error));
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
	while (tracer->watches)
		unlink_watch(tracer, tracer->watches);
	seep_loop_remove(tracer->loop, tracer->events_source);
	seep_loop_remove(tracer->loop, tracer->open_source);
	seep_loop_remove(tracer->loop, tracer->close_source);
	seep_launch_free(tracer->launch);
	seep_collector_free(tracer->collector);
	seep_overhead_free(tracer->overhead);
	seep_verifier_free(tracer->verifier);
	seep_jit_free(tracer->jit);
	seep_targets_free(tracer->targets);
	seep_processes_free(tracer->processes);
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
		.symbolizer = tracer->symbolizer,
		.overhead = tracer->overhead,
		.scope_type = tracer->config.scope_type,
		.scope_value = tracer->config.scope_value,
		.min_age_ns = tracer->config.min_age_ns,
		.min_size_bytes = tracer->config.min_size_bytes,
		.max_size_bytes = tracer->config.max_size_bytes,
		.start_ns = seep_clock_monotonic_ns(),
	};
	int error = seep_collector_new(&config, &tracer->collector);

	if (!error)
		error = seep_loop_add_fd(tracer->loop, seep_kernel_events_fd(tracer->kernel),
					 on_events, tracer, &tracer->events_source);
	if (!error)
		error = start_windows(tracer);
	if (!error && tracer->launch)
		error = seep_launch_release(tracer->launch);
	return error;
}

void seep_tracer_stop(struct seep_tracer *tracer)
{
	tracer->stopped = true;
	seep_overhead_window_close(tracer->overhead);
	seep_targets_detach(tracer->targets);
}

int seep_tracer_snapshot(struct seep_tracer *tracer, bool final,
			 const struct seep_snapshot **ret_snapshot)
{
	int error;

	drain(tracer);
	catch_up_execs(tracer);
	for (struct watch *watch = tracer->watches; watch && !final; watch = watch->next)
		rescan(tracer, watch->target);
	error = seep_collector_take(tracer->collector, final, tracer->losses, ret_snapshot);
	if (!error)
		seep_jit_prepare(tracer->jit, *ret_snapshot);
	return error;
}

struct seep_symbolizer *seep_tracer_symbolizer(struct seep_tracer *tracer)
{
	return tracer->symbolizer;
}

const struct seep_features *seep_tracer_features(const struct seep_tracer *tracer)
{
	return &tracer->features;
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
