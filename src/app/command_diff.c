// SPDX-License-Identifier: GPL-2.0-only
/* seep diff: what is different between two captures, or two moments of one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "archive/archive.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/units.h"
#include "formats/formats.h"
#include "model/compare.h"
#include "report/diff.h"
#include "report/paths.h"
#include "json/json.h"

/* One of the two: the moment, and what the sites of it are called. */
struct side {
	struct seep_archive archive;
	const struct seep_moment *moment;
	struct seep_loaded *loaded;
	struct seep_path *paths;
};

/* Accepts a side of which nothing was opened or loaded yet. */
static void close_side(struct side *side)
{
	free(side->paths);
	seep_loaded_free(side->loaded);
	seep_archive_close(&side->archive);
}

/* Reads the snapshot, and names its sites for the comparison. */
static int load_side(struct side *side)
{
	int error = seep_archive_load(&side->archive, side->moment, &side->loaded);

	if (error)
		return error;
	error = seep_paths_new(&side->loaded->snapshot, side->loaded->symbolizer, &side->paths);
	if (error)
		seep_error("cannot compare: %s", strerror(-error));
	return error;
}

/* 0, or -EINVAL after saying that it is none. */
static int check_order(const struct side *before, const struct side *after)
{
	char unit[SEEP_UNIT_MAX];

	/* Only for two moments of one file, where ids can be compared. */
	if (before->moment->id == after->moment->id) {
		seep_error("both moments are the same report, %s into \"%s\": there is nothing to "
			   "compare; give --from and --to",
			   seep_format_duration(unit, after->moment->time_ns), after->archive.path);
		return -EINVAL;
	}
	if (before->moment->time_ns > after->moment->time_ns) {
		seep_error("the old moment, %s into \"%s\", is later than the new one",
			   seep_format_duration(unit, before->moment->time_ns),
			   after->archive.path);
		return -EINVAL;
	}
	return 0;
}

/* Text has a default of sites to show; JSON has all of them unless --top was given. */
static int print(const struct seep_config *config, const struct seep_diff *diff)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_diff_format *format = seep_diff_at(config->reading.diff_format);
	const struct seep_report_options options = {
		.top = format == &seep_diff_json && !config->output.top_given ? SIZE_MAX :
										config->output.top,
		.color = seep_terminal_has_color(STDOUT_FILENO),
		.columns = seep_terminal_columns(STDOUT_FILENO),
		.verbose = config->output.verbose,
	};
	int error = format->render(diff, &options, &buffer);

	if (!error)
		error = seep_file_write_fd(STDOUT_FILENO, buffer.data, buffer.length);
	if (error)
		seep_error("cannot write the comparison: %s", strerror(-error));
	return error;
}

/* @same_trace: both moments are of one run, whose counters go on from one to the other. */
static int compare(const struct seep_config *config, const struct side *before,
		   const struct side *after, bool same_trace)
{
	const struct seep_compare_options options = {
		.kinds = config->filter.kinds,
		.metric = config->output.metric,
		.same_trace = same_trace,
	};
	const struct seep_side sides[] = {
		{&before->loaded->snapshot, before->paths},
		{&after->loaded->snapshot, after->paths},
	};
	struct seep_diff diff = {
		.before = {before->archive.path, before->loaded->symbolizer},
		.after = {after->archive.path, after->loaded->symbolizer},
	};
	struct seep_comparison *comparison;
	int error = seep_compare(&sides[0], &sides[1], &options, &comparison);

	/* Not a failure of seep, but of the choice of captures. */
	if (error == -ENODATA)
		seep_error("nothing to compare: no kind of object that is asked for was traced in "
			   "both");
	else if (error)
		seep_error("cannot compare: %s", strerror(-error));
	if (error)
		return error;
	diff.comparison = comparison;
	error = print(config, &diff);
	seep_comparison_free(comparison);
	return error;
}

/* Two names may lead to one file (links), so files are compared, not paths. */
static int run_sides(const struct seep_config *config, struct side *before, struct side *after)
{
	bool same = seep_archive_is_same(&before->archive, &after->archive);
	int error = seep_archive_check_time(&before->archive, "from", config->reading.from_ns);

	if (!error)
		error = seep_archive_check_time(&after->archive, "to", config->reading.at_ns);
	if (error)
		return error;
	/* --from and --to default to the ends of their captures, except as finish says. */
	before->moment = seep_archive_find(&before->archive, config->reading.from_ns);
	after->moment = seep_archive_find(&after->archive, config->reading.at_ns);
	if (same)
		error = check_order(before, after);
	if (!error)
		error = load_side(before);
	if (!error)
		error = load_side(after);
	/*
	 * Only within one run of a trace do the counters of both moments count from the same start.
	 */
	return error ? error :
		       compare(config, before, after,
			       same && before->moment->run == after->moment->run);
}

static int run(const struct seep_config *config)
{
	struct side before = {0}, after = {0};
	int error = seep_archive_open(config->reading.old_capture, &before.archive);

	if (!error)
		error = seep_archive_open(config->reading.capture, &after.archive);
	if (!error)
		error = run_sides(config, &before, &after);
	/* Whatever was opened, after a failure as well. */
	close_side(&before);
	close_side(&after);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

/* One capture is compared with itself, from its first report on unless that is said. */
static int finish(struct seep_config *config, char **words)
{
	/* One or two words, no more. */
	if (!words[0] || (words[1] && words[2])) {
		seep_error("which captures? give two, or one and its moments");
		return -EINVAL;
	}
	/* The beginning of a capture is nearest to 0. */
	if (!words[1] && config->reading.from_ns == SEEP_ARCHIVE_END)
		config->reading.from_ns = 0;
	config->reading.old_capture = words[0];
	config->reading.capture = words[1] ? words[1] : words[0];
	return 0;
}

const struct seep_command seep_command_diff = {
	.id = SEEP_COMMAND_DIFF,
	.name = "diff",
	.summary = "what grew between two captures, or two moments of one",
	.usage =
		"Usage: seep diff OLD NEW [options]\n"
		"  or:  seep diff CAPTURE [--from TIME] [--to TIME] [options]\n\n"
		"Shows what is new, what grew, shrank or is gone from one capture (seep trace -o) to\n"
		"another, or from one moment of a capture to a later one. Sites are found again by path\n"
		"and program, whatever the PIDs; those of other builds by the names of their functions.\n"
		"Needs no root.\n",
	.examples = "\nExamples:\n"
		    "  seep diff v1.seep v2.seep\n"
		    "  seep diff server.seep --from 10m --to 1h\n"
		    "  seep diff v1.seep v2.seep --format flamegraph > grown.svg\n",
	.words_anywhere = true,
	.finish = finish,
	.run = run,
};
