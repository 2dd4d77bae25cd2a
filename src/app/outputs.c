// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a trace: checked before anything is attached, written at each report. JSON lines are
 * added to an open file; the other formats replace their file. A file that cannot be written is
 * told once and tried again at the next report.
 */
#include "app/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/output_path.h"
#include "base/terminal.h"
#include "base/units.h"
#include "formats/formats.h"
#include "formats/junit.h"
#include "report/report.h"
#include "text/text.h"
#include "text/verdict.h"
#include "web/html_recorder.h"

struct output {
	const struct seep_report_format *format; /* NULL: of the verdict, not of every report */
	const char *path;
	bool lines;	   /* each report is a line that is added, not a file that is replaced */
	bool failing;	   /* the last write failed, and it was said */
	int fd;		   /* of lines: open all the time; else -1 */
	off_t length;	   /* of lines: up to the end of the last whole line */
	off_t piece_bytes; /* of the line that is being written */
	int write_error;   /* of that line */
	size_t num_written;
};

/* All files of a trace. Outputs that were not asked for have no path. */
struct seep_outputs {
	const struct seep_config *config;
	struct output outputs[SEEP_OUTPUT_COUNT];
	struct seep_html_recorder
		*recorder; /* for the charts of HTML; NULL: it was not asked for */
	bool text;	   /* the text report goes to standard output */
	/* Any write, ever: decides the exit status. */
	bool failed;
};

/* By enum seep_output; also the names in the list of formats. */
static const char *const format_names[] = {
#define SEEP_OUTPUT_NAME(NAME, name, help) [SEEP_OUTPUT_##NAME] = #name,
	SEEP_OUTPUTS(SEEP_OUTPUT_NAME)
#undef SEEP_OUTPUT_NAME
};

static bool is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* Lines need a descriptor from now on; other files are only checked. */
static int open_output(struct output *output)
{
	if (output->lines)
		return seep_output_path_open_lines(output->path, &output->fd);
	return is_stdout(output->path) ? 0 : seep_output_path_check(output->path);
}

int seep_outputs_new(const struct seep_config *config, struct seep_outputs **ret_outputs)
{
	struct seep_outputs *outputs = calloc(1, sizeof(*outputs));

	if (!outputs)
		return -ENOMEM;
	outputs->config = config;
	outputs->text = !config->output.quiet;
	/* Before the first failure is possible: free closes every descriptor that is not -1. */
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++)
		outputs->outputs[i].fd = -1;
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++) {
		struct output *output = &outputs->outputs[i];
		int error;

		output->path = config->output.paths[i];
		output->format = seep_report_find(format_names[i]);
		output->lines = i == SEEP_OUTPUT_JSON;
		if (!output->path)
			continue;
		/* The text report gives way to the format that was asked for on standard output. */
		if (is_stdout(output->path))
			outputs->text = false;
		/* Before anything is attached, so that a typing error in a path costs no trace. */
		error = open_output(output);
		if (error) {
			seep_error("cannot write \"%s\": %s", output->path,
				   seep_output_error(-error));
			seep_outputs_free(outputs);
			return error;
		}
	}
	if (config->output.paths[SEEP_OUTPUT_HTML] && seep_html_recorder_new(&outputs->recorder)) {
		seep_outputs_free(outputs);
		return -ENOMEM;
	}
	*ret_outputs = outputs;
	return 0;
}

void seep_outputs_say_written(const char *path)
{
	char size[SEEP_UNIT_MAX];
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		seep_info("wrote %s (%s)", path, seep_format_bytes(size, (uint64_t)status.st_size));
}

/* What has %t in its name is a file for each report. */
static void say_written(const struct output *output)
{
	if (!output->num_written || is_stdout(output->path))
		return;
	if (seep_file_has_time(output->path))
		seep_info("wrote %s: %zu of them", output->path, output->num_written);
	else
		seep_outputs_say_written(output->path);
}

void seep_outputs_free(struct seep_outputs *outputs)
{
	if (!outputs)
		return;
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++) {
		seep_cleanup_fd(&outputs->outputs[i].fd);
		say_written(&outputs->outputs[i]);
	}
	seep_html_recorder_free(outputs->recorder);
	free(outputs);
}

bool seep_outputs_failed(const struct seep_outputs *outputs)
{
	return outputs->failed;
}

/* The sink of a line that is written while it is made. */
static int write_piece(void *context, const void *bytes, size_t length)
{
	struct output *output = context;

	output->write_error = seep_file_write_fd(output->fd, bytes, length);
	/* Counted even after a failure: only end_line decides what of it stays. */
	output->piece_bytes += (off_t)length;
	return output->write_error;
}

/* Ends a line; what was written of it before a failure is taken back, if the file can do that. */
static int end_line(struct output *output, struct seep_buffer *buffer)
{
	/* The sink has had all but the last piece. */
	seep_buffer_flush(buffer);
	if (!output->write_error) {
		output->length += output->piece_bytes;
		return 0;
	}
	/* A pipe or terminal cannot be cut: its reader sees an incomplete line. */
	if (ftruncate(output->fd, output->length) == 0)
		lseek(output->fd, output->length, SEEK_SET);
	return output->write_error;
}

/*
 * Lines have gone to the descriptor through write_piece while they were rendered; a file gets the
 * whole buffer now.
 */
static int write_output(struct output *output, const struct seep_snapshot *snapshot,
			struct seep_buffer *buffer)
{
	SEEP_AUTO_FREE char *path = NULL;
	int error;

	if (output->fd >= 0)
		return end_line(output, buffer);
	/* Without %t the path is the same every time, and the file is replaced. */
	error = seep_file_expand_time(output->path, snapshot->utc_ns, &path);
	return error ? error : seep_file_write(path, buffer->data, buffer->length);
}

/* Says a failure when it begins, not at every report. */
static void note_result(struct seep_outputs *outputs, bool *failing, const char *what, int error)
{
	if (error) {
		outputs->failed = true;
		if (!*failing)
			seep_error("cannot write %s: %s; the trace goes on", what,
				   seep_output_error(-error));
	} else if (*failing) {
		seep_info("can write %s again", what);
	}
	*failing = error != 0;
}

/* Writes what was rendered. 0; -EPIPE; -ENOMEM; another failure is said and noted. */
static int deliver(struct seep_outputs *outputs, struct output *output,
		   const struct seep_snapshot *snapshot, struct seep_buffer *buffer)
{
	SEEP_AUTO_FREE char *what = NULL;
	int error;

	if (asprintf(&what, "\"%s\"", output->path) < 0) {
		what = NULL;
		return -ENOMEM;
	}
	error = write_output(output, snapshot, buffer);
	/* The reader of a pipeline is gone (seep trace | head): there is no use in going on. */
	if (error == -EPIPE && is_stdout(output->path))
		return -EPIPE;
	output->num_written += !error;
	note_result(outputs, &output->failing, is_stdout(output->path) ? "standard output" : what,
		    error);
	return 0;
}

/*
 * Renders and writes one format. A line is written while it is rendered, so that a long report need
 * not fit in memory.
 */
static int write_one(struct seep_outputs *outputs, struct output *output,
		     const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_answer *answer)
{
	const struct seep_config *config = outputs->config;
	struct seep_report_options options = {
		.metric = config->output.metric,
		/* The default of --top is for people; files have every site unless it was given. */
		.top = output->lines && config->output.top_given ? config->output.top : SIZE_MAX,
		.verbose = config->output.verbose,
		.answer = answer,
		.history = outputs->recorder ? seep_html_recorder_history(outputs->recorder) : NULL,
	};
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int error;

	/* A new line begins, without the failure of the last one. */
	output->piece_bytes = 0;
	output->write_error = 0;
	if (output->fd >= 0)
		seep_buffer_set_sink(&buffer, write_piece, output);
	error = output->format->render(snapshot, symbolizer, &options, &buffer);
	/*
	 * A renderer also fails when the sink does; that is a failure of the file, told by deliver.
	 */
	if (error && !output->write_error)
		return error;
	return deliver(outputs, output, snapshot, &buffer);
}

static struct seep_report_options text_options(const struct seep_config *config)
{
	return (struct seep_report_options){
		.metric = config->output.metric,
		.top = config->output.top,
		.color = seep_terminal_has_color(STDOUT_FILENO),
		.columns = seep_terminal_columns(STDOUT_FILENO),
		.verbose = config->output.verbose,
	};
}

/* 0; -EPIPE; another failure is said and noted. */
static int write_to_stdout(struct seep_outputs *outputs, const struct seep_buffer *buffer)
{
	/* Said once: any failure before this one has been told. */
	bool said = outputs->failed;
	int error = seep_file_write_fd(STDOUT_FILENO, buffer->data, buffer->length);

	if (error && error != -EPIPE)
		note_result(outputs, &said, "standard output", error);
	return error == -EPIPE ? error : 0;
}

/* Nothing for detect, whose only text is the verdict at the end. */
static int write_text(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
		      struct seep_symbolizer *symbolizer)
{
	struct seep_report_options options = text_options(outputs->config);
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int error;

	if (!outputs->text || outputs->config->verdict.detect)
		return 0;
	error = seep_report_text.render(snapshot, symbolizer, &options, &buffer);
	if (error || buffer.error)
		return error ? error : buffer.error;
	return write_to_stdout(outputs, &buffer);
}

/* The text of a site stands in XML, where there are no terminal sequences. */
static int write_junit(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer, const struct seep_answer *answer)
{
	struct output *output = &outputs->outputs[SEEP_OUTPUT_JUNIT];
	struct seep_report_options options = text_options(outputs->config);
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int error;

	if (!output->path)
		return 0;
	options.color = false;
	options.columns = 0;
	error = seep_junit_render(snapshot, symbolizer, answer, &options, &buffer);
	return error ? error : deliver(outputs, output, snapshot, &buffer);
}

int seep_outputs_verdict(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
			 struct seep_symbolizer *symbolizer, const struct seep_answer *answer)
{
	struct seep_report_options options = text_options(outputs->config);
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	/* JUnit first: a verdict that cannot be shown must not keep the CI system from its file. */
	int error = write_junit(outputs, snapshot, symbolizer, answer);

	/* With --quiet, or if a format has standard output, there is no verdict in words. */
	if (error || !outputs->text)
		return error;
	error = seep_verdict_render(snapshot, symbolizer, answer, &options, &buffer);
	return error ? error : write_to_stdout(outputs, &buffer);
}

/* Each output is tried, whatever became of the others; the first failure is returned. */
int seep_outputs_write(struct seep_outputs *outputs, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer, const struct seep_answer *answer)
{
	int result = write_text(outputs, snapshot, symbolizer);

	if (outputs->recorder && seep_html_recorder_add(outputs->recorder, snapshot) && !result)
		result = -ENOMEM;
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++) {
		struct output *output = &outputs->outputs[i];
		int error = 0;

		/* JUnit has no format of reports: seep_outputs_verdict writes it. */
		if (output->path && output->format)
			error = write_one(outputs, output, snapshot, symbolizer, answer);
		if (error && !result)
			result = error;
	}
	if (result == -EPIPE) {
		outputs->failed = true;
		seep_error("standard output was closed");
	}
	return result;
}
