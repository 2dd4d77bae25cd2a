/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace that never happened: snapshots made by hand, with everything in them that a report must
 * cope with. The program that includes this is linked with --wrap=seep_symbolizer_resolve, so that
 * frames resolve by the table below.
 */
#ifndef TESTS_UNIT_REPORT_FIXTURE_H
#define TESTS_UNIT_REPORT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/units.h"
#include "model/snapshot.h"
#include "report/report.h"

#define LIBC   1
#define SERVER 2
#define VENDOR 3
#define EVIL   4
#define NEXT   5

#define LIBC_PATH   "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define SERVER_PATH "/usr/bin/server"
#define VENDOR_PATH "/opt/vendor/lib/libstripped.so.2"
#define EVIL_PATH   "/tmp/evil;\033[31m<svg onload=\"alert(1)\">.so"

#define LIBC_BUILD   "4f2a91c07d3be6580a1b2c3d4e5f60718293a4b5"
#define SERVER_BUILD "00112233445566778899aabbccddeeff00112233"

#define EVIL_NAME                                                                                  \
	"<script>alert(\"1\")</script>;]]>--> & 'quote'\n\033[31mred \xe2\x80\xae \xff\xef\xbf\xbf"
#define LONG_NAME                                                                                  \
	"std::vector<std::map<std::__cxx11::basic_string<char, std::char_traits<char>, "           \
	"std::allocator<char> >, server::session::state>, std::allocator<server::session::state> " \
	">::_M_realloc_insert<server::session::state const&>(server::session::state const&)"
#define LONG_SOURCE                                                                                \
	"/home/builder/proj/server/third_party/containers/include/containers/detail/vector_impl.hpp"

struct fixture_frame {
	uint64_t frame;
	struct seep_location location;
};

#define ONE(function, source, line)                                                                \
	1, (const struct seep_line[])                                                              \
	{                                                                                          \
		{                                                                                  \
			function, source, line, false                                              \
		}                                                                                  \
	}

#define F_MALLOC      SEEP_FRAME(LIBC, 0x98450)
#define F_CALLOC      SEEP_FRAME(LIBC, 0x98a90)
#define F_START_CALL  SEEP_FRAME(LIBC, 0x271c9)
#define F_START_MAIN  SEEP_FRAME(LIBC, 0x27284)
#define F_GROW	      SEEP_FRAME(SERVER, 0x11a4)
#define F_GROW_AGAIN  SEEP_FRAME(SERVER, 0x11c8)
#define F_GROW_MOVED  SEEP_FRAME(NEXT, 0x21c8) /* of the server's next version */
#define F_HANDLE      SEEP_FRAME(SERVER, 0x1267)
#define F_LOOP	      SEEP_FRAME(SERVER, 0x1301)
#define F_MAIN	      SEEP_FRAME(SERVER, 0x1410)
#define F_START	      SEEP_FRAME(SERVER, 0x10c0)
#define F_LONG	      SEEP_FRAME(SERVER, 0x2b00)
#define F_PARSE	      SEEP_FRAME(SERVER, 0x2c10)
#define F_STRIPPED    SEEP_FRAME(VENDOR, 0x1f40)
#define F_EVIL	      SEEP_FRAME(EVIL, 0x666)
#define F_EVIL_MODULE SEEP_FRAME(EVIL, 0x777)
#define F_BEFORE      SEEP_ORIGIN_FRAME(SEEP_ORIGIN_BEFORE)
#define F_JIT	      (SEEP_FRAME_RAW | 0x7f0012345678)

static const struct fixture_frame fixture_frames[] = {
	{F_MALLOC, {LIBC_PATH, LIBC_BUILD, 0x98450, ONE("malloc", NULL, 0)}},
	{F_CALLOC, {LIBC_PATH, LIBC_BUILD, 0x98a90, ONE("calloc", NULL, 0)}},
	{F_START_CALL, {LIBC_PATH, LIBC_BUILD, 0x271c9, ONE("__libc_start_call_main", NULL, 0)}},
	{F_START_MAIN, {LIBC_PATH, LIBC_BUILD, 0x27284, ONE("__libc_start_main", NULL, 0)}},
	{F_GROW,
	 {SERVER_PATH, SERVER_BUILD, 0x11a4, 2,
	  (const struct seep_line[]){{"xmalloc", "src/util.h", 12, true},
				     {"buffer_grow", "src/buffer.c", 42, false}}}},
	{F_GROW_AGAIN,
	 {SERVER_PATH, SERVER_BUILD, 0x11c8, 2,
	  (const struct seep_line[]){{"xmalloc", "src/util.h", 12, true},
				     {"buffer_grow", "src/buffer.c", 57, false}}}},
	{F_GROW_MOVED,
	 {"/opt/next/bin/server", "ffeeddccbbaa99887766554433221100ffeeddcc", 0x21c8, 2,
	  (const struct seep_line[]){{"xmalloc", "src/util.h", 14, true},
				     {"buffer_grow", "src/buffer.c", 61, false}}}},
	{F_HANDLE, {SERVER_PATH, SERVER_BUILD, 0x1267, ONE("handle_request", "src/server.c", 88)}},
	{F_LOOP, {SERVER_PATH, SERVER_BUILD, 0x1301, ONE("worker_loop", "src/server.c", 131)}},
	{F_MAIN, {SERVER_PATH, SERVER_BUILD, 0x1410, ONE("main", "src/main.c", 19)}},
	{F_START, {SERVER_PATH, SERVER_BUILD, 0x10c0, ONE("_start", NULL, 0)}},
	{F_LONG, {SERVER_PATH, SERVER_BUILD, 0x2b00, ONE(LONG_NAME, LONG_SOURCE, 1207)}},
	{F_PARSE, {SERVER_PATH, SERVER_BUILD, 0x2c10, ONE("parse_nested", "src/parse.c", 7)}},
	{F_STRIPPED, {VENDOR_PATH, NULL, 0x1f40, ONE(NULL, NULL, 0)}},
	{F_EVIL, {EVIL_PATH, NULL, 0x666, ONE(EVIL_NAME, NULL, 0)}},
	{F_EVIL_MODULE, {EVIL_PATH, NULL, 0x777, ONE(NULL, NULL, 0)}},
	{F_BEFORE, {NULL, NULL, 0, ONE("[before the trace]", NULL, 0)}},
	{F_JIT, {NULL, NULL, 0x7f0012345678, ONE(NULL, NULL, 0)}},
};

/* What F_JIT is in the second process, which names its code. */
static const struct seep_location fixture_named_jit = {"[jit]", NULL, 0x7f0012345678,
						       ONE("~render view.js:7", NULL, 0)};

const struct seep_location *__wrap_seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
							   uint32_t process, uint64_t frame);
const struct seep_location *__wrap_seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
							   uint32_t process, uint64_t frame)
{
	(void)symbolizer;
	if (frame == F_JIT && process == 2)
		return &fixture_named_jit;
	for (size_t i = 0; i < sizeof(fixture_frames) / sizeof(fixture_frames[0]); i++) {
		if (fixture_frames[i].frame == frame)
			return &fixture_frames[i].location;
	}
	fail_msg("no such frame: %#llx", (unsigned long long)frame);
	return NULL;
}

#define OUTER F_HANDLE, F_LOOP, F_MAIN, F_START_CALL, F_START_MAIN, F_START
#define FOUR  F_PARSE, F_PARSE, F_PARSE, F_PARSE

static const uint64_t grow_frames[] = {F_MALLOC, F_GROW, OUTER};
static const uint64_t grow_again_frames[] = {F_MALLOC, F_GROW_AGAIN, OUTER};
static const uint64_t long_frames[] = {F_CALLOC, F_LONG, OUTER};
static const uint64_t stripped_frames[] = {F_MALLOC, F_STRIPPED};
static const uint64_t evil_frames[] = {F_MALLOC, F_EVIL, F_EVIL_MODULE, F_MAIN, F_START};
static const uint64_t deep_frames[] = {F_MALLOC, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, OUTER};
static const uint64_t jit_frames[] = {F_MALLOC, F_JIT};

#define STACK(frames, end) {0, SEEP_END_##end, sizeof(frames) / sizeof((frames)[0]), frames}

static const struct seep_stack grow_stack = STACK(grow_frames, COMPLETE);
static const struct seep_stack grow_again_stack = STACK(grow_again_frames, COMPLETE);
static const struct seep_stack long_stack = STACK(long_frames, COMPLETE);
static const struct seep_stack stripped_stack = STACK(stripped_frames, NO_TABLE);
static const struct seep_stack evil_stack = STACK(evil_frames, COMPLETE);
static const struct seep_stack deep_stack = STACK(deep_frames, DEPTH);
static const struct seep_stack jit_stack = STACK(jit_frames, JIT);
static const struct seep_stack lost_stack = {0, SEEP_END_COMPLETE, 0, NULL};

struct fixture {
	struct seep_process processes[2];
	struct seep_site sites[10];
	struct seep_snapshot snapshot;
};

static const struct seep_process fixture_server = {
	.id = 1,
	.pid = 1234,
	.inner_pid = 1234,
	.start_utc_ns = 1795168000ULL * SEEP_NS_PER_S,
	.comm = "server",
	.exe = SERVER_PATH,
	.cgroup = "/system.slice/server.service",
	.attached_late = true,
	.rss_bytes = 50331648,
	.anon_bytes = 20971520,
	.pss_bytes = 41943040,
	.pre_attach_bytes = 10485760,
	.fd_limit = UINT64_MAX,
	.fd_limit_eta_ns = SEEP_UNKNOWN,
	.seen_share = 1,
	.probes_cpu_pct = 0.4,
	.unmatched_frees = 12,
	.unmatched_free_bytes = 1920,
	.unmatched_frees_unsized = 2,
};

static const struct seep_process fixture_worker = {
	.id = 2,
	.pid = 1240,
	.start_utc_ns = SEEP_UNKNOWN,
	.inner_pid = 7,
	.comm = "wo;rk er\033[31m",
	.container = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	.pod = "1b7f3a52-0c4d-4e6f-8a9b-0123456789ab",
	.exited = true,
	.seen_share = 1,
	.probes_cpu_pct = NAN,
	.rss_bytes = SEEP_UNKNOWN,
	.anon_bytes = SEEP_UNKNOWN,
	.pss_bytes = SEEP_UNKNOWN,
	.pre_attach_bytes = SEEP_UNKNOWN,
	.fd_limit = UINT64_MAX,
	.fd_limit_eta_ns = SEEP_UNKNOWN,
	.unmatched_frees = SEEP_UNKNOWN,
	.unmatched_free_bytes = SEEP_UNKNOWN,
	.unmatched_frees_unsized = SEEP_UNKNOWN,
};

static const struct seep_snapshot fixture_snapshot = {
	.seq = 3,
	.utc_ns = 1795168800ULL * SEEP_NS_PER_S + 123 * SEEP_NS_PER_MS,
	.elapsed_ns = 30 * SEEP_NS_PER_S,
	.interval_ns = 10 * SEEP_NS_PER_S,
	.host_name = "host",
	.kernel = "6.18.44",
	.arch = "x86_64",
	.scope_type = "pid",
	.scope_value = "1234",
	.max_size_bytes = UINT64_MAX,
	.totals[SEEP_KIND_MEMORY].traced = true,
	.overhead =
		{
			.events = 123456,
			.events_per_s = 4115.2,
			.bpf_ns_per_event = 900,
			.probe_ns_per_event = 600,
			.target_cpu_pct = 3.14159,
			.seep_cpu_pct = 0.4,
			.seep_rss_bytes = 12582912,
			.map_bytes = 41943040,
		},
};

static struct seep_site fixture_site(const struct fixture *fixture, const struct seep_stack *stack,
				     uint64_t id, uint64_t objects, uint64_t bytes, uint64_t frees)
{
	struct seep_site site = {
		.id = id,
		.process = &fixture->processes[0],
		.stack = stack,
		.counts = {objects + frees, frees, bytes + frees * 64, frees * 64},
		.live_objects = objects,
		.live_bytes = bytes,
		.oldest_ns = objects ? 29800 * SEEP_NS_PER_MS : SEEP_UNKNOWN,
	};

	site.lifetimes[0] = frees;
	return site;
}

static void fixture_sum(struct fixture *fixture)
{
	fixture->snapshot.processes = fixture->processes;
	fixture->snapshot.sites = fixture->sites;
	seep_snapshot_sum(fixture->processes, fixture->snapshot.num_processes, fixture->sites,
			  fixture->snapshot.num_sites, fixture->snapshot.totals);
}

/* One process without any site. */
static inline void fixture_init_empty(struct fixture *fixture)
{
	*fixture = (struct fixture){
		.processes = {fixture_server},
		.snapshot = fixture_snapshot,
	};
	fixture->snapshot.num_processes = 1;
	fixture_sum(fixture);
}

/* Everything at once, largest first. */
static inline void fixture_init(struct fixture *fixture)
{
	size_t n = 0;

	fixture_init_empty(fixture);
	fixture->sites[n++] =
		fixture_site(fixture, &grow_stack, 0x9f3c5a7711223344, 4096, 6553600, 20000);
	fixture->sites[n++] = fixture_site(fixture, &long_stack, 0x1, 100, 409600, 3);
	fixture->sites[n++] = fixture_site(fixture, &deep_stack, 0x2, 7, 70000, 0);
	fixture->sites[n++] = fixture_site(fixture, &stripped_stack, 0x3, 12, 12288, 0);
	fixture->sites[n++] = fixture_site(fixture, &evil_stack, 0x4, 5, 5000, 0);
	fixture->sites[n++] = fixture_site(fixture, &grow_again_stack, 0x5, 3, 3000, 9);
	fixture->sites[n++] = fixture_site(fixture, &jit_stack, 0x6, 2, 2000, 0);
	fixture->sites[n++] = fixture_site(fixture, &lost_stack, 0x7, 1, 16, 0);
	fixture->sites[n++] = fixture_site(fixture, &long_stack, 0x8, 0, 0, 50);
	fixture->sites[0].live_bytes_change = 2130;
	fixture->sites[1].live_bytes_change = -4096;
	fixture->snapshot.num_sites = n;
	fixture->snapshot.losses[SEEP_LOSS_UNMATCHED_FREES] = 12;
	fixture->snapshot.losses[SEEP_LOSS_RING_FULL] = 1234567;
	fixture->snapshot.ends[SEEP_END_COMPLETE] = 24266;
	fixture->snapshot.ends[SEEP_END_NO_TABLE] = 12;
	fixture->snapshot.ends[SEEP_END_DEPTH] = 7;
	fixture->snapshot.ends[SEEP_END_JIT] = 2;
	fixture_sum(fixture);
}

/* The same with a second process, which has ended and has one of the sites. */
static inline void fixture_init_two(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture->processes[1] = fixture_worker;
	fixture->snapshot.num_processes = 2;
	fixture->snapshot.final = true;
	fixture->sites[5].process = &fixture->processes[1];
	fixture_sum(fixture);
}

/* The same once more, with code of no file at the same address in both processes. */
static inline void fixture_init_jit(struct fixture *fixture)
{
	fixture_init_two(fixture);
	fixture->sites[5].stack = &jit_stack;
}

#endif
