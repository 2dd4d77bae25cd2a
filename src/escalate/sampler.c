// SPDX-License-Identifier: GPL-2.0-only
/*
 * One timer at a time leads through the cycle: for a second the process is only looked at (how many
 * faults and switches it has), then faults are counted and sampled for open_s, then not for
 * closed_s, and so on. A loop that is busy makes a time of counting longer than was planned: it is
 * paid for by a longer pause.
 */
#include "escalate/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "escalate/touch_table.h"
#include "kernel/faults.h"
#include "proc/process.h"
#include "proc/stat.h"
#include "proc/switches.h"
#include "watch/pace.h"

#define STAT_BYTES 2048

/* Of a process whose switches the kernel does not tell. */
#define SWITCHES_PER_S 20000

/* How often it is seen to that a burst of faults does not make counting too expensive. */
#define CHECK_S 0.02

/* The numbers of a process so far. */
struct numbers {
	uint64_t at_ns;
	uint64_t faults;
	uint64_t switches;
	uint64_t cpu_ns;
	uint32_t threads;
};

struct seep_sampler {
	struct seep_loop *loop;
	struct seep_loop_source *timer;
	pid_t pid;
	int error;
	struct seep_faults *faults; /* NULL: it has stopped */
	struct seep_touch_table *table;
	struct seep_pace pace;
	bool open;	    /* faults are counted now */
	uint64_t period;    /* with which they are, or were before the pause; 0: not yet */
	uint64_t begun_ns;  /* of the sampling */
	uint64_t lasted_ns; /* when it has stopped */
	uint64_t open_ns;   /* in which faults were counted so far */
	double cost_ns;
	double share;			 /* of the present cycle in which faults are counted */
	struct numbers cycle;		 /* when the cycle began */
	struct numbers opened;		 /* when faults were counted from; only those that were */
	struct seep_touch_counts counts; /* then */
};

static int on_step(void *context, uint64_t value);

static int wait_for(struct seep_sampler *sampler, double seconds)
{
	uint64_t ns = (uint64_t)(seconds * (double)SEEP_NS_PER_S);

	seep_loop_remove(sampler->loop, sampler->timer);
	sampler->timer = NULL;
	return seep_loop_add_timer(sampler->loop, ns ? ns : 1, 0, on_step, sampler,
				   &sampler->timer);
}

/* Faults as the kernel has counted them since the process began, and threads. */
static int read_stat(const struct seep_sampler *sampler, struct numbers *numbers)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_proc_info info;
	char path[32];
	int error;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)sampler->pid);
	error = seep_file_read_at(AT_FDCWD, path, STAT_BYTES, &text);
	if (!error)
		error = seep_proc_parse_stat(text.data, &info);
	if (!error) {
		numbers->faults = info.page_faults;
		numbers->threads = info.num_threads;
	}
	return error == -ENOENT ? -ESRCH : error;
}

static int read_numbers(const struct seep_sampler *sampler, struct numbers *numbers)
{
	int error;

	numbers->at_ns = seep_clock_monotonic_ns();
	error = seep_proc_switches_read(sampler->pid, &numbers->switches);
	if (error == -ENOENT) {
		numbers->switches = numbers->at_ns / SEEP_NS_PER_S * SWITCHES_PER_S;
		error = 0;
	}
	if (!error)
		error = seep_proc_cpu_read(sampler->pid, &numbers->cpu_ns);
	return error ? error : read_stat(sampler, numbers);
}

/* Threads that end take their part of the sum with them. */
static double risen(uint64_t before, uint64_t now)
{
	return now > before ? (double)(now - before) : 0;
}

static void take_sample(void *context, const struct seep_touch_event *event)
{
	struct seep_sampler *sampler = context;

	seep_touch_table_add(sampler->table, event, sampler->share);
}

static void drop_sample(void *context, const struct seep_touch_event *event)
{
	(void)context;
	(void)event;
}

/*
 * Takes what has come until @now_ns; the mappings are read only if something has. What was seen
 * stands for the pause before, too.
 */
static int take_samples(struct seep_sampler *sampler, uint64_t now_ns)
{
	struct seep_touch_counts counts = seep_faults_counts(sampler->faults);
	double open_s = (double)(now_ns - sampler->opened.at_ns) / (double)SEEP_NS_PER_S;
	int error = 0;

	sampler->share = open_s / (open_s + sampler->pace.closed_s);
	if (counts.taken != sampler->counts.taken)
		error = seep_touch_table_refresh(sampler->table);
	seep_faults_drain(sampler->faults, error ? drop_sample : take_sample, sampler);
	return error;
}

/* Of the cycle that ends here. */
static int take_rates(struct seep_sampler *sampler, struct seep_pace_rates *ret_rates)
{
	struct numbers before = sampler->cycle;
	int error = read_numbers(sampler, &sampler->cycle);
	double seconds = (double)(sampler->cycle.at_ns - before.at_ns) / (double)SEEP_NS_PER_S;

	if (!error)
		*ret_rates = (struct seep_pace_rates){
			.faults = risen(before.faults, sampler->cycle.faults) / seconds,
			.switches = risen(before.switches, sampler->cycle.switches) / seconds,
			.cpu_ns = risen(before.cpu_ns, sampler->cycle.cpu_ns) / seconds,
			.threads = sampler->cycle.threads,
		};
	return error;
}

static int open_faults(struct seep_sampler *sampler)
{
	int error = read_numbers(sampler, &sampler->opened);

	if (error)
		return error;
	seep_faults_allow(sampler->faults, sampler->pace.period, sampler->pace.allowance);
	sampler->period = sampler->pace.period;
	if (!sampler->open)
		error = seep_faults_begin(sampler->faults);
	if (error)
		return error;
	sampler->opened.faults = seep_faults_counted(sampler->faults);
	sampler->open = true;
	return wait_for(sampler, fmin(sampler->pace.open_s, CHECK_S));
}

/* What was seen since faults are counted. */
static struct seep_pace_seen take_seen(struct seep_sampler *sampler)
{
	struct seep_touch_counts before = sampler->counts;
	uint64_t open_ns = sampler->cycle.at_ns - sampler->opened.at_ns;
	struct seep_touch_counts *now = &sampler->counts;

	*now = seep_faults_counts(sampler->faults);
	sampler->open_ns += open_ns;
	return (struct seep_pace_seen){
		.open_s = (double)open_ns / (double)SEEP_NS_PER_S,
		.faults = risen(sampler->opened.faults, seep_faults_counted(sampler->faults)),
		.switches = risen(sampler->opened.switches, sampler->cycle.switches),
		.samples = (double)(now->taken + now->unpaid + now->full - before.taken -
				    before.unpaid - before.full),
		.sample_ns = (double)(now->spent_ns - before.spent_ns),
	};
}

/* Samples are taken before the next pace is known, as that is what they were taken at. */
static int close_faults(struct seep_sampler *sampler)
{
	struct seep_pace_rates rates;
	struct seep_pace_seen seen;
	int error = take_rates(sampler, &rates);

	if (!error)
		error = take_samples(sampler, sampler->cycle.at_ns);
	if (error)
		return error;
	seen = take_seen(sampler);
	sampler->cost_ns += seep_pace_cost_ns(&seen);
	seep_pace_next(&sampler->pace, &rates, &seen);
	seep_debug("process %d: %.0f faults and %.0f switches in %.3f s, %.0f ns of %.0f samples; "
		   "next one in %llu for %.3f s, in %.3f s",
		   (int)sampler->pid, seen.faults, seen.switches, seen.open_s, seen.sample_ns,
		   seen.samples, (unsigned long long)sampler->pace.period, sampler->pace.open_s,
		   sampler->pace.closed_s);
	if (!(sampler->pace.closed_s > 0))
		return open_faults(sampler);
	seep_faults_end(sampler->faults);
	sampler->open = false;
	return wait_for(sampler, sampler->pace.closed_s);
}

/* Is the time to count over, or the allowance used up before? */
static bool is_enough(const struct seep_sampler *sampler, double *ret_left_s)
{
	struct seep_touch_counts counts = seep_faults_counts(sampler->faults);
	double passed_s =
		(double)(seep_clock_monotonic_ns() - sampler->opened.at_ns) / (double)SEEP_NS_PER_S;

	*ret_left_s = sampler->pace.open_s - passed_s;
	return *ret_left_s <= 0 || counts.unpaid > sampler->counts.unpaid ||
	       counts.full > sampler->counts.full;
}

static int begin(struct seep_sampler *sampler)
{
	struct seep_pace_rates rates;
	int error = take_rates(sampler, &rates);

	if (error)
		return error;
	seep_pace_begin(&sampler->pace, &rates);
	return open_faults(sampler);
}

static int step(struct seep_sampler *sampler)
{
	double left_s;

	if (!sampler->period)
		return begin(sampler);
	if (!sampler->open)
		return open_faults(sampler);
	return is_enough(sampler, &left_s) ? close_faults(sampler) :
					     wait_for(sampler, fmin(left_s, CHECK_S));
}

static int on_step(void *context, uint64_t value)
{
	struct seep_sampler *sampler = context;

	(void)value;
	sampler->error = step(sampler);
	/* Mostly the process has ended. It is no failure of the loop. */
	if (sampler->error)
		seep_sampler_stop(sampler);
	return 0;
}

int seep_sampler_new(struct seep_loop *loop, pid_t pid, struct seep_sampler **ret_sampler)
{
	struct seep_sampler *sampler = calloc(1, sizeof(*sampler));
	int error;

	if (!sampler)
		return -ENOMEM;
	sampler->loop = loop;
	sampler->pid = pid;
	sampler->begun_ns = seep_clock_monotonic_ns();
	error = seep_touch_table_new(pid, &sampler->table);
	if (!error)
		error = seep_faults_open(pid, &sampler->faults);
	if (!error)
		error = read_numbers(sampler, &sampler->cycle);
	if (!error)
		error = wait_for(sampler, 1);
	if (error) {
		seep_sampler_free(sampler);
		return error;
	}
	*ret_sampler = sampler;
	return 0;
}

void seep_sampler_stop(struct seep_sampler *sampler)
{
	if (!sampler->faults)
		return;
	seep_loop_remove(sampler->loop, sampler->timer);
	sampler->timer = NULL;
	sampler->lasted_ns = seep_clock_monotonic_ns() - sampler->begun_ns;
	if (sampler->open) {
		uint64_t now_ns = seep_clock_monotonic_ns();

		sampler->open = false;
		sampler->open_ns += now_ns - sampler->opened.at_ns;
		seep_faults_end(sampler->faults);
		take_samples(sampler, now_ns);
		sampler->counts = seep_faults_counts(sampler->faults);
	}
	seep_faults_close(sampler->faults);
	sampler->faults = NULL;
	seep_touch_table_finish(sampler->table);
}

void seep_sampler_free(struct seep_sampler *sampler)
{
	if (!sampler)
		return;
	if (sampler->faults)
		seep_sampler_stop(sampler);
	if (sampler->table)
		seep_touch_table_free(sampler->table);
	free(sampler);
}

bool seep_sampler_is_running(const struct seep_sampler *sampler)
{
	return sampler->faults != NULL;
}

int seep_sampler_error(const struct seep_sampler *sampler)
{
	return sampler->error;
}

const struct seep_touches *seep_sampler_touches(struct seep_sampler *sampler)
{
	struct seep_touches *touches = seep_touch_table_touches(sampler->table);
	uint64_t span_ns = sampler->faults ? seep_clock_monotonic_ns() - sampler->begun_ns :
					     sampler->lasted_ns;

	touches->period = sampler->period;
	touches->open_s = (double)sampler->open_ns / (double)SEEP_NS_PER_S;
	touches->span_s = (double)span_ns / (double)SEEP_NS_PER_S;
	touches->cost_ns = sampler->cost_ns;
	touches->skipped = sampler->counts.unpaid + sampler->counts.full;
	if (sampler->faults)
		touches->threads_left_out = seep_faults_threads_left_out(sampler->faults);
	return touches;
}
