// SPDX-License-Identifier: GPL-2.0-only
#include "app/capture.h"

#include "app/outputs.h"

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

/* The file of -o; failed decides the exit status, failing which messages are needed. */
struct seep_capture {
	const char *path;
	struct seep_writer *writer;
	bool failing; /* the last write failed, and it was said */
	bool failed;
	bool written; /* at least one report */
};

int seep_capture_new(const struct seep_capture_settings *settings,
		     struct seep_capture **ret_capture)
{
	struct seep_writer_config writer_config = {
		.keep_ns = settings->keep_ns,
		.max_bytes = settings->max_bytes,
	};
	struct seep_capture *capture;
	int error;

	/* Set also without a capture: NULL says that none is asked for. */
	*ret_capture = NULL;
	if (!settings->path)
		return 0;
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return -ENOMEM;
	capture->path = settings->path;
	/* Opened before the trace, so that a wrong path is found out at once. */
	error = seep_writer_open(capture->path, &writer_config, &capture->writer);
	/* Files of other programs are not overwritten. */
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
	if (capture->written)
		seep_outputs_say_written(capture->path);
	free(capture);
}

/* Says a failure when it begins and when it ends, not at every report. */
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

/* A failure does not end the trace: the disk may have room again at the next report. */
void seep_capture_write(struct seep_capture *capture, const struct seep_snapshot *snapshot,
			struct seep_symbolizer *symbolizer)
{
	int error = seep_writer_write(capture->writer, snapshot, symbolizer);

	/* Old moments go after the new one is stored: see keep_ns and max_bytes. */
	if (!error)
		error = seep_writer_tidy(capture->writer);
	capture->written |= !error;
	note_result(capture, error);
}

/* Accepts NULL: a capture that was not asked for cannot fail. */
bool seep_capture_failed(const struct seep_capture *capture)
{
	return capture && capture->failed;
}
