// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at each interval, whose view goes to the outputs: the text to standard output, JSON to its
 * file. Traces have timers of their own on the same loop. A file that cannot be written is told
 * once and tried again at the next look.
 */
#include "app/watching.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/privileges.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/output_path.h"
#include "base/terminal.h"
#include "base/units.h"
#include "escalate/supervisor.h"
#include "measure/filling.h"
#include "text/watch.h"
#include "json/watch.h"

/* The final report stands for one that would come less than this share of an interval before it. */
#define LAST_REPORT_SHARE 4

/* Of a trace: as those of seep detect. */
#define TRACE_INTERVAL_NS SEEP_NS_PER_S
#define LEAKS_SHOWN	  3

struct seep_watching {
	const struct seep_config *config;
	struct seep_scope scope; /* that of the configuration, with its cgroup open */
	struct seep_loop *loop;
	struct seep_supervisor *supervisor;
	int json;    /* open all the time; -1: none, or a file for each look */
	bool failed; /* some output */
	uint64_t start_ns;
	/* What the last view has shown. */
	double watched_s;
	bool any_growing, any_leak, any_pending, any_process;
};

/* At once, not with the next look, which may be an hour away. */
static void on_result(void *context, const struct seep_result *result)
{
	(void)context;
	/* The name is one that the process has given itself. */
	if (result->oom_killed)
		seep_warn("process %d was killed by the kernel for want of memory",
			  (int)result->pid);
	if (result->headline)
		seep_info("%s", result->headline);
}

static int open_json(struct seep_watching *watching)
{
	const char *path = watching->config->output.paths[SEEP_OUTPUT_JSON];
	int error = path ? seep_output_path_open_lines(path, &watching->json) : 0;

	if (error)
		seep_error("cannot write \"%s\": %s", path, seep_output_error(-error));
	return error;
}

static int new_supervisor(struct seep_watching *watching)
{
	const struct seep_config *config = watching->config;
	const struct seep_supervisor_config supervisor_config = {
		.scope = &watching->scope,
		.pids = config->named.pids,
		.num_pids = config->named.num_pids,
		.most = (unsigned int)config->watch.escalations,
		.trace_s = (double)config->watch.trace_ns / (double)SEEP_NS_PER_S,
		.settings =
			{
				.limits = &config->limits,
				.probing = &config->probing,
				.interval_ns = TRACE_INTERVAL_NS,
				.columns = seep_terminal_columns(STDOUT_FILENO),
				.top = LEAKS_SHOWN,
				.json = config->output.paths[SEEP_OUTPUT_JSON] != NULL,
			},
		.on_result = on_result,
		.context = watching,
	};

	return seep_supervisor_new(&supervisor_config, watching->loop, &watching->supervisor);
}

int seep_watching_new(const struct seep_config *config, struct seep_watching **ret_watching)
{
	struct seep_watching *watching = calloc(1, sizeof(*watching));
	int error = 0;

	if (!watching)
		return -ENOMEM;
	watching->config = config;
	watching->scope = config->scope;
	watching->json = -1;
	if (watching->scope.type == SEEP_SCOPE_CGROUP)
		error = seep_scope_find_cgroup(&watching->scope, watching->scope.value);
	if (!error)
		error = open_json(watching);
	if (!error) {
		error = seep_loop_new(&watching->loop);
		if (!error)
			error = new_supervisor(watching);
		if (error)
			seep_error("cannot begin to watch: %s", seep_error_text(-error));
	}
	if (error) {
		seep_watching_free(watching);
		return error;
	}
	*ret_watching = watching;
	return 0;
}

void seep_watching_free(struct seep_watching *watching)
{
	if (!watching)
		return;
	seep_supervisor_free(watching->supervisor);
	seep_loop_free(watching->loop);
	seep_cleanup_fd(&watching->json);
	seep_scope_done(&watching->scope);
	free(watching);
}

static bool shows_text(const struct seep_config *config)
{
	const char *json = config->output.paths[SEEP_OUTPUT_JSON];

	return !config->output.quiet && !(json && strcmp(json, "-") == 0);
}

static int write_text(const struct seep_watching *watching, const struct seep_watch_view *view)
{
	const struct seep_report_options options = {
		.top = watching->config->output.top,
		.color = seep_terminal_has_color(STDOUT_FILENO),
		.columns = seep_terminal_columns(STDOUT_FILENO),
	};
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error;

	if (!shows_text(watching->config))
		return 0;
	error = seep_text_watch(view, &options, &text);
	return error ? error : seep_file_write_fd(STDOUT_FILENO, text.data, text.length);
}

static int write_json(const struct seep_watching *watching, const struct seep_watch_view *view)
{
	const char *pattern = watching->config->output.paths[SEEP_OUTPUT_JSON];
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *path = NULL;
	int error;

	if (!pattern)
		return 0;
	error = seep_json_watch(view, &text);
	if (error)
		return error;
	if (watching->json >= 0)
		return seep_file_write_fd(watching->json, text.data, text.length);
	error = seep_file_expand_time(pattern, view->utc_ns, &path);
	return error ? error : seep_file_write(path, text.data, text.length);
}

/* It grows, and may leak for all that is known. */
static bool is_pending(const struct seep_watch_view *view, const struct seep_watch_process *process)
{
	const struct seep_result *result;

	if (!process->num_growths || process->standing.state == SEEP_WATCH_STATE_CONVICTED)
		return false;
	if (process->standing.state != SEEP_WATCH_STATE_CLEARED)
		return true;
	result = seep_results_of(view->results, process->pid, process->start_ticks);
	return !result || result->outcome == SEEP_OUTCOME_UNDECIDED;
}

/* For the exit status: what is known now. */
static void note(struct seep_watching *watching, const struct seep_watch_view *view)
{
	watching->watched_s = view->elapsed_s;
	watching->any_process = view->num_seen > 0;
	watching->any_growing = seep_watch_view_num_growing(view) > 0;
	watching->any_leak = seep_results_num_leaks(view->results) > 0;
	watching->any_pending = false;
	for (size_t i = 0; i < view->num_growing; i++)
		watching->any_pending |= is_pending(view, view->growing[i]);
}

/* 0, or -EPIPE: nobody reads any more. */
static int report(struct seep_watching *watching, bool final)
{
	const struct seep_watch_view *view = seep_supervisor_view(watching->supervisor, final);
	int error = write_text(watching, view), json_error = write_json(watching, view);

	note(watching, view);
	if (!error)
		error = json_error;
	if (!error)
		return 0;
	if (!watching->failed)
		seep_error("cannot write the report: %s", seep_output_error(-error));
	watching->failed = true;
	return error == -EPIPE ? error : 0;
}

static int look(struct seep_watching *watching, bool last)
{
	int error = seep_supervisor_look(watching->supervisor, last);

	if (error)
		seep_error("cannot look at the processes: %s", seep_error_text(-error));
	else if (seep_supervisor_is_done(watching->supervisor))
		seep_loop_stop(watching->loop);
	return error;
}

static int look_and_report(struct seep_watching *watching)
{
	int error = look(watching, false);

	return error ? error : report(watching, false);
}

static int on_interval(void *context, uint64_t value)
{
	struct seep_watching *watching = context;
	const struct seep_timing *timing = &watching->config->timing;
	uint64_t elapsed_ns = seep_clock_monotonic_ns() - watching->start_ns;

	(void)value;
	if (timing->duration_ns &&
	    elapsed_ns + timing->interval_ns / LAST_REPORT_SHARE >= timing->duration_ns)
		return 0;
	return look_and_report(watching);
}

static int on_duration(void *context, uint64_t value)
{
	struct seep_watching *watching = context;

	(void)value;
	seep_loop_stop(watching->loop);
	return 0;
}

/* SIGUSR1 asks for a look, the other signals for the end. */
static int on_signal(void *context, uint64_t number)
{
	struct seep_watching *watching = context;

	if (number == SIGUSR1)
		return look_and_report(watching);
	seep_loop_stop(watching->loop);
	return 0;
}

static int start(struct seep_watching *watching)
{
	const struct seep_timing *timing = &watching->config->timing;
	int error = seep_loop_listen(watching->loop, on_signal, watching);

	if (!error)
		error = seep_loop_add_timer(watching->loop, 0, timing->interval_ns, on_interval,
					    watching, NULL);
	if (!error && timing->duration_ns)
		error = seep_loop_add_timer(watching->loop, timing->duration_ns, 0, on_duration,
					    watching, NULL);
	if (error)
		seep_error("cannot set up timers and signals: %s", seep_error_text(-error));
	return error;
}

/* The first look is what the others are compared with; there is nothing to report of it. */
static int look_first(struct seep_watching *watching)
{
	int error = look(watching, false);
	size_t num = seep_supervisor_num_watched(watching->supervisor);

	if (error)
		return error;
	if (!num && !seep_scope_is_open(&watching->scope)) {
		seep_error("there is no such process: %s", watching->scope.value);
		return -ESRCH;
	}
	seep_info("watching %zu process%s, without any probe; Ctrl-C ends", num,
		  num == 1 ? "" : "es");
	return 0;
}

int seep_watching_run(struct seep_watching *watching)
{
	int error = start(watching);

	watching->start_ns = seep_clock_monotonic_ns();
	/* From here on a mistake in parsing what a process can name has fewer rights. */
	if (!error)
		seep_privileges_drop();
	if (!error)
		error = look_first(watching);
	if (!error)
		error = seep_loop_run(watching->loop);
	if (error)
		return error;
	/* What is known by now; the probes go first. */
	seep_supervisor_finish(watching->supervisor);
	error = look(watching, true);
	return error ? error : report(watching, true);
}

int seep_watching_exit_status(const struct seep_watching *watching)
{
	enum seep_class fail_on = watching->config->verdict.fail_on;

	if (watching->failed)
		return SEEP_EXIT_FAILED;
	if (fail_on == SEEP_CLASS_UNKNOWN)
		return SEEP_EXIT_OK;
	if (watching->any_leak || (fail_on == SEEP_CLASS_GROWTH && watching->any_growing))
		return SEEP_EXIT_LEAK;
	/* What grows and was not traced to an end may leak. */
	return watching->any_pending || !watching->any_process ||
			       watching->watched_s < SEEP_OBSERVED_LEAST_S ?
		       SEEP_EXIT_UNDECIDED :
		       SEEP_EXIT_OK;
}
