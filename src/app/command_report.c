// SPDX-License-Identifier: GPL-2.0-only
/* seep report: one moment of a capture, in any format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "archive/archive.h"
#include "archive/history.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/units.h"
#include "formats/formats.h"
#include "model/since.h"
#include "report/report.h"
#include "web/html.h"
#include "json/json.h"

/* SEEP_ARCHIVE_END cannot be meant: nothing happens after the end. */
static bool wants_since(const struct seep_config *config)
{
	return config->reading.since_ns != SEEP_ARCHIVE_END;
}

/* With the history, which only a capture has. */
static int render_html(const struct seep_config *config, struct seep_reader *reader,
		       const struct seep_loaded *loaded, struct seep_buffer *buffer)
{
	struct seep_html_options options = {.metric = config->output.metric};
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
	const struct seep_report_format *format = seep_report_at(config->reading.format);
	struct seep_report_options options = {
		.metric = config->output.metric,
		/* JSON is for programs: they get all sites unless --top was given. */
		.top = format == &seep_report_json && !config->output.top_given ?
			       SIZE_MAX :
			       config->output.top,
		.color = seep_terminal_has_color(STDOUT_FILENO),
		.columns = seep_terminal_columns(STDOUT_FILENO),
		.verbose = config->output.verbose,
	};
	int error;

	/* The other formats have no place for a history. */
	if (format == &seep_report_html)
		error = render_html(config, reader, loaded, &buffer);
	else
		error = format->render(snapshot, loaded->symbolizer, &options, &buffer);
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
	const struct seep_moment *then = seep_archive_find(archive, config->reading.since_ns);
	char unit[SEEP_UNIT_MAX];
	int error = seep_archive_check_time(archive, "since", config->reading.since_ns);

	if (error)
		return error;

	/* The nearest moments were found, which may be the same for both times. */
	if (then->time_ns >= now->time_ns) {
		seep_error("there is no time between --since and the report %s into \"%s\"",
			   seep_format_duration(unit, now->time_ns), archive->path);
		return -EINVAL;
	}
	/* A capture may have several traces, one after the other. */
	if (then->run != now->run) {
		seep_error("--since is in an earlier trace of \"%s\", and each counts from 0; seep "
			   "diff compares them",
			   archive->path);
		return -EINVAL;
	}
	*ret_then = then;
	return 0;
}

/* Prints what happened between two moments of one trace. */
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
	/*
	 * The difference needs nothing of the earlier snapshot any more; its sites are those of the
	 * later one.
	 */
	seep_loaded_free(earlier);
	if (error) {
		seep_error("cannot make the report: %s", strerror(-error));
		return error;
	}
	error = print(config, archive->reader, loaded, seep_since_snapshot(since));
	seep_since_free(since);
	return error;
}

static int run(const struct seep_config *config)
{
	struct seep_archive archive;
	struct seep_loaded *loaded = NULL;
	const struct seep_moment *moment;
	int error = seep_archive_open(config->reading.capture, &archive);

	if (error)
		return SEEP_EXIT_FAILED;
	/* Without --at it is the last one. */
	moment = seep_archive_find(&archive, config->reading.at_ns);
	error = seep_archive_check_time(&archive, "at", config->reading.at_ns);
	if (!error)
		error = seep_archive_load(&archive, moment, &loaded);
	if (!error && wants_since(config))
		error = print_since(config, &archive, moment, loaded);
	else if (!error)
		error = print(config, archive.reader, loaded, &loaded->snapshot);
	seep_loaded_free(loaded);
	seep_archive_close(&archive);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

static int finish(struct seep_config *config, char **words)
{
	if (!*words || words[1]) {
		seep_error("which capture? give the file that seep trace -o has written");
		return -EINVAL;
	}
	if (wants_since(config) && seep_report_at(config->reading.format) == &seep_report_html) {
		seep_error("--since is not for html, whose charts show the whole course; seep diff "
			   "has a flame graph of what grew");
		return -EINVAL;
	}
	config->reading.capture = *words;
	return 0;
}

const struct seep_command seep_command_report = {
	.id = SEEP_COMMAND_REPORT,
	.name = "report",
	.summary = "show a capture that seep trace -o has written",
	.usage = "Usage: seep report CAPTURE [options]\n\n"
		 "Shows what a capture (seep trace -o) has of one moment. Needs no root.\n",
	.examples = "\nThe text goes to standard output, as do the other formats.\n"
		    "\nExamples:\n"
		    "  seep report server.seep\n"
		    "  seep report server.seep --format html > server.html\n"
		    "  seep report server.seep --at 10m --format flamegraph > after_10m.svg\n",
	.words_anywhere = true,
	.finish = finish,
	.run = run,
};
