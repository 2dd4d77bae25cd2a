/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace of fixture.h with a second process, which is traced in windows beside one that is
 * traced in full: it has two sites, of which one leaks.
 */
#ifndef TESTS_UNIT_REPORT_SAMPLED_H
#define TESTS_UNIT_REPORT_SAMPLED_H

#include "model/sampling.h"
#include "report/judged.h"

static const struct seep_sampling leak_sampling = {
	.seen_objects = 12,
	.allocs_error = 30.25,
	.alloc_bytes_error = 123904,
	.live_objects_error = 29.5,
	.live_bytes_error = 120832,
	.staying = 0.97,
	.staying_low = 0.74,
	.staying_high = 1,
	.lifetimes = {[10] = 1},
	.ages = {[24] = 11},
};

static const struct seep_sampling churn_sampling = {
	.seen_objects = 1,
	.allocs_error = 11,
	.alloc_bytes_error = 11000,
	.live_objects_error = 2.9,
	.live_bytes_error = 2900,
	.staying = NAN,
	.staying_low = NAN,
	.staying_high = NAN,
};

static inline void fixture_init_sampled(struct fixture *fixture)
{
	struct seep_process *process = &fixture->processes[1];

	fixture_init_two(fixture);
	*process = fixture_server;
	process->id = 2;
	process->pid = 1240;
	process->inner_pid = 1240;
	process->comm = "redis-server";
	process->mode = SEEP_TRACING_WINDOWS;
	process->sampled = true;
	process->seen_share = 0.029;
	process->probes_cpu_pct = 2.8;
	fixture->sites[1].process = process;
	fixture->sites[1].sampling = &leak_sampling;
	fixture->sites[1].judgement = &leak;
	fixture->sites[5].sampling = &churn_sampling;
	fixture_sum(fixture);
}

#endif
