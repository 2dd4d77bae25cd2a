/* SPDX-License-Identifier: GPL-2.0-only */
/* A view of two processes, one of which was convicted, for the tests of reports. */
#ifndef SEEP_TESTS_WATCH_VIEWED_H
#define SEEP_TESTS_WATCH_VIEWED_H

#include <string.h>

#include "watch/view.h"

static char viewed_headline[] = "server (PID 4242) leaks 50.0 KiB/s in \"read_headers\".";
static char viewed_text[] = "server (PID 4242) leaks.\n\n#1  1.03 MiB\n";
static char viewed_function[] = "read_headers";
static char viewed_json[] = "{\"schema\":\"seep.report/1\"}\n";
static char viewed_cgroup[] = "/system.slice/shop.service";

struct viewed {
	struct seep_watch_process server;
	struct seep_watch_process worker;
	struct seep_watch_process *growing[2];
	struct seep_results results;
	struct seep_watch_cgroup cgroup;
	const struct seep_watch_cgroup *cgroups[1];
	struct seep_watch_view view;
};

static inline void viewed_init(struct viewed *viewed)
{
	memset(viewed, 0, sizeof(*viewed));
	viewed->server = (struct seep_watch_process){
		.pid = 4242,
		.parent = 1,
		.start_ticks = 77,
		.comm = "server",
		.cgroup = viewed_cgroup,
		.now = {.values = {[SEEP_WATCH_ANON] = 12 << 20, [SEEP_WATCH_FDS] = 340},
			.rss_bytes = 14 << 20},
		.num_growths = 2,
		.growths = {{.value = SEEP_WATCH_ANON,
			     .track = {.span_s = 90,
				       .grown = 4608000,
				       .rate = {51200, 50000, 52000},
				       .pattern = SEEP_PATTERN_LINEAR},
			     .limit = SEEP_LIMIT_MACHINE_MEMORY,
			     .eta_s = {86400, 86000, 87000},
			     .severity = SEEP_SEVERITY_MEDIUM},
			    {.value = SEEP_WATCH_FDS,
			     .track = {.span_s = 90, .grown = 180, .rate = {2, 1.9, 2.1}},
			     .limit = SEEP_LIMIT_COUNT,
			     .eta_s = SEEP_INTERVAL_UNKNOWN,
			     .severity = SEEP_SEVERITY_LOW}},
		.standing = {.state = SEEP_WATCH_STATE_CONVICTED, .tries = 1},
		.pss_bytes = SEEP_UNKNOWN,
		.heap_bytes = 10 << 20,
	};
	viewed->worker = (struct seep_watch_process){
		.pid = 5,
		.comm = "wor\033ker",
		.standing = {.state = SEEP_WATCH_STATE_CLEARED, .tries = 2},
		.pss_bytes = SEEP_UNKNOWN,
		.heap_bytes = SEEP_UNKNOWN,
	};
	viewed->growing[0] = &viewed->server;
	viewed->growing[1] = &viewed->worker;
	viewed->results = (struct seep_results){
		.num = 1,
		.num_added = 3,
		.list = {{.number = 3,
			  .pid = 4242,
			  .start_ticks = 77,
			  .comm = "server",
			  .begun_s = 30,
			  .traced_s = 40.1,
			  .outcome = SEEP_OUTCOME_LEAK,
			  .leaks = SEEP_KIND_BIT(SEEP_KIND_MEMORY),
			  .headline = viewed_headline,
			  .text = viewed_text,
			  .function = viewed_function,
			  .json = viewed_json}},
	};
	viewed->cgroup = (struct seep_watch_cgroup){
		.path = viewed_cgroup,
		.num_processes = 2,
		.current_bytes = 600 << 20,
		.memory = {600 << 20, 1 << 30},
		.pressure_pct = 1.5,
		.new_oom_kills = 1,
		.grows = SEEP_WATCH_CGROUP_ANON,
		.growth = {.rate = {51200, 50000, 52000}, .pattern = SEEP_PATTERN_LINEAR},
		.eta_s = {8700, 8600, 8800},
	};
	viewed->cgroups[0] = &viewed->cgroup;
	viewed->view = (struct seep_watch_view){
		.seq = 9,
		.utc_ns = 1800000000123000000,
		.elapsed_s = 90,
		.interval_s = 10,
		.host_name = "host",
		.kernel = "6.18.0",
		.arch = "x86_64",
		.scope_type = "all",
		.scope_value = "",
		.num_watched = 300,
		.num_seen = 312,
		.num_probed = 2,
		.num_growing = 2,
		.growing = viewed->growing,
		.num_cgroups = 1,
		.cgroups = viewed->cgroups,
		.results = &viewed->results,
		.first_new = 3,
		.cpu_pct = 0.0312,
		.rss_bytes = 8 << 20,
	};
}

#endif
