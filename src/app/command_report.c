// SPDX-License-Identifier: GPL-2.0-only
/* seep report: one moment of a capture, in any format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/commands.h"
#include "app/history.h"
#include "app/options.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "model/since.h"
#include "report/report.h"
#include "web/html.h"
#include "json/json.h"

/* With the history, which only a capture has. */
static int render_html(const struct seep_config *config, struct seep_reader *reader,
		       const struct seep_loaded *loaded, struct seep_buffer *buffer)
{
	struct seep_html_options options = {.metric = config->metric};
	struct seep_history *history;
	int error = seep_history_new(reader, loaded, &history);

	if (error)
		return error;
	error = seep_html_render(&loaded->snapshot, loaded->symbolizer, seep_history_html(history),
				 &options, buffer);
	seep_history_free(history);
	return error;
}

/* @snapshot is that of @loaded, or what happened in it since another one. */
static int print(const struct seep_config *config, struct seep_reader *reader,
		 const struct seep_loaded *loaded, const struct seep_snapshot *snapshot)
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
		error = config->format->render(snapshot, loaded->symbolizer, &options, &buffer);
	if (!error)
		error = seep_file_write_fd(STDOUT_FILENO, buffer.data, buffer.length);
	if (error)
		seep_error("cannot write the report: %s", strerror(-error));
	return error;
}

/* The moment of --since. 0, or -EINVAL after saying why it cannot be that. */
static int find_since(const struct seep_config *config, const struct seep_archive *archive,
		      const struct seep_moment *now, const struct seep_moment **ret_then)
{
	const struct seep_moment *then = seep_archive_find(archive, config->since_ns);
	char unit[SEEP_UNIT_MAX];

	if (then->time_ns >= now->time_ns) {
		seep_error("there is no time between --since and the report %s into \"%s\"",
			   seep_format_duration(unit, now->time_ns), archive->path);
		return -EINVAL;
	}
	if (then->run != now->run) {
		seep_error("--since is in an earlier trace of \"%s\", and each counts from 0; seep "
			   "diff compares them",
			   archive->path);
		return -EINVAL;
	}
	*ret_then = then;
	return 0;
}

static int print_since(const struct seep_config *config, const struct seep_archive *archive,
		       const struct seep_moment *now, const struct seep_loaded *loaded)
{
	const struct seep_moment *then;
	struct seep_loaded *earlier = NULL;
	struct seep_since *since;
	int error = find_since(config, archive, now, &then);

	if (!error)
		error = seep_archive_load(archive, then, &earlier);
	if (error)
		return error;
	error = seep_since_new(&loaded->snapshot, &earlier->snapshot, &since);
	seep_loaded_free(earlier);
	if (error) {
		seep_error("cannot make the report: %s", strerror(-error));
		return error;
	}
	error = print(config, archive->reader, loaded, seep_since_snapshot(since));
	seep_since_free(since);
	return error;
}

static int run(struct seep_config *config)
{
	struct seep_archive archive;
	struct seep_loaded *loaded = NULL;
	const struct seep_moment *moment;
	int error = seep_archive_open(config->capture, &archive);

	if (error)
		return SEEP_EXIT_FAILED;
	moment = seep_archive_find(&archive, config->at_ns);
	error = seep_archive_load(&archive, moment, &loaded);
	if (!error && config->since_given)
		error = print_since(config, &archive, moment, loaded);
	else if (!error)
		error = print(config, archive.reader, loaded, &loaded->snapshot);
	seep_loaded_free(loaded);
	seep_archive_close(&archive);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

int seep_command_report(int argc, char **argv)
{
	return seep_options_run(&seep_options_report, argc, argv, run);
}
