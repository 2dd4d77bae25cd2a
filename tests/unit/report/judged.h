/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace of fixture.h with verdicts: two leaks, one in code with a hostile name, growth, and a
 * steady site.
 */
#ifndef TESTS_UNIT_REPORT_JUDGED_H
#define TESTS_UNIT_REPORT_JUDGED_H

#include "report/fixture.h"
#include "verdict/judgement.h"

static const char *const evidence[] = {
	"what is live grows by 213 B per second (95 %: 208 B to 217 B), over 29.0 s",
	"of 24,096 made, 20,000 were released (83.0 %)",
	"the oldest object is 29.8 s old",
	"all objects have 1.56 KiB",
	"the fifth <sentence>",
};
static const char *const advice[] = {"look for the path on which this one is not released"};

static const struct seep_judgement leak = {
	.class = "leak",
	.pattern = "linear",
	.severity = "high",
	.confidence = 0.99,
	.rate = {213.25, 208, 217.5},
	.leaked = {0.17, 0.16, 0.18},
	.eta_s = {12000, 11000, INFINITY},
	.limit = "cgroup-memory",
	.since_s = 10,
	.num_evidence = 5,
	.evidence = evidence,
	.num_advice = 1,
	.advice = advice,
};

static const struct seep_judgement growth = {
	.class = "growth",
	.pattern = "none",
	.severity = "low",
	.confidence = 0.7,
	.rate = {0.0005, -INFINITY, INFINITY},
	.leaked = {NAN, NAN, NAN},
	.eta_s = {NAN, NAN, NAN},
	.since_s = NAN,
};

static const struct seep_judgement steady = {
	.class = "steady",
	.pattern = "none",
	.severity = "none",
	.confidence = 0.9,
	.rate = {NAN, NAN, NAN},
	.leaked = {0, 0, 0.1},
	.eta_s = {NAN, NAN, NAN},
	.since_s = 0,
};

static inline void fixture_init_judged(struct fixture *fixture)
{
	static const struct seep_group groups[] = {{"socket", 3, 0}};
	static const char *const examples[] = {"socket </script><script>alert(4)</script>"};
	static const struct seep_details details = {1, groups, 1, examples};

	fixture_init_jit(fixture);
	fixture->sites[0].judgement = &leak;
	fixture->sites[0].ages[25] = 4096;
	fixture->sites[0].ages_known = true;
	fixture->sites[1].judgement = &growth;
	fixture->sites[2].judgement = &steady;
	fixture->sites[2].details = &details;
	fixture->sites[4].judgement = &leak;
}

/*
 * One process in which four sites leak: the function below which two of them do is known, by two
 * lines; the other two are called through a pointer.
 */
static inline void fixture_init_together(struct fixture *fixture)
{
	static const uint64_t one_frames[] = {F_CALLOC, F_LONG, F_LOOP, F_MAIN, F_START};
	static const uint64_t other_frames[] = {F_MALLOC, F_PARSE, F_LOOP, F_MAIN, F_START};
	static const struct seep_stack one_stack = STACK(one_frames, COMPLETE);
	static const struct seep_stack other_stack = STACK(other_frames, COMPLETE);
	static struct seep_correlated correlated[2];
	static struct seep_judgement with;

	fixture_init(fixture);
	correlated[0] =
		(struct seep_correlated){.measure = "open_descriptors", .correlation = 0.982};
	correlated[1] = (struct seep_correlated){.site = &fixture->sites[0], .correlation = 0.95};
	with = leak;
	with.num_correlated = 2;
	with.correlated = correlated;
	fixture->sites[0].judgement = &leak;
	fixture->sites[5].judgement = &with;
	fixture->sites[1].stack = &one_stack;
	fixture->sites[1].judgement = &growth;
	fixture->sites[2].stack = &other_stack;
	fixture->sites[2].judgement = &leak;
}

#endif
