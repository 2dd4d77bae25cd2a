// SPDX-License-Identifier: GPL-2.0-only
#include "app/capture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/output_path.h"
#include "store/writer.h"
#include "verdict/judgement.h"

struct seep_capture {
	const char *path;
	struct seep_writer *writer;
	bool failing; /* the last write failed, and it was said */
	bool failed;
};

int seep_capture_new(const struct seep_config *config, struct seep_capture **ret_capture)
{
	struct seep_writer_config writer_config = {
		.keep_ns = config->keep_ns,
		.max_bytes = config->max_file_bytes,
	};
	struct seep_capture *capture;
	int error;

	*ret_capture = NULL;
	if (!config->capture)
		return 0;
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return -ENOMEM;
	capture->path = config->capture;
	error = seep_writer_open(capture->path, &writer_config, &capture->writer);
	if (error == -EEXIST)
		seep_error("cannot write \"%s\": it is there, and no capture", capture->path);
	else if (error)
		seep_error("cannot write \"%s\": %s", capture->path, seep_output_error(-error));
	if (error) {
		free(capture);
		return error;
	}
	*ret_capture = capture;
	return 0;
}

void seep_capture_free(struct seep_capture *capture)
{
	if (!capture)
		return;
	seep_writer_close(capture->writer);
	free(capture);
}

/* Sentences as lines, NULL for none; the caller frees them. */
static char *lines_of(const char *const *texts, size_t count)
{
	SEEP_AUTO_BUFFER struct seep_buffer lines = SEEP_BUFFER_INIT;

	for (size_t i = 0; i < count; i++)
		seep_buffer_printf(&lines, "%s%s", i ? "\n" : "", texts[i]);
	return count && !lines.error ? strdup(lines.data) : NULL;
}

static void fill_companions(const struct seep_snapshot *snapshot,
			    const struct seep_judgement *judgement,
			    struct seep_stored_verdict *verdict)
{
	_Static_assert(SEEP_COMPANIONS_MAX <= SEEP_STORED_COMPANIONS, "room in a capture");
	for (size_t i = 0; i < judgement->num_companions; i++) {
		const struct seep_companion *companion = &judgement->companions[i];

		verdict->companions[i] = (struct seep_stored_companion){
			.site = companion->site ? (size_t)(companion->site - snapshot->sites) :
						  SEEP_OF_PROCESS,
			.measure = companion->measure,
			.correlation = companion->correlation,
		};
	}
	verdict->num_companions = judgement->num_companions;
}

static void fill_of_site(const struct seep_snapshot *snapshot, size_t index,
			 struct seep_stored_verdict *verdict)
{
	const struct seep_site *site = &snapshot->sites[index];
	const struct seep_judgement *judgement = site->judgement;

	*verdict = (struct seep_stored_verdict){
		.process = (size_t)(site->process - snapshot->processes),
		.site = index,
		.class = judgement->class,
		.pattern = judgement->pattern,
		.severity = judgement->severity,
		.confidence = judgement->confidence,
		.rate = judgement->rate,
		.leaked = judgement->leaked,
		.eta_s = judgement->eta_s,
		.evidence = lines_of(judgement->evidence, judgement->num_evidence),
		.advice = lines_of(judgement->advice, judgement->num_advice),
	};
	fill_companions(snapshot, judgement, verdict);
}

static void fill_of_process(const struct seep_snapshot *snapshot, size_t index,
			    struct seep_stored_verdict *verdict)
{
	const struct seep_process_judgement *judgement = snapshot->processes[index].judgement;

	*verdict = (struct seep_stored_verdict){
		.process = index,
		.site = SEEP_OF_PROCESS,
		.class = judgement->health,
		.rate = judgement->rate,
		.leaked = SEEP_INTERVAL_UNKNOWN,
		.eta_s = judgement->eta_s,
		.evidence = lines_of(judgement->evidence, judgement->num_evidence),
	};
}

static size_t fill_verdicts(const struct seep_snapshot *snapshot,
			    struct seep_stored_verdict *verdicts)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (snapshot->processes[i].judgement)
			fill_of_process(snapshot, i, &verdicts[count++]);
	}
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		if (snapshot->sites[i].judgement)
			fill_of_site(snapshot, i, &verdicts[count++]);
	}
	return count;
}

static void note_result(struct seep_capture *capture, int error)
{
	if (error && !capture->failing)
		seep_error("cannot write \"%s\": %s; the trace goes on", capture->path,
			   seep_output_error(-error));
	else if (!error && capture->failing)
		seep_info("can write \"%s\" again", capture->path);
	capture->failing = error != 0;
	capture->failed |= error != 0;
}

void seep_capture_write(struct seep_capture *capture, const struct seep_snapshot *snapshot,
			struct seep_symbolizer *symbolizer)
{
	SEEP_AUTO_FREE struct seep_stored_verdict *verdicts =
		calloc(snapshot->num_sites + snapshot->num_processes + 1, sizeof(*verdicts));
	size_t count = 0;
	int error = verdicts ? 0 : -ENOMEM;

	if (!error) {
		count = fill_verdicts(snapshot, verdicts);
		error = seep_writer_write(capture->writer, snapshot, symbolizer, verdicts, count);
	}
	if (!error)
		error = seep_writer_tidy(capture->writer);
	note_result(capture, error);
	for (size_t i = 0; i < count; i++) {
		free((char *)verdicts[i].evidence);
		free((char *)verdicts[i].advice);
	}
}

bool seep_capture_failed(const struct seep_capture *capture)
{
	return capture && capture->failed;
}
