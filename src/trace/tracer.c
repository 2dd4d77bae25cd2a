// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a trace. new opens the parts; add_pid, add_scope or launch attach; start begins to
 * receive events and lets a launched command go; snapshot drains, looks for new files, reaps, takes
 * the inventory and has the collector build the report; stop removes the probes. Everything runs on
 * the thread of the event loop.
 */
#include "trace/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "kernel/counters.h"
#include "target/attach.h"
#include "target/detach.h"
#include "target/safety.h"
#include "trace/account.h"
#include "trace/follow.h"
#include "trace/governor.h"
#include "trace/lifecycle.h"
#include "trace/membership.h"
#include "trace/metering.h"
#include "trace/parts.h"
#include "trace/tracer_private.h"

int seep_tracer_add_pid(struct seep_tracer *tracer, pid_t pid)
{
	return seep_membership_add_pid(tracer, pid);
}

int seep_tracer_add_scope(struct seep_tracer *tracer)
{
	return seep_membership_add_scope(tracer);
}

/*
 * Has unwind tables made of files that nobody maps yet: BPF gives a file its id when it sees it
 * mapped, so we map a page of each for a moment and have it look at ourselves.
 */
static void make_tables(struct seep_tracer *tracer, const struct seep_file *const *files,
			size_t num_files)
{
	SEEP_AUTO_FREE void **pages = calloc(num_files ? num_files : 1, sizeof(*pages));
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	if (!pages)
		return;
	for (size_t i = 0; i < num_files; i++)
		/* Executable, because BPF looks at no other mappings (bpf/preload.bpf.c). */
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
	/*
	 * Before anything is attached: the first probe could end a translator. Kinds without probes
	 * can still be traced.
	 */
	if (seep_targets_translates(tracer->targets, seep_launch_path(tracer->launch)) &&
	    seep_targets_want_functions_only(tracer->targets)) {
		seep_error("cannot trace \"%s\": %s", command[0],
			   seep_refusal_text(SEEP_REFUSAL_TRANSLATOR));
		return -EOPNOTSUPP;
	}
	/* Files, tables and probes are ready before the command is released; the child waits. */
	error = seep_launch_predict(tracer->launch, tracer->files, &files, &num_files);
	if (!error)
		make_tables(tracer, files, num_files);
	if (!error)
		error = seep_targets_add_launched(tracer->targets, seep_launch_pid(tracer->launch),
						  files, num_files, &target);
	return error ? error : seep_lifecycle_watch(tracer, target);
}

int seep_tracer_launch_status(struct seep_tracer *tracer, int *ret_status)
{
	return tracer->launch ? seep_launch_status(tracer->launch, ret_status) : -ENOENT;
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
	error = seep_parts_open(tracer);
	if (error) {
		seep_tracer_free(tracer);
		return error;
	}
	*ret_tracer = tracer;
	return 0;
}

/* Sources of the loop go first, because they call back into the parts; then the parts. */
void seep_tracer_free(struct seep_tracer *tracer)
{
	if (!tracer)
		return;
	seep_lifecycle_unwatch_all(tracer);
	seep_loop_remove(tracer->loop, tracer->events_source);
	seep_metering_stop(tracer);
	seep_governor_stop(tracer);
	seep_loop_remove(tracer->loop, tracer->reap_source);
	seep_launch_free(tracer->launch);
	seep_parts_close(tracer);
	free(tracer);
}

/* Everything is attached by now. The command is released last, when its events can be received. */
int seep_tracer_start(struct seep_tracer *tracer)
{
	/* Created here, not with the parts: the time of the trace counts from its start. */
	const struct seep_collector_parts parts = {
		.kernel = tracer->kernel,
		.processes = tracer->processes,
		.stacks = tracer->stacks,
		.rewalk = tracer->rewalk,
		.inventory = tracer->inventory,
		.managed = tracer->managed,
		.overhead = tracer->overhead,
		.sampled = tracer->sampled,
		.assessor = tracer->assessor,
		.drain_stacks = seep_follow_drain_stacks,
		.context = tracer,
	};
	int error = seep_collector_new(&parts, tracer->config.scope, tracer->config.filter,
				       &tracer->collector);

	if (!error)
		error = seep_loop_add_fd(tracer->loop, seep_kernel_events_fd(tracer->kernel),
					 seep_follow_on_events, tracer, &tracer->events_source);
	if (!error)
		error = seep_metering_start(tracer);
	if (!error && tracer->launch)
		error = seep_launch_release(tracer->launch);
	return error;
}

/* Of who exists; what the others had is frozen. */
static void take_inventory(struct seep_tracer *tracer)
{
	seep_inventory_begin(tracer->inventory);
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		const struct seep_target *target = watch->target;

		seep_inventory_take(tracer->inventory, target->pid, target->process, false);
		if (!seep_target_is_brief(target))
			seep_managed_take(tracer->managed, target->pid, target->process,
					  target->root);
	}
}

void seep_tracer_stop(struct seep_tracer *tracer)
{
	/*
	 * The inventory needs processes that are still counted, so it comes before the probes go;
	 * ages are counted up to this moment.
	 */
	if (!tracer->stopped_ns) {
		take_inventory(tracer);
		tracer->stopped_ns = seep_clock_monotonic_ns();
	}
	seep_overhead_measured(tracer->overhead);
	seep_governor_account(tracer);
	seep_governor_stop(tracer);
	seep_targets_detach(tracer->targets);
}

/*
 * The order: events so far, execs whose events were lost, files that came since, processes that
 * ended, what the others have; then the collector puts it together.
 */
int seep_tracer_snapshot(struct seep_tracer *tracer, bool final,
			 const struct seep_snapshot **ret_snapshot)
{
	int error;

	seep_follow_drain(tracer);
	seep_lifecycle_catch_up(tracer);
	/* Nothing is traced after the last snapshot: no file is looked for any more. */
	for (struct watch *watch = tracer->watches; watch && !final; watch = watch->next)
		seep_follow_rescan(tracer, watch->target);
	seep_lifecycle_reap(tracer);
	tracer->losses[SEEP_LOSS_REFUSED_PROCESSES] = seep_targets_num_refused(tracer->targets);
	if (!tracer->stopped_ns)
		take_inventory(tracer);
	if (!tracer->stopped_ns) {
		size_t links = seep_account_num_links(tracer, NULL);

		seep_governor_account(tracer);
		seep_overhead_set_others(tracer->overhead, links > 1 ? links - 1 : 0);
	}
	/* Letting go takes a while, in which nothing is released: it would make all objects older.
	 */
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

/* Numbers for a status line while the trace runs: no stacks, no ages. */
int seep_tracer_status(struct seep_tracer *tracer, struct seep_tracer_status *ret_status)
{
	struct seep_tracer_status status = {0};
	uint64_t losses[SEEP_LOSS_COUNT];
	int error = seep_overhead_events(tracer->overhead, &status.events);

	if (!error)
		error = seep_collector_live(tracer->collector, status.live);
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
