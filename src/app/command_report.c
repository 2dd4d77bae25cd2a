// SPDX-License-Identifier: GPL-2.0-only
/* seep report: one moment of a capture, in any format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/commands.h"
#include "app/courses.h"
#include "app/options.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "report/html.h"
#include "report/report.h"

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
	if (!error)
		error = seep_file_write_fd(STDOUT_FILENO, buffer.data, buffer.length);
	if (error)
		seep_error("cannot write the report: %s", strerror(-error));
	return error;
}

static int run(struct seep_config *config)
{
	struct seep_archive archive;
	struct seep_view view = {0};
	int error = seep_archive_open(config->capture, &archive);

	if (error)
		return SEEP_EXIT_FAILED;
	error = seep_archive_load(&archive, seep_archive_find(&archive, config->at_ns), &view);
	if (!error)
		error = print(config, archive.reader, view.loaded);
	seep_view_done(&view);
	seep_archive_close(&archive);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

int seep_command_report(int argc, char **argv)
{
	return seep_options_run(&seep_options_report, argc, argv, run);
}
