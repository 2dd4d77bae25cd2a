// SPDX-License-Identifier: GPL-2.0-only
/*
 * When to look for the files of code made at run time. A stack with a frame of no file is a reason
 * to look (seep_jit_note_stack), a drained ring buffer the moment (seep_jit_look), and a report
 * looks in any case (seep_jit_prepare). A target without such a file is asked after pauses that
 * double, up to LAST_PAUSE_NS, so that a trace of many processes does not search /proc all the
 * time.
 */
#include "target/jit.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "proc/jit_file.h"

/*
 * A stack does not tell whose it is, so each one with code of no file is a reason to look at all
 * targets: those without a file are left alone ever longer. A report knows, and looks at once.
 */
#define FIRST_PAUSE_NS (100 * SEEP_NS_PER_MS)
#define LAST_PAUSE_NS  (60 * SEEP_NS_PER_S)

/* What was tried for the target in a slot. */
struct attempt {
	uint32_t process;
	bool warned;
	uint64_t next_ns;
	uint64_t pause_ns;
	uint64_t report; /* the last one for which it was looked at */
};

struct seep_jit {
	struct seep_jit_config config;
	bool noted; /* since the last look */
	bool needed;
	struct attempt attempts[SEEP_MAX_PROCESSES]; /* by slot */
};

int seep_jit_new(const struct seep_jit_config *config, struct seep_jit **ret_jit)
{
	struct seep_jit *jit = calloc(1, sizeof(*jit));

	if (!jit)
		return -ENOMEM;
	jit->config = *config;
	*ret_jit = jit;
	return 0;
}

void seep_jit_free(struct seep_jit *jit)
{
	free(jit);
}

/* A frame that is an address instead of a file and an offset: code that belongs to no file. */
static bool has_raw_frame(const struct seep_stack *stack)
{
	for (size_t i = 0; i < stack->num_frames; i++) {
		if (stack->frames[i] & SEEP_FRAME_RAW)
			return true;
	}
	return false;
}

void seep_jit_note_stack(struct seep_jit *jit, const struct seep_stack *stack)
{
	if (!jit->noted)
		jit->noted = has_raw_frame(stack);
}

/*
 * Gives the symbolizer the file of the target, if it has one. 0 or -errno; the caller tries again
 * later.
 */
static int find_source(struct seep_jit *jit, const struct seep_target *target)
{
	struct seep_jit_source *source;
	struct seep_jit_file file;
	int error = seep_jit_file_open(target->pid, &file);

	if (error)
		return error;
	/*
	 * Checked after the file was opened: the PID may have been given to another process
	 * meanwhile.
	 */
	if (seep_target_has_ended(target)) {
		close(file.fd);
		return -ESRCH;
	}
	error = seep_jit_source_new(file.fd, file.is_dump ? SEEP_JIT_DUMP : SEEP_JIT_PERF_MAP,
				    &source);
	if (error)
		return error;
	seep_debug("process %d names its code in a %s", target->pid,
		   file.is_dump ? "jitdump" : "perf map");
	return seep_symbolizer_set_jit(jit->config.symbolizer, target->process, source);
}

/* A slot's next process starts again with the first pause. */
static struct attempt *attempt_of(struct seep_jit *jit, const struct seep_target *target)
{
	struct attempt *attempt = &jit->attempts[target->slot];

	if (attempt->process != target->process)
		*attempt = (struct attempt){
			.process = target->process,
			.pause_ns = FIRST_PAUSE_NS,
		};
	return attempt;
}

/* One target of a look; mostly its pause is not over, or its file is known. */
static void look_at(struct seep_jit *jit, const struct seep_target *target, uint64_t now_ns)
{
	struct attempt *attempt = attempt_of(jit, target);

	/* Before its exec a launched child is a copy of seep and makes no code. */
	if (now_ns < attempt->next_ns || target->record->before_exec ||
	    !seep_symbolizer_lacks_jit(jit->config.symbolizer, target->process))
		return;
	find_source(jit, target);
	attempt->next_ns = now_ns + attempt->pause_ns;
	/*
	 * The pause is doubled even after a success: then seep_symbolizer_lacks_jit ends the
	 * search.
	 */
	attempt->pause_ns =
		attempt->pause_ns < LAST_PAUSE_NS / 2 ? 2 * attempt->pause_ns : LAST_PAUSE_NS;
}

void seep_jit_look(struct seep_jit *jit)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	if (!jit->noted)
		return;
	jit->noted = false;
	/* Stays set: once there was such a stack, every report and every end looks for files. */
	jit->needed = true;
	for (uint32_t slot = 0; slot < SEEP_MAX_PROCESSES; slot++) {
		const struct seep_target *target = seep_targets_at(jit->config.targets, slot);

		if (target)
			look_at(jit, target, now_ns);
	}
}

/* Once for each program image. */
static void warn_if_full(struct seep_jit *jit, struct attempt *attempt, pid_t pid)
{
	if (attempt->warned ||
	    !seep_symbolizer_jit_is_full(jit->config.symbolizer, attempt->process))
		return;
	attempt->warned = true;
	seep_warn("process %d names more code made at run time than seep keeps; some of its frames "
		  "stay without a name",
		  pid);
}

/* For a report, regardless of pauses, but once per report. */
static void prepare_target(struct seep_jit *jit, const struct seep_target *target, uint64_t report)
{
	struct attempt *attempt = attempt_of(jit, target);

	/* Many sites of a report belong to the same process. */
	if (attempt->report == report)
		return;
	attempt->report = report;
	if (seep_symbolizer_lacks_jit(jit->config.symbolizer, target->process))
		find_source(jit, target);
	warn_if_full(jit, attempt, target->pid);
}

void seep_jit_prepare(struct seep_jit *jit, const struct seep_snapshot *snapshot)
{
	/* Lets the files be read on: they grow while the program runs. */
	seep_symbolizer_begin_report(jit->config.symbolizer);
	for (size_t i = 0; i < snapshot->num_sites && jit->needed; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		const struct seep_target *target =
			seep_targets_of(jit->config.targets, site->process->id);

		if (target && has_raw_frame(site->stack))
			prepare_target(jit, target, snapshot->seq);
	}
}

void seep_jit_reap(struct seep_jit *jit, const struct seep_record *record)
{
	struct seep_symbolizer *symbolizer = jit->config.symbolizer;
	uint32_t process = record->process.id;

	if (!jit->needed)
		return;
	seep_symbolizer_begin_report(symbolizer);
	for (size_t i = 0; i < record->num_frozen; i++) {
		const struct seep_stack *stack =
			seep_stacks_get(jit->config.stacks, record->frozen[i].key.stack);

		for (size_t j = 0; stack && j < stack->num_frames; j++) {
			if (stack->frames[j] & SEEP_FRAME_RAW)
				/*
				 * The names are kept by the symbolizer; its file goes with the
				 * process.
				 */
				seep_symbolizer_resolve(symbolizer, process, stack->frames[j]);
		}
	}
	if (jit->attempts[SEEP_PROCESS_SLOT(process)].process == process)
		warn_if_full(jit, &jit->attempts[SEEP_PROCESS_SLOT(process)], record->process.pid);
	seep_symbolizer_drop_jit(symbolizer, process);
}
