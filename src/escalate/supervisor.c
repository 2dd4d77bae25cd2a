// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watcher asks which processes belong to it and tells which have ended; the escalator works on
 * what the watcher has judged; the view shows both. All times count from the creation of the
 * supervisor.
 */
#include "escalate/supervisor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "escalate/escalator.h"
#include "kernel/oom.h"
#include "proc/cgroup.h"
#include "proc/process.h"
#include "watch/cgroups.h"
#include "watch/watcher.h"

/* In a row in which something must have grown: the judgement is strict, so two will do. */
#define LOOKS 2

/* Until a process in which nothing was found is traced again; twice as long each time. */
#define PAUSE_S	    600.0
#define PAUSE_MAX_S (8 * 3600.0)

struct seep_supervisor {
	struct seep_supervisor_config config;
	struct seep_watcher *watcher;
	char *cgroup_mount; /* NULL: there is no cgroup v2 */
	struct seep_watch_cgroups *cgroups;
	struct seep_escalator *escalator;
	struct seep_loop *loop;
	struct seep_oom *oom; /* NULL: kills are not announced */
	struct seep_loop_source *oom_source;
	struct utsname system;
	struct seep_watch_view view;
	uint64_t start_ns;
	uint64_t viewed_ns;
	uint64_t cpu_ns; /* of seep at that time */
	uint64_t start_cpu_ns;
};

static bool is_named(const struct seep_supervisor_config *config, pid_t pid)
{
	for (size_t i = 0; i < config->num_pids; i++) {
		if (config->pids[i] == pid)
			return true;
	}
	return false;
}

static bool is_wanted(void *context, pid_t pid)
{
	const struct seep_supervisor *supervisor = context;
	const struct seep_scope *scope = supervisor->config.scope;
	bool belongs = seep_scope_is_open(scope) ? seep_scope_contains(scope, pid) :
						   is_named(&supervisor->config, pid);

	if (belongs || !scope->children)
		return belongs;
	return pid != getpid() &&
	       seep_watcher_find(supervisor->watcher, seep_proc_parent(pid)) != NULL;
}

static void on_ended(void *context, struct seep_watch_process *process)
{
	struct seep_supervisor *supervisor = context;

	seep_escalator_ended(supervisor->escalator, process);
}

static double now_s(void *context)
{
	const struct seep_supervisor *supervisor = context;

	return (double)(seep_clock_monotonic_ns() - supervisor->start_ns) / (double)SEEP_NS_PER_S;
}

/* Each process that is watched takes a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void on_killed(void *context, pid_t tid)
{
	struct seep_supervisor *supervisor = context;

	seep_escalator_oom_killed(supervisor->escalator, tid);
}

static void tell_kills(void *context)
{
	struct seep_supervisor *supervisor = context;

	if (supervisor->oom)
		seep_oom_drain(supervisor->oom, on_killed, supervisor);
}

static int on_oom(void *context, uint64_t value)
{
	(void)value;
	tell_kills(context);
	return 0;
}

static int new_escalator(struct seep_supervisor *supervisor, struct seep_loop *loop)
{
	const struct seep_escalator_config config = {
		.rules =
			{
				.most = supervisor->config.most,
				.looks = LOOKS,
				.trace_s = supervisor->config.trace_s,
				.pause_s = PAUSE_S,
				.pause_max_s = PAUSE_MAX_S,
			},
		.settings = supervisor->config.settings,
		.watcher = supervisor->watcher,
		.now_s = now_s,
		.tell_kills = tell_kills,
		.owner = supervisor,
		.on_result = supervisor->config.on_result,
		.context = supervisor->config.context,
	};

	return seep_escalator_new(&config, loop, &supervisor->escalator);
}

/* Where they are not announced, the events of cgroups still count them. */
static int listen_to_kills(struct seep_supervisor *supervisor)
{
	int error = seep_oom_open(&supervisor->oom);

	if (error) {
		supervisor->oom = NULL;
		seep_debug("kills for want of memory are not announced: %s", strerror(-error));
		return 0;
	}
	return seep_loop_add_fd(supervisor->loop, seep_oom_fd(supervisor->oom), on_oom, supervisor,
				&supervisor->oom_source);
}

static int open_parts(struct seep_supervisor *supervisor, struct seep_loop *loop)
{
	const struct seep_watcher_config config = {
		.wanted = is_wanted,
		.ended = on_ended,
		.context = supervisor,
	};
	int error = seep_watcher_new(&config, &supervisor->watcher);

	if (!error)
		error = new_escalator(supervisor, loop);
	if (!error)
		error = listen_to_kills(supervisor);
	/* Without cgroup v2 nothing is said of cgroups. */
	if (seep_cgroup_mount_point(&supervisor->cgroup_mount))
		supervisor->cgroup_mount = NULL;
	return error ? error :
		       seep_watch_cgroups_new(supervisor->cgroup_mount, &supervisor->cgroups);
}

int seep_supervisor_new(const struct seep_supervisor_config *config, struct seep_loop *loop,
			struct seep_supervisor **ret_supervisor)
{
	struct seep_supervisor *supervisor = calloc(1, sizeof(*supervisor));
	int error;

	if (!supervisor)
		return -ENOMEM;
	supervisor->config = *config;
	supervisor->loop = loop;
	supervisor->start_ns = seep_clock_monotonic_ns();
	supervisor->viewed_ns = supervisor->start_ns;
	supervisor->start_cpu_ns = supervisor->cpu_ns = seep_clock_cpu_ns();
	uname(&supervisor->system);
	raise_descriptor_limit();
	error = open_parts(supervisor, loop);
	if (error) {
		seep_supervisor_free(supervisor);
		return error;
	}
	*ret_supervisor = supervisor;
	return 0;
}

void seep_supervisor_free(struct seep_supervisor *supervisor)
{
	if (!supervisor)
		return;
	seep_loop_remove(supervisor->loop, supervisor->oom_source);
	seep_oom_close(supervisor->oom);
	seep_escalator_free(supervisor->escalator);
	seep_watch_cgroups_free(supervisor->cgroups);
	free(supervisor->cgroup_mount);
	seep_watcher_free(supervisor->watcher);
	free(supervisor);
}

int seep_supervisor_look(struct seep_supervisor *supervisor, bool last)
{
	int error;

	/* As long as the watcher knows whom. */
	tell_kills(supervisor);
	error = seep_watcher_look(supervisor->watcher, now_s(supervisor));
	if (!error)
		error = seep_watch_cgroups_look(supervisor->cgroups,
						seep_watcher_all(supervisor->watcher),
						seep_watcher_count(supervisor->watcher),
						now_s(supervisor));
	return error ? error : seep_escalator_look(supervisor->escalator, last);
}

void seep_supervisor_finish(struct seep_supervisor *supervisor)
{
	seep_escalator_finish(supervisor->escalator);
}

size_t seep_supervisor_num_watched(const struct seep_supervisor *supervisor)
{
	return seep_watcher_count(supervisor->watcher);
}

bool seep_supervisor_is_done(const struct seep_supervisor *supervisor)
{
	return !seep_scope_is_open(supervisor->config.scope) &&
	       !seep_watcher_count(supervisor->watcher) &&
	       !seep_escalator_num_traced(supervisor->escalator);
}

/*
 * What seep takes of all CPUs of the machine: since the view before, and in the last one, which may
 * come right behind that, of the whole watch.
 */
static void measure(struct seep_supervisor *supervisor)
{
	struct seep_watch_view *view = &supervisor->view;
	uint64_t now_ns = seep_clock_monotonic_ns(), cpu_ns = seep_clock_cpu_ns();
	uint64_t since_ns = view->final ? supervisor->start_ns : supervisor->viewed_ns;
	uint64_t since_cpu_ns = view->final ? supervisor->start_cpu_ns : supervisor->cpu_ns;
	double passed_ns = (double)(now_ns - since_ns);
	double used_ns = (double)(cpu_ns - since_cpu_ns);
	struct seep_proc_memory memory;

	view->elapsed_s = (double)(now_ns - supervisor->start_ns) / (double)SEEP_NS_PER_S;
	view->interval_s = (double)(now_ns - supervisor->viewed_ns) / (double)SEEP_NS_PER_S;
	view->cpu_pct = passed_ns > 0 ?
				100 * used_ns / passed_ns / (double)sysconf(_SC_NPROCESSORS_ONLN) :
				NAN;
	view->rss_bytes = SEEP_UNKNOWN;
	if (!seep_proc_memory_read(getpid(), &memory))
		view->rss_bytes = memory.rss_bytes;
	supervisor->viewed_ns = now_ns;
	supervisor->cpu_ns = cpu_ns;
}

const struct seep_watch_view *seep_supervisor_view(struct seep_supervisor *supervisor, bool final)
{
	struct seep_watch_view *view = &supervisor->view;
	struct seep_watcher_counts counts;

	seep_watcher_get_counts(supervisor->watcher, &counts);
	*view = (struct seep_watch_view){
		.seq = view->seq + 1,
		.final = final,
		.utc_ns = seep_clock_utc_ns(),
		.host_name = supervisor->system.nodename,
		.kernel = supervisor->system.release,
		.arch = supervisor->system.machine,
		.scope_type = supervisor->config.scope->key,
		.scope_value = supervisor->config.scope->value,
		.num_watched = seep_watcher_count(supervisor->watcher),
		.num_seen = counts.seen,
		.num_unwatched = counts.unwatched,
		.num_probed = seep_escalator_num_probed(supervisor->escalator),
		.num_traced = seep_escalator_num_traced(supervisor->escalator),
		.num_growing = seep_escalator_growing(supervisor->escalator, &view->growing),
		.growing = view->growing,
		.results = seep_escalator_results(supervisor->escalator),
		.first_new = view->next_new ? view->next_new : 1,
	};
	view->num_cgroups = seep_watch_cgroups_growing(supervisor->cgroups, &view->cgroups);
	view->next_new = view->results->num_added + 1;
	measure(supervisor);
	return view;
}
