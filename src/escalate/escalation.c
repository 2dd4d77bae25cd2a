// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same steps as those of seep detect, for a process among others: new and add_pid attach, the
 * timer looks (snapshot, gate, patience), finish takes the last snapshot and renders it. What a
 * tracer calls back must not free it, so the end of the process only sets a timer.
 */
#include "escalate/escalation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/errors.h"
#include "base/log.h"
#include "report/entries.h"
#include "report/headline.h"
#include "text/text.h"
#include "text/verdict.h"
#include "trace/tracer.h"
#include "verdict/gate.h"
#include "verdict/judgement.h"
#include "verdict/patience.h"
#include "json/json.h"

/* Of the function that stands for a leak. */
#define NAME_COLUMNS 60

struct seep_escalation {
	const struct seep_escalation_settings *settings;
	struct seep_loop *loop;
	struct seep_loop_source *look_source;
	struct seep_loop_source *end_source;
	char pid_text[16];
	struct seep_scope scope;
	struct seep_filter filter;
	struct seep_allocators *allocators;
	struct seep_tracer *tracer;
	struct seep_gate *gate;
	struct seep_patience patience;
	bool ended; /* the process has */
};

static int on_end(void *context, uint64_t value)
{
	struct seep_escalation *escalation = context;

	(void)value;
	seep_loop_remove(escalation->loop, escalation->end_source);
	escalation->end_source = NULL;
	escalation->settings->on_over(escalation->settings->context, escalation);
	return 0;
}

/* The tracer calls this from within itself. */
static void on_empty(void *context)
{
	struct seep_escalation *escalation = context;

	escalation->ended = true;
	/* Without memory for a timer the time that every trace has is waited for. */
	if (!escalation->end_source)
		seep_loop_add_timer(escalation->loop, 1, 0, on_end, escalation,
				    &escalation->end_source);
}

static int find(struct seep_escalation *escalation, bool final,
		const struct seep_snapshot **ret_snapshot,
		const struct seep_findings **ret_findings)
{
	int error = seep_tracer_snapshot(escalation->tracer, final, ret_snapshot);

	if (error)
		return error;
	return seep_gate_find(escalation->gate, *ret_snapshot,
			      seep_tracer_symbolizer(escalation->tracer), ret_findings);
}

static int on_look(void *context, uint64_t value)
{
	struct seep_escalation *escalation = context;
	const struct seep_snapshot *snapshot;
	const struct seep_findings *findings;

	(void)value;
	/* If a look fails, so does the last one, which says why. */
	if (!find(escalation, false, &snapshot, &findings) &&
	    seep_patience_ends(&escalation->patience, snapshot, findings))
		escalation->settings->on_over(escalation->settings->context, escalation);
	return 0;
}

static int open_tracer(struct seep_escalation *escalation)
{
	const struct seep_tracer_config config = {
		.scope = &escalation->scope,
		.allocators = escalation->allocators,
		.filter = &escalation->filter,
		.limits = escalation->settings->limits,
		.probing = escalation->settings->probing,
		.judge = true,
		.interval_ns = escalation->settings->interval_ns,
		.on_empty = on_empty,
		.context = escalation,
	};

	return seep_tracer_new(&config, escalation->loop, &escalation->tracer);
}

static int open_parts(struct seep_escalation *escalation, pid_t pid, uint32_t kinds)
{
	int error;

	snprintf(escalation->pid_text, sizeof(escalation->pid_text), "%d", (int)pid);
	escalation->scope = (struct seep_scope){
		.type = SEEP_SCOPE_NAMED,
		.key = "pid",
		.value = escalation->pid_text,
		.cgroup_fd = -1,
	};
	escalation->filter = (struct seep_filter){.kinds = kinds, .max_size_bytes = UINT64_MAX};
	error = seep_allocators_new(&escalation->allocators);
	if (error)
		return error;
	seep_allocators_select(escalation->allocators, kinds);
	error = seep_gate_new(SEEP_CLASS_LEAK, &escalation->gate);
	return error ? error : open_tracer(escalation);
}

int seep_escalation_new(const struct seep_escalation_settings *settings, struct seep_loop *loop,
			pid_t pid, uint32_t kinds, struct seep_escalation **ret_escalation)
{
	struct seep_escalation *escalation = calloc(1, sizeof(*escalation));
	int error;

	if (!escalation)
		return -ENOMEM;
	escalation->settings = settings;
	escalation->loop = loop;
	error = open_parts(escalation, pid, kinds);
	if (!error)
		error = seep_tracer_add_pid(escalation->tracer, pid);
	if (!error)
		error = seep_tracer_start(escalation->tracer);
	if (!error)
		error = seep_loop_add_timer(loop, 0, settings->interval_ns, on_look, escalation,
					    &escalation->look_source);
	if (error) {
		seep_escalation_free(escalation);
		return error;
	}
	*ret_escalation = escalation;
	return 0;
}

void seep_escalation_free(struct seep_escalation *escalation)
{
	if (!escalation)
		return;
	seep_loop_remove(escalation->loop, escalation->look_source);
	seep_loop_remove(escalation->loop, escalation->end_source);
	seep_tracer_free(escalation->tracer);
	seep_gate_free(escalation->gate);
	seep_allocators_free(escalation->allocators);
	free(escalation);
}

bool seep_escalation_has_ended(const struct seep_escalation *escalation)
{
	return escalation->ended;
}

static char *take(struct seep_buffer *buffer)
{
	char *text = seep_buffer_take(buffer);

	return text ? text : strdup("");
}

/* The first sentence, and the function that leaks most. */
static void put_headline(const struct seep_headline *headline, struct seep_result *result)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_findings *findings = headline->answer->findings;

	seep_headline_append(&text, headline);
	result->headline = take(&text);
	if (!findings->num)
		return;
	seep_buffer_reset(&text);
	seep_entry_append_name(&text, headline->symbolizer, findings->sites[0], NAME_COLUMNS);
	result->function = take(&text);
}

/*
 * The whole answer; of a process that has ended also what it had then, largest first: nobody can
 * look again.
 */
static int put_text(const struct seep_escalation *escalation, const struct seep_headline *headline,
		    struct seep_result *result)
{
	struct seep_report_options options = {
		.top = escalation->settings->top,
		.columns = escalation->settings->columns,
		.answer = headline->answer,
	};
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_verdict_render(headline->snapshot, headline->symbolizer, headline->answer,
					&options, &text);

	if (!error && escalation->ended) {
		seep_buffer_putc(&text, '\n');
		error = seep_report_text.render(headline->snapshot, headline->symbolizer, &options,
						&text);
	}
	result->text = take(&text);
	if (error || !escalation->settings->json)
		return error;
	seep_buffer_reset(&text);
	/* A list is for people: what leaks need not be among what is largest. */
	options.top = SIZE_MAX;
	error = seep_report_json.render(headline->snapshot, headline->symbolizer, &options, &text);
	if (!error)
		result->json = seep_buffer_take(&text);
	return error;
}

/* Joins what leaks into entries, as all answers do, and puts it into words. */
static int describe(const struct seep_escalation *escalation, const struct seep_snapshot *snapshot,
		    const struct seep_answer *answer, struct seep_result *result)
{
	struct seep_symbolizer *symbolizer = seep_tracer_symbolizer(escalation->tracer);
	const struct seep_findings *findings = answer->findings;
	struct seep_entries entries;
	const struct seep_headline headline = {snapshot, answer, &entries, symbolizer};
	int error = seep_entries_join(findings->sites, findings->num, symbolizer, &entries);

	if (!error) {
		put_headline(&headline, result);
		error = put_text(escalation, &headline, result);
	}
	seep_entries_done(&entries);
	return error;
}

static int conclude(struct seep_escalation *escalation, struct seep_result *result)
{
	const struct seep_snapshot *snapshot;
	const struct seep_findings *findings;
	struct seep_answer answer;
	int error = find(escalation, true, &snapshot, &findings);

	if (error)
		return error;
	error = seep_answer_make(snapshot, findings, seep_tracer_symbolizer(escalation->tracer),
				 &answer);
	if (!error) {
		answer.command_exit = -1;
		result->outcome = answer.outcome;
		for (size_t i = 0; i < findings->num; i++)
			result->leaks |= SEEP_KIND_BIT(findings->sites[i]->kind);
		error = describe(escalation, snapshot, &answer, result);
	}
	seep_answer_done(&answer);
	return error;
}

int seep_escalation_finish(struct seep_escalation *escalation, struct seep_result *result)
{
	int error;

	seep_loop_remove(escalation->loop, escalation->look_source);
	escalation->look_source = NULL;
	seep_tracer_stop(escalation->tracer);
	result->outcome = SEEP_OUTCOME_UNDECIDED;
	result->ended = escalation->ended;
	error = conclude(escalation, result);
	if (error)
		seep_error("cannot read what was traced of process %s: %s", escalation->pid_text,
			   seep_error_text(-error));
	return error;
}
