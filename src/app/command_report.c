// SPDX-License-Identifier: GPL-2.0-only
/* seep report: one moment of a capture, in any format. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/courses.h"
#include "app/options.h"
#include "app/stored.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "report/report.h"
#include "store/reader.h"

/* The last snapshot that is not later than --at; the first one if all are. */
static const struct seep_moment *find_moment(const struct seep_config *config,
					     const struct seep_moment *moments, size_t count)
{
	const struct seep_moment *found = &moments[0];

	for (size_t i = 0; i < count && moments[i].time_ns <= config->at_ns; i++)
		found = &moments[i];
	return found;
}

static int load(const struct seep_config *config, struct seep_reader *reader,
		struct seep_loaded **ret_loaded)
{
	SEEP_AUTO_FREE struct seep_moment *moments = NULL;
	size_t count;
	int error = seep_reader_list(reader, &moments, &count);

	if (error)
		return error;
	if (!count)
		return -ENODATA;
	return seep_reader_load(reader, find_moment(config, moments, count)->id, ret_loaded);
}

/* With the courses, which only a capture has. */
static int render_html(const struct seep_config *config, struct seep_reader *reader,
		       const struct seep_loaded *loaded, struct seep_buffer *buffer)
{
	struct seep_html_options options = {.metric = config->metric};
	struct seep_courses *courses;
	int error = seep_courses_new(reader, loaded, &courses);

	if (error)
		return error;
	error = seep_html_render(&loaded->snapshot, loaded->symbolizer, seep_courses_html(courses),
				 &options, buffer);
	seep_courses_free(courses);
	return error;
}

static int print(const struct seep_config *config, struct seep_reader *reader,
		 const struct seep_loaded *loaded)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct seep_report_options options = {
		.metric = config->metric,
		.top = config->format == &seep_report_json && !config->top_given ? SIZE_MAX :
										   config->top,
		.verbose = config->verbose,
	};
	int error;

	if (config->format == &seep_report_html)
		error = render_html(config, reader, loaded, &buffer);
	else
		error = config->format->render(&loaded->snapshot, loaded->symbolizer, &options,
					       &buffer);

	return error ? error : seep_file_write_fd(STDOUT_FILENO, buffer.data, buffer.length);
}

static void explain(const char *path, int error)
{
	if (error == -EBADMSG)
		seep_error("cannot read \"%s\": it is no capture, or damaged", path);
	else if (error == -EPROTO)
		seep_error("cannot read \"%s\": it is a capture of another version of seep", path);
	else if (error == -ENODATA)
		seep_error("there is no report in \"%s\" yet", path);
	else
		seep_error("cannot read \"%s\": %s", path, strerror(-error));
}

static int run(struct seep_config *config)
{
	struct seep_loaded *loaded = NULL;
	struct seep_reader *reader = NULL;
	struct seep_stored *stored = NULL;
	int error = seep_reader_open(config->capture, &reader);

	if (!error)
		error = load(config, reader, &loaded);
	if (!error)
		error = seep_stored_judge(loaded, &stored);
	if (error)
		explain(config->capture, error);
	if (!error) {
		error = print(config, reader, loaded);
		if (error)
			seep_error("cannot write the report: %s", strerror(-error));
	}
	seep_stored_free(stored);
	seep_loaded_free(loaded);
	seep_reader_close(reader);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

int seep_command_report(int argc, char **argv)
{
	return seep_options_run(&seep_options_report, argc, argv, run);
}
