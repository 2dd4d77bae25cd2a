// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table of the processes that are traced in windows, each with a table of its sites. After a
 * window the sites in the kernel are read, and what each has got since the window before stands for
 * the gap, too; if that takes more than a small share of the time, after several windows together.
 * What the kernel knows of the fate of the blocks is read when a report is made; the last state is
 * kept, because a process that has ended is reported for a long time.
 *
 * Some 4 KiB for each site of such a process.
 */
#include "trace/sampled_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uthash.h>

#include "base/clock.h"
#include "base/units.h"
#include "kernel/objects.h"

/* Reading the sites takes at most one part in so many of the time. */
#define READING_SHARE 200

#define READING_WINDOWS 4
#define READING_LEAST_S 0.01

int seep_sampled_new(struct seep_kernel *kernel, uint64_t sample_bytes,
		     struct seep_sampled **ret_sampled)
{
	struct seep_sampled *sampled = calloc(1, sizeof(*sampled));

	if (!sampled)
		return -ENOMEM;
	sampled->kernel = kernel;
	sampled->sample_bytes = sample_bytes;
	*ret_sampled = sampled;
	return 0;
}

static void drop(struct seep_sampled *sampled, struct seep_sampled_process *process)
{
	struct seep_sampled_site *site, *next;

	HASH_ITER(hh, process->sites, site, next) {
		HASH_DEL(process->sites, site);
		free(site);
	}
	HASH_DEL(sampled->processes, process);
	free(process);
}

void seep_sampled_free(struct seep_sampled *sampled)
{
	struct seep_sampled_process *process, *next;

	if (!sampled)
		return;
	HASH_ITER(hh, sampled->processes, process, next)
		drop(sampled, process);
	free(sampled);
}

struct seep_sampled_process *seep_sampled_find(const struct seep_sampled *sampled, uint32_t id)
{
	struct seep_sampled_process *process;

	HASH_FIND(hh, sampled->processes, &id, sizeof(id), process);
	return process;
}

/* NULL without memory. */
static struct seep_sampled_process *add(struct seep_sampled *sampled, uint32_t id)
{
	struct seep_sampled_process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->id = id;
	HASH_ADD(hh, sampled->processes, id, sizeof(process->id), process);
	if (process->hh.tbl)
		return process;
	free(process);
	return NULL;
}

/* NULL without memory. */
struct seep_sampled_site *seep_sampled_site_of(struct seep_sampled_process *process,
					       const struct seep_site_key *key)
{
	struct seep_sampled_site *site;

	HASH_FIND(hh, process->sites, key, sizeof(*key), site);
	if (site)
		return site;
	site = calloc(1, sizeof(*site));
	if (!site)
		return NULL;
	site->key = *key;
	HASH_ADD(hh, process->sites, key, sizeof(site->key), site);
	if (site->hh.tbl)
		return site;
	free(site);
	return NULL;
}

void seep_window_add(struct seep_window *sum, const struct seep_window *window)
{
	sum->gap_s += window->gap_s;
	sum->open_s += window->open_s;
	sum->cpu.open_cpu_s += window->cpu.open_cpu_s;
	sum->cpu.open_user_s += window->cpu.open_user_s;
	sum->cpu.cost_s += window->cpu.cost_s;
	sum->cpu.gap_cpu_s += window->cpu.gap_cpu_s;
	sum->cpu.gap_user_s += window->cpu.gap_user_s;
}

/* What the site has got since it was read last stands for the windows since then. */
static void settle(const struct seep_sampled_process *process, struct seep_sampled_site *site,
		   const struct seep_seen *seen)
{
	const struct seep_slowdown *waiting = &process->waiting.cpu;
	double events = seen->allocs - site->seen.allocs;
	double bytes = seen->alloc_bytes - site->seen.alloc_bytes;

	/* Else it did not run, by a clock that has its steps. */
	if (waiting->open_cpu_s > 0) {
		seep_total_add(&site->total, events, events, waiting->gap_cpu_s,
			       waiting->open_cpu_s);
		seep_total_add(&site->total_bytes, bytes, events > 0 ? bytes * bytes / events : 0,
			       waiting->gap_cpu_s, waiting->open_cpu_s);
	}
	site->seen = *seen;
}

/* What is settled for a process. */
struct settling {
	const struct seep_sampled *sampled;
	struct seep_sampled_process *process;
};

/* For seep_kernel_each_site. 0 goes on. */
static int settle_site(const struct seep_site_key *key, const struct seep_site_value *value,
		       void *context)
{
	const struct settling *settling = context;
	struct seep_sampled_process *process = settling->process;
	struct seep_sampled_site *site;
	struct seep_seen seen;

	if (key->process != process->id || key->kind != SEEP_KIND_MEMORY)
		return 0;
	site = seep_sampled_site_of(process, key);
	if (!site)
		return -ENOMEM;
	seen = seep_sampled_seen(settling->sampled, value);
	settle(process, site, &seen);
	return 0;
}

double seep_sampled_own_share(const struct seep_sampled_process *process, double *ret_error)
{
	double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
	const struct seep_window *gaps = &process->gaps;
	double gaps_by_windows = gaps->open_s > 0 ? gaps->gap_s / gaps->open_s : 0;

	return seep_slowdown_own_share(&gaps->cpu, gaps_by_windows, tick_s, ret_error);
}

/* How many calls one stands for that was seen in windows like these. */
static double weight_of(const struct seep_sampled_process *process,
			const struct seep_slowdown *windows)
{
	double error;

	if (windows->open_cpu_s <= 0)
		return 1;
	return 1 +
	       windows->gap_cpu_s / (windows->open_cpu_s * seep_sampled_own_share(process, &error));
}

/*
 * The weight of a window in which the process hardly ran is mostly chance, so windows are put
 * together: some of them, and until it has run for long enough.
 */
static bool is_worth_reading(const struct seep_sampled_process *process)
{
	return process->num_waiting >= READING_WINDOWS &&
	       process->waiting.cpu.open_cpu_s >= READING_LEAST_S;
}

static int settle_all(struct seep_sampled *sampled, struct seep_sampled_process *process)
{
	struct settling settling = {sampled, process};
	int error = seep_kernel_each_site(sampled->kernel, settle_site, &settling);

	process->waiting = (struct seep_window){0};
	process->num_waiting = 0;
	return error;
}

int seep_sampled_window(struct seep_sampled *sampled, uint32_t id, const struct seep_window *window)
{
	struct seep_sampled_process *process = seep_sampled_find(sampled, id);
	uint64_t began_ns = seep_clock_monotonic_ns(), took_ns;
	bool first = !process;
	int error;

	if (first)
		process = add(sampled, id);
	if (!process)
		return -ENOMEM;
	seep_windows_add(&process->windows, window->gap_s, window->open_s, window->followed_s);
	seep_window_add(&process->all, window);
	seep_window_add(&process->waiting, window);
	if (!first)
		seep_window_add(&process->gaps, window);
	process->num_waiting++;
	process->whole = false;
	process->present = (struct seep_window){0};
	/* What was seen before the first gap must not be taken for more than it is. */
	if (!first && (began_ns < sampled->next_reading_ns || !is_worth_reading(process)))
		return 0;
	error = settle_all(sampled, process);
	took_ns = seep_clock_monotonic_ns() - began_ns;
	sampled->next_reading_ns = began_ns + READING_SHARE * took_ns;
	return error;
}

int seep_sampled_settle(struct seep_sampled *sampled, uint32_t id)
{
	struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	if (!process)
		return 0;
	process->whole = true;
	return process->num_waiting ? settle_all(sampled, process) : 0;
}

void seep_sampled_present(struct seep_sampled *sampled, uint32_t id,
			  const struct seep_window *window)
{
	struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	if (process)
		process->present = *window;
}

double seep_sampled_weight(const struct seep_sampled *sampled, uint32_t id)
{
	const struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	return process ? weight_of(process, &process->gaps.cpu) : 1;
}

double seep_sampled_correction(const struct seep_sampled *sampled, uint32_t id)
{
	const struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	return process ? seep_slowdown_correction(&process->gaps.cpu,
						  1.0 / (double)sysconf(_SC_CLK_TCK))
				 .factor :
			 1;
}

bool seep_sampled_has(const struct seep_sampled *sampled, uint32_t id)
{
	return seep_sampled_find(sampled, id) != NULL;
}

double seep_sampled_share(const struct seep_sampled *sampled, uint32_t id)
{
	const struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	return process ? 1 / weight_of(process, &process->all.cpu) : 1;
}

void seep_sampled_keep(struct seep_sampled *sampled, uint32_t id)
{
	struct seep_sampled_process *process = seep_sampled_find(sampled, id);

	if (!process)
		return;
	for (struct seep_sampled_site *site = process->sites; site; site = site->hh.next)
		seep_sampled_read(sampled, site);
}

void seep_sampled_forget(struct seep_sampled *sampled, const struct seep_processes *processes)
{
	struct seep_sampled_process *process, *next;

	HASH_ITER(hh, sampled->processes, process, next) {
		if (!seep_processes_find(processes, process->id))
			drop(sampled, process);
	}
}
