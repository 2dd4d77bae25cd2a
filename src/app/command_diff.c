// SPDX-License-Identifier: GPL-2.0-only
/* seep diff: what is different between two captures, or two moments of one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/archive.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/paths.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "model/compare.h"
#include "report/diff.h"
#include "json/json.h"

/* One of the two: the moment, and what the sites of it are called. */
struct side {
	struct seep_archive archive;
	const struct seep_moment *moment;
	struct seep_loaded *loaded;
	struct seep_path *paths;
};

static void close_side(struct side *side)
{
	free(side->paths);
	seep_loaded_free(side->loaded);
	seep_archive_close(&side->archive);
}

static int load_side(struct side *side)
{
	int error = seep_archive_load(&side->archive, side->moment, &side->loaded);

	if (error)
		return error;
	error = seep_paths_new(side->loaded, &side->paths);
	if (error)
		seep_error("cannot compare: %s", strerror(-error));
	return error;
}

/* 0, or -EINVAL after saying that it is none. */
static int check_order(const struct side *before, const struct side *after)
{
	char unit[SEEP_UNIT_MAX];

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

static int print(const struct seep_config *config, const struct seep_diff *diff)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	const struct seep_report_options options = {
		.top = config->diff_format == &seep_diff_json && !config->top_given ? SIZE_MAX :
										      config->top,
		.verbose = config->verbose,
	};
	int error = config->diff_format->render(diff, &options, &buffer);

	if (!error)
		error = seep_file_write_fd(STDOUT_FILENO, buffer.data, buffer.length);
	if (error)
		seep_error("cannot write the comparison: %s", strerror(-error));
	return error;
}

static int compare(const struct seep_config *config, const struct side *before,
		   const struct side *after, bool same_trace)
{
	const struct seep_compare_options options = {
		.kinds = config->filter.kinds,
		.metric = config->metric,
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

static int run_sides(const struct seep_config *config, struct side *before, struct side *after)
{
	bool same = seep_archive_is_same(&before->archive, &after->archive);
	int error = 0;

	before->moment = seep_archive_find(&before->archive, config->from_ns);
	after->moment = seep_archive_find(&after->archive, config->at_ns);
	if (same)
		error = check_order(before, after);
	if (!error)
		error = load_side(before);
	if (!error)
		error = load_side(after);
	return error ? error :
		       compare(config, before, after,
			       same && before->moment->run == after->moment->run);
}

static int run(struct seep_config *config)
{
	struct side before = {0}, after = {0};
	int error = seep_archive_open(config->old_capture, &before.archive);

	if (!error)
		error = seep_archive_open(config->capture, &after.archive);
	if (!error)
		error = run_sides(config, &before, &after);
	close_side(&before);
	close_side(&after);
	return error ? SEEP_EXIT_FAILED : SEEP_EXIT_OK;
}

int seep_command_diff(int argc, char **argv)
{
	return seep_options_run(&seep_options_diff, argc, argv, run);
}
