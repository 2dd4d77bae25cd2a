// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts a trace together and runs it: the loop calls the functions here at intervals, for signals
 * and when the time is over; each takes a snapshot and passes it to gate, outputs and capture, in
 * this order.
 */
#include "app/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "app/capture.h"
#include "app/commands.h"
#include "app/gate_files.h"
#include "app/outputs.h"
#include "app/privileges.h"
#include "app/status.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/units.h"
#include "trace/describe.h"
#include "trace/tracer.h"
#include "verdict/answer.h"
#include "verdict/patience.h"

/* The final report stands for one that would come less than this share of an interval before it. */
#define LAST_REPORT_SHARE 4

struct seep_engine {
	const struct seep_config *config;
	struct seep_scope scope; /* that of the configuration, with its cgroup open */
	struct seep_loop *loop;
	struct seep_tracer *tracer;
	struct seep_outputs *outputs;
	struct seep_capture *capture; /* NULL: none */
	struct seep_gate *gate;
	struct seep_answer answer;     /* of the last snapshot; all 0 if it was not judged */
	bool judges;		       /* it is asked for */
	struct seep_patience patience; /* of detect */
	uint64_t start_ns;
	uint64_t status_events; /* at the last status line */
};

/* The tracer calls this when its last target has ended: there is nothing left to trace. */
static void stop_when_empty(void *context)
{
	struct seep_engine *engine = context;

	seep_loop_stop(engine->loop);
}

/* The series of 10,000 sites takes 25 MiB: only for those who ask for what comes of it. */
static bool wants_judgement(const struct seep_config *config)
{
	return config->verdict.detect || config->verdict.fail_on != SEEP_CLASS_UNKNOWN ||
	       config->capture.path || config->output.paths[SEEP_OUTPUT_HTML];
}

static int new_tracer(struct seep_engine *engine)
{
	const struct seep_config *config = engine->config;
	struct seep_tracer_config tracer_config = {
		.scope = &engine->scope,
		.allocators = config->allocators,
		.filter = &config->filter,
		.limits = &config->limits,
		.probing = &config->probing,
		.judge = engine->judges,
		.interval_ns = config->timing.interval_ns,
		.on_empty = stop_when_empty,
		.context = engine,
	};

	return seep_tracer_new(&tracer_config, engine->loop, &engine->tracer);
}

/* Opens the cgroup in the engine's own copy of the scope, as the configuration is constant. */
static int find_scope(struct seep_engine *engine)
{
	if (engine->scope.type != SEEP_SCOPE_CGROUP)
		return 0;
	return seep_scope_find_cgroup(&engine->scope, engine->scope.value);
}

static int new_loop(struct seep_engine *engine)
{
	int error = seep_loop_new(&engine->loop);

	if (error)
		seep_error("cannot set up the event loop: %s", seep_error_text(-error));
	return error;
}

/*
 * What can fail because of the command line comes first, so that a file that cannot be written is
 * not found out after an hour; the tracer, which loads the BPF programs, comes last.
 */
int seep_engine_new(const struct seep_config *config, struct seep_engine **ret_engine)
{
	struct seep_engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (!engine)
		return -ENOMEM;
	engine->config = config;
	engine->scope = config->scope;
	engine->judges = wants_judgement(config);
	error = find_scope(engine);
	if (!error)
		error = new_loop(engine);
	if (!error)
		error = seep_outputs_new(config, &engine->outputs);
	/* The baseline may be the very file that the capture is to replace. */
	if (!error)
		error = seep_gate_files_read(&config->verdict, &engine->gate);
	if (!error)
		error = seep_capture_new(&config->capture, &engine->capture);
	if (!error)
		error = new_tracer(engine);
	/* free accepts an engine of which only some parts were created. */
	if (error) {
		seep_engine_free(engine);
		return error;
	}
	*ret_engine = engine;
	return 0;
}

/* The tracer goes first: it has sources on the loop and uses the scope. */
void seep_engine_free(struct seep_engine *engine)
{
	if (!engine)
		return;
	seep_answer_done(&engine->answer);
	seep_tracer_free(engine->tracer);
	seep_gate_free(engine->gate);
	seep_capture_free(engine->capture);
	seep_outputs_free(engine->outputs);
	seep_loop_free(engine->loop);
	seep_scope_done(&engine->scope);
	free(engine);
}

/* A command, a scope or named processes: the options let only one of them be given. */
int seep_engine_attach(struct seep_engine *engine)
{
	const struct seep_config *config = engine->config;
	int error = 0;

	if (config->probing.from_start)
		seep_warn(
			"--from-start puts probes into every process of the machine: programs that "
			"translate code (valgrind, qemu-user, DynamoRIO, Pin), and on some kernels "
			"those that filter their system calls, end by it");
	/* The command is held until seep_tracer_start, so nothing that it allocates is missed. */
	if (config->named.command)
		return seep_tracer_launch(engine->tracer, config->named.command);
	/* A scope that processes come to: those that it has now, then each as it comes. */
	if (seep_scope_is_open(&engine->scope))
		return seep_tracer_add_scope(engine->tracer);
	for (size_t i = 0; i < config->named.num_pids && !error; i++)
		error = seep_tracer_add_pid(engine->tracer, config->named.pids[i]);
	return error;
}

/* The convention of shells (POSIX.1-2017, XCU 2.8.2: more than 128); -1: nothing ended. */
static int command_exit(const struct seep_engine *engine)
{
	int status;

	if (seep_tracer_launch_status(engine->tracer, &status))
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Answers by this snapshot, in place of the answer by the one before. Detect may end by it. */
static int answer(struct seep_engine *engine, const struct seep_snapshot *snapshot)
{
	struct seep_symbolizer *symbolizer = seep_tracer_symbolizer(engine->tracer);
	const struct seep_findings *findings;
	int error = seep_gate_find(engine->gate, snapshot, symbolizer, &findings);

	if (error)
		return error;
	seep_answer_done(&engine->answer);
	error = seep_answer_make(snapshot, findings, symbolizer, &engine->answer);
	if (error)
		return error;
	engine->answer.command_exit = command_exit(engine);
	if (engine->config->verdict.detect && !snapshot->final &&
	    seep_patience_ends(&engine->patience, snapshot, findings))
		seep_loop_stop(engine->loop);
	return 0;
}

/* Detect says what it found only once, at the end. */
static int write_reports(struct seep_engine *engine, const struct seep_snapshot *snapshot)
{
	const struct seep_answer *judged = engine->judges ? &engine->answer : NULL;
	struct seep_symbolizer *symbolizer = seep_tracer_symbolizer(engine->tracer);
	int error = 0;

	if (judged && engine->config->verdict.detect && snapshot->final)
		error = seep_outputs_verdict(engine->outputs, snapshot, symbolizer, judged);
	if (error)
		return error;
	return seep_outputs_write(engine->outputs, snapshot, symbolizer, judged);
}

/* Reads the counters once; gate, outputs and capture all see this snapshot. */
static int report(struct seep_engine *engine, bool final)
{
	const struct seep_snapshot *snapshot;
	int error = seep_tracer_snapshot(engine->tracer, final, &snapshot);

	if (error) {
		seep_error("cannot read the counters: %s", seep_error_text(-error));
		return error;
	}
	/* Before anything is written to the terminal. */
	seep_status_clear();
	/*
	 * The answer comes first, as it may end the loop and is written with the final report.
	 */
	error = engine->judges ? answer(engine, snapshot) : 0;
	if (!error)
		error = write_reports(engine, snapshot);
	/*
	 * The capture is written even if an output failed: the failure may be of that output alone.
	 */
	if (engine->capture)
		seep_capture_write(engine->capture, snapshot,
				   seep_tracer_symbolizer(engine->tracer));
	/* A closed standard output was told by the outputs. */
	if (error && error != -EPIPE)
		seep_error("cannot make the report: %s", seep_error_text(-error));
	return error;
}

/* No report right before the final one, when the duration is a multiple of the interval. */
static int on_interval(void *context, uint64_t value)
{
	struct seep_engine *engine = context;
	const struct seep_config *config = engine->config;
	uint64_t elapsed_ns = seep_clock_monotonic_ns() - engine->start_ns;

	(void)value;
	if (config->timing.duration_ns &&
	    elapsed_ns + config->timing.interval_ns / LAST_REPORT_SHARE >=
		    config->timing.duration_ns)
		return 0;
	return report(engine, false);
}

static int on_duration(void *context, uint64_t value)
{
	struct seep_engine *engine = context;

	(void)value;
	seep_loop_stop(engine->loop);
	return 0;
}

/* SIGUSR1 asks for a report, the other signals for the end. */
static int on_signal(void *context, uint64_t number)
{
	struct seep_engine *engine = context;

	if (number == SIGUSR1)
		return report(engine, false);
	seep_status_clear();
	seep_loop_stop(engine->loop);
	return 0;
}

/* @seconds: how often the timer, of one second, has expired since the last call. */
static int on_status(void *context, uint64_t seconds)
{
	struct seep_engine *engine = context;
	struct seep_tracer_status status;

	if (seep_tracer_status(engine->tracer, &status))
		return 0; /* a report will tell what is wrong */
	seep_status_show(seep_clock_monotonic_ns() - engine->start_ns,
			 (status.events - engine->status_events) / seconds, &status);
	engine->status_events = status.events;
	return 0;
}

/* Reports at intervals, the end of the trace, and the status line if a person watches. */
static int start_timers(struct seep_engine *engine)
{
	const struct seep_config *config = engine->config;
	/* The first report comes after one interval; a report of nothing is of no use. */
	int error = seep_loop_add_timer(engine->loop, 0, config->timing.interval_ns, on_interval,
					engine, NULL);

	/* Without a duration the trace ends by a signal, or with its targets. */
	if (!error && config->timing.duration_ns)
		error = seep_loop_add_timer(engine->loop, config->timing.duration_ns, 0,
					    on_duration, engine, NULL);
	/* Not into a file or pipe, where lines that are written over would be noise. */
	if (!error && !config->output.quiet && seep_status_wanted())
		error = seep_loop_add_timer(engine->loop, 0, SEEP_NS_PER_S, on_status, engine,
					    NULL);
	return error;
}

static void announce(const struct seep_engine *engine)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	seep_tracer_describe(engine->tracer, &text);
	seep_info("tracing %s; Ctrl-C ends", text.data);
}

/*
 * Timers and signals are ready before the targets run. The capabilities are dropped once all that
 * needs them is open; the final report comes after the probes are gone.
 */
int seep_engine_run(struct seep_engine *engine)
{
	int error = seep_loop_listen(engine->loop, on_signal, engine), report_error;

	if (!error)
		error = start_timers(engine);
	if (error) {
		seep_error("cannot set up timers and signals: %s", seep_error_text(-error));
		return error;
	}
	engine->start_ns = seep_clock_monotonic_ns();
	announce(engine);
	error = seep_tracer_start(engine->tracer);
	if (error)
		return error;
	/* From here on a mistake in parsing a target's files has fewer rights. */
	seep_privileges_drop();
	/* A message must not be written into the status line. */
	seep_log_set_hook(seep_status_clear);
	error = seep_loop_run(engine->loop);
	seep_tracer_stop(engine->tracer);
	if (error == -EPIPE)
		return error; /* nobody is left to read a report */
	report_error = report(engine, true);
	seep_tracer_tell_verified(engine->tracer);
	return error ? error : report_error;
}

/* By what the command was asked to fail for; SEEP_CLASS_UNKNOWN: nothing. */
static int status_of(enum seep_outcome outcome, enum seep_class fail_on)
{
	if (fail_on == SEEP_CLASS_UNKNOWN)
		return SEEP_EXIT_OK;
	if (outcome == SEEP_OUTCOME_LEAK ||
	    (outcome == SEEP_OUTCOME_GROWTH && fail_on == SEEP_CLASS_GROWTH))
		return SEEP_EXIT_LEAK;
	return outcome == SEEP_OUTCOME_UNDECIDED ? SEEP_EXIT_UNDECIDED : SEEP_EXIT_OK;
}

/*
 * The order decides: a failed trace, then the status of the launched command, then outputs, then
 * the gate. A command that failed says more than a leak in it.
 */
int seep_engine_exit_status(struct seep_engine *engine)
{
	int status, result = seep_tracer_launch_status(engine->tracer, &status);

	/* The command outlived the trace; it was not asked to end. */
	if (result == -EAGAIN)
		seep_info("the command goes on, no longer traced");
	/* Even if the command ended well: nobody has looked at it to the end. */
	if (seep_tracer_gave_up(engine->tracer))
		return SEEP_EXIT_FAILED;
	if (command_exit(engine) > 0)
		return command_exit(engine);
	if (seep_outputs_failed(engine->outputs) || seep_capture_failed(engine->capture))
		return SEEP_EXIT_FAILED;
	return status_of(engine->answer.outcome, engine->config->verdict.fail_on);
}
