/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict as JUnit XML, as CI systems read it (Jenkins' schema, which GitLab and GitHub's
 * viewers follow: testsuites, testsuite, testcase, failure, skipped, system-out). A site that leaks
 * is a test that has failed; one that is suppressed, or known in the baseline, was skipped; and a
 * kind of which nothing leaks has passed.
 */
#ifndef SEEP_FORMATS_JUNIT_H
#define SEEP_FORMATS_JUNIT_H

#include "model/snapshot.h"
#include "report/report.h"
#include "text/verdict.h"

/*
 * Sites that are listed. Those behind, of which the last case tells the number, would make a file
 * that GitLab does not read any more (30 MB in a report).
 */
#define SEEP_JUNIT_MAX_SITES 1000

/*
 * Appends the file. The names of the tests have functions and files, but nothing that changes from
 * run to run, as CI systems compare by them. 0 or -errno, as seep_report_format.
 */
int seep_junit_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		      const struct seep_answer *answer, const struct seep_report_options *options,
		      struct seep_buffer *buffer);

#endif
