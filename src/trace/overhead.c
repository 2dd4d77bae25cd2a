// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tracing costs: hits come from BPF's counters, the cost of a trap from the calibration at
 * start (kernel/features.h), the run time of our programs from the kernel's BPF statistics, which
 * are only on for short times. Rates are taken between two readings at least MIN_RATE_NS
 * apart.
 */
#include "trace/overhead.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "kernel/costs.h"
#include "kernel/counters.h"
#include "probe/registry.h"
#include "proc/process.h"

/* Rates over less than this say more about the reporting than about the trace. */
#define MIN_RATE_NS (500 * SEEP_NS_PER_MS)

/* What each link of another process adds to a hit, docs/developers/probing.md. */
#define OTHER_LINK_NS 40

/* Totals at a moment; a rate is the difference of two readings by their time. */
struct reading {
	uint64_t time_ns;
	uint64_t cpu_ns;
	uint64_t events;
};

struct seep_overhead_meter {
	struct seep_kernel *kernel;
	struct seep_files *files;
	/* Rates are taken from the reading before, or the one before that if it is too fresh. */
	struct reading latest;
	struct reading earlier;
	/* the measurement, and what it gave */
	int stats_fd;
	uint64_t began_ns;
	/* Totals when it began: run time at probes, run time at calls, hits. */
	uint64_t began_run_ns;
	uint64_t began_calls_ns;
	uint64_t began_events;
	uint64_t bpf_ns_per_event;
	uint64_t trap_ns; /* mean of a hit, when that was measured; 0: not yet */
	double calls_cpu_pct;
	size_t others; /* links that the kernel asks besides, at each hit */
	/* Scratch, 32 KiB: too large for the stack. */
	uint64_t hits[SEEP_MAX_PROBES];
};

int seep_overhead_new(struct seep_kernel *kernel, struct seep_files *files,
		      struct seep_overhead_meter **ret_meter)
{
	struct seep_overhead_meter *meter = calloc(1, sizeof(*meter));

	if (!meter)
		return -ENOMEM;
	meter->kernel = kernel;
	meter->files = files;
	meter->stats_fd = -1;
	/* Unknown until the first measurement has ended with events in it. */
	meter->bpf_ns_per_event = SEEP_UNKNOWN;
	meter->calls_cpu_pct = NAN;
	meter->latest.time_ns = seep_clock_monotonic_ns();
	meter->latest.cpu_ns = seep_clock_cpu_ns();
	meter->earlier = meter->latest;
	*ret_meter = meter;
	return 0;
}

void seep_overhead_free(struct seep_overhead_meter *meter)
{
	if (!meter)
		return;
	seep_cleanup_fd(&meter->stats_fd);
	free(meter);
}

/* Also fills meter->hits, by which the mean cost of a trap is weighted. */
int seep_overhead_events(struct seep_overhead_meter *meter, uint64_t *ret_events)
{
	uint32_t num_probes = seep_registry_count(seep_files_registry(meter->files));
	int error = seep_kernel_read_hits(meter->kernel, num_probes, meter->hits);
	uint64_t sum = 0;

	if (error)
		return error;
	for (uint32_t i = 0; i < num_probes; i++)
		sum += meter->hits[i];
	*ret_events = sum;
	return 0;
}

/* Totals first: the few hits before the statistics are on count without run time. */
void seep_overhead_measure(struct seep_overhead_meter *meter)
{
	if (meter->stats_fd >= 0 || seep_overhead_events(meter, &meter->began_events) ||
	    seep_kernel_read_run_time(meter->kernel, SEEP_PROGRAMS_AT_PROBES,
				      &meter->began_run_ns) ||
	    seep_kernel_read_run_time(meter->kernel, SEEP_PROGRAMS_AT_CALLS,
				      &meter->began_calls_ns))
		return;
	meter->began_ns = seep_clock_monotonic_ns();
	/* Negative without CAP_SYS_ADMIN: then closing does nothing, and the costs stay unknown. */
	meter->stats_fd = seep_kernel_measure_run_time();
}

/* What the programs at system calls took of the machine in the measurement that ends. */
static void read_calls(struct seep_overhead_meter *meter)
{
	uint64_t elapsed_ns = seep_clock_monotonic_ns() - meter->began_ns, calls_ns;

	if (elapsed_ns &&
	    !seep_kernel_read_run_time(meter->kernel, SEEP_PROGRAMS_AT_CALLS, &calls_ns))
		meter->calls_cpu_pct =
			100.0 * (double)(calls_ns - meter->began_calls_ns) / (double)elapsed_ns;
}

/* Mean cost of a trap, over all hits so far. */
static uint64_t probe_ns_per_event(const struct seep_overhead_meter *meter, uint64_t events)
{
	uint64_t sum_ns = 0;

	if (!events)
		return SEEP_UNKNOWN;
	for (uint32_t i = 0; i < seep_registry_count(seep_files_registry(meter->files)); i++)
		sum_ns += meter->hits[i] * seep_registry_cost(seep_files_registry(meter->files), i);
	return sum_ns / events;
}

void seep_overhead_measured(struct seep_overhead_meter *meter)
{
	uint64_t run_ns, events;

	if (meter->stats_fd < 0)
		return;
	close(meter->stats_fd);
	meter->stats_fd = -1;
	read_calls(meter);
	if (seep_kernel_read_run_time(meter->kernel, SEEP_PROGRAMS_AT_PROBES, &run_ns) ||
	    seep_overhead_events(meter, &events) || events == meter->began_events)
		return;
	/* A measurement without hits tells nothing, and the value of the last one stays. */
	meter->bpf_ns_per_event = (run_ns - meter->began_run_ns) / (events - meter->began_events);
	meter->trap_ns = probe_ns_per_event(meter, events);
}

/* Before it is measured: what a trap takes, and a program below a dozen frames. */
#define USUAL_TRAP_NS 700.0
#define USUAL_BPF_NS  700.0

double seep_overhead_cost_factor(const struct seep_overhead_meter *meter, size_t others)
{
	double trap_ns = USUAL_TRAP_NS, bpf_ns = USUAL_BPF_NS;

	if (meter->bpf_ns_per_event != SEEP_UNKNOWN && meter->trap_ns) {
		trap_ns = (double)meter->trap_ns;
		bpf_ns = (double)meter->bpf_ns_per_event;
	}
	return 1 + (bpf_ns + (double)(others * OTHER_LINK_NS)) / trap_ns;
}

void seep_overhead_set_others(struct seep_overhead_meter *meter, size_t others)
{
	meter->others = others;
}

/* Leaves what cannot be said as it is: NAN or unknown. */
static void fill_rates(const struct reading *from, const struct reading *to,
		       struct seep_overhead *overhead)
{
	double elapsed_ns = (double)(to->time_ns - from->time_ns);

	if (elapsed_ns <= 0)
		return;
	overhead->events_per_s =
		(double)(to->events - from->events) * (double)SEEP_NS_PER_S / elapsed_ns;
	overhead->seep_cpu_pct = 100.0 * (double)(to->cpu_ns - from->cpu_ns) / elapsed_ns;
	if (overhead->bpf_ns_per_event == SEEP_UNKNOWN ||
	    overhead->probe_ns_per_event == SEEP_UNKNOWN)
		return;
	/* Of one CPU, as the other percentages are: several threads can make more than 100. */
	overhead->target_cpu_pct =
		overhead->events_per_s *
		(double)(overhead->bpf_ns_per_event + overhead->probe_ns_per_event) /
		(double)SEEP_NS_PER_S * 100.0;
}

int seep_overhead_read(struct seep_overhead_meter *meter, uint64_t now_ns,
		       struct seep_overhead *ret_overhead)
{
	struct seep_overhead overhead = {
		.events_per_s = NAN,
		.target_cpu_pct = NAN,
		.seep_cpu_pct = NAN,
		.seep_rss_bytes = SEEP_UNKNOWN,
	};
	struct reading now = {.time_ns = now_ns, .cpu_ns = seep_clock_cpu_ns()};
	/* A reading a moment ago makes a poor rate: the one before it is taken. */
	bool fresh = now_ns - meter->latest.time_ns < MIN_RATE_NS;
	struct seep_proc_memory memory;
	int error = seep_overhead_events(meter, &now.events);

	if (error)
		return error;
	overhead.events = now.events;
	overhead.bpf_ns_per_event = meter->bpf_ns_per_event;
	overhead.calls_cpu_pct = meter->calls_cpu_pct;
	overhead.probe_ns_per_event = probe_ns_per_event(meter, now.events);
	if (overhead.probe_ns_per_event != SEEP_UNKNOWN)
		overhead.probe_ns_per_event += meter->others * OTHER_LINK_NS;
	overhead.map_bytes = seep_kernel_map_bytes(meter->kernel);
	if (seep_proc_memory_read(getpid(), &memory) == 0)
		overhead.seep_rss_bytes = memory.rss_bytes;
	fill_rates(fresh ? &meter->earlier : &meter->latest, &now, &overhead);
	if (!fresh) {
		meter->earlier = meter->latest;
		meter->latest = now;
	}
	*ret_overhead = overhead;
	return 0;
}
