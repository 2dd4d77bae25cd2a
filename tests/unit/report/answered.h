/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict of a fixture in text and JUnit, with the answer that belongs to it. */
#ifndef TESTS_UNIT_REPORT_ANSWERED_H
#define TESTS_UNIT_REPORT_ANSWERED_H

#include "formats/junit.h"
#include "report/fixture.h"
#include "text/verdict.h"

static inline void render_verdict(const struct seep_snapshot *snapshot,
				  const struct seep_findings *findings,
				  const struct seep_report_options *options,
				  struct seep_buffer *buffer)
{
	struct seep_answer answer;

	assert_int_equal(seep_answer_make(snapshot, findings, NULL, &answer), 0);
	assert_int_equal(seep_verdict_render(snapshot, NULL, &answer, options, buffer), 0);
	seep_answer_done(&answer);
}

static inline void render_junit(const struct seep_snapshot *snapshot,
				const struct seep_findings *findings,
				const struct seep_report_options *options,
				struct seep_buffer *buffer)
{
	struct seep_answer answer;

	assert_int_equal(seep_answer_make(snapshot, findings, NULL, &answer), 0);
	assert_int_equal(seep_junit_render(snapshot, NULL, &answer, options, buffer), 0);
	seep_answer_done(&answer);
}

#endif
