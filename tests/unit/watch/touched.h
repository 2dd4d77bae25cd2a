/* SPDX-License-Identifier: GPL-2.0-only */
/* Growth stacks of a process, for the tests of reports: two functions, one of them twice. */
#ifndef SEEP_TESTS_WATCH_TOUCHED_H
#define SEEP_TESTS_WATCH_TOUCHED_H

#include <string.h>

#include "watch/touches.h"

enum {
	TOUCHED_MEMSET = 1,
	TOUCHED_MAKE_SESSION,
	TOUCHED_PARSE,
	TOUCHED_MAIN,
	TOUCHED_FRAMES,
};

#define TOUCHED_FRAME(name) SEEP_FRAME(7, TOUCHED_##name)

struct touched {
	struct seep_process process;
	struct seep_line lines[TOUCHED_FRAMES];
	struct seep_location locations[TOUCHED_FRAMES];
	struct seep_stack stacks[3];
	struct seep_touch_site sites[3];
	struct seep_touches touches;
};

static const uint64_t touched_frames[3][3] = {
	{TOUCHED_FRAME(MEMSET), TOUCHED_FRAME(MAKE_SESSION), TOUCHED_FRAME(MAIN)},
	{TOUCHED_FRAME(PARSE), TOUCHED_FRAME(MAIN)},
	{TOUCHED_FRAME(MAKE_SESSION), TOUCHED_FRAME(MAIN)},
};

/* 0 or -ENOMEM; the symbolizer is to be freed. */
static inline int touched_init(struct touched *touched)
{
	int error;

	memset(touched, 0, sizeof(*touched));
	touched->process.id = 1;
	touched->lines[TOUCHED_MEMSET] = (struct seep_line){.function = "memset"};
	touched->lines[TOUCHED_MAKE_SESSION] = (struct seep_line){
		.function = "make_session", .source = "/build/src/app.c", .line = 41};
	touched->lines[TOUCHED_PARSE] = (struct seep_line){.function = "par\033se"};
	touched->lines[TOUCHED_MAIN] = (struct seep_line){.function = "main"};
	for (int i = TOUCHED_MEMSET; i < TOUCHED_FRAMES; i++)
		touched->locations[i] = (struct seep_location){
			.module = i == TOUCHED_MEMSET ? "/usr/lib/libc.so.6" : "/usr/bin/server",
			.offset = (uint64_t)i,
			.num_lines = 1,
			.lines = &touched->lines[i],
		};
	error = seep_symbolizer_new(&touched->touches.symbolizer);
	for (int i = TOUCHED_MEMSET; i < TOUCHED_FRAMES && !error; i++)
		error = seep_symbolizer_know(touched->touches.symbolizer,
					     SEEP_FRAME(7, (uint64_t)i), &touched->locations[i]);
	for (int i = 0; i < 3; i++) {
		touched->stacks[i] = (struct seep_stack){
			.end = i == 1 ? SEEP_END_READ : SEEP_END_COMPLETE,
			.num_frames = i == 0 ? 3 : 2,
			.frames = touched_frames[i],
		};
		touched->sites[i].site = (struct seep_site){.process = &touched->process,
							    .stack = &touched->stacks[i]};
		touched->sites[i].samples = (uint64_t[]){200, 120, 80}[i];
		touched->sites[i].faults = (double[]){2000, 1200, 800}[i];
	}
	touched->touches.samples = 400;
	touched->touches.faults = 4000;
	touched->touches.partial = 120;
	touched->touches.of_files = 5;
	touched->touches.period = 10;
	touched->touches.open_s = 2.5;
	touched->touches.span_s = 10;
	touched->touches.cost_ns = 1500000;
	touched->touches.skipped = 6;
	touched->touches.returned = 7;
	touched->touches.num_sites = 3;
	touched->touches.sites = touched->sites;
	return error;
}

#endif
