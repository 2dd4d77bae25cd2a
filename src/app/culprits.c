// SPDX-License-Identifier: GPL-2.0-only
#include "app/culprits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "app/archive.h"
#include "app/paths.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "report/diff.h"
#include "symbol/walk.h"
#include "verdict/baseline.h"
#include "verdict/judgement.h"
#include "verdict/suppressions.h"

#define MAX_SUPPRESSION_BYTES (1 << 20)

struct seep_culprits {
	const struct seep_config *config;
	struct seep_suppressions *suppressions; /* NULL: none */
	struct seep_baseline *baseline;		/* NULL: none */
	struct seep_accusation accusation;	/* of the last search, and what it points to: */
	const struct seep_site **sites;
	struct seep_standing *standings;
	const struct seep_site **known;
	struct seep_standing *known_standings;
	const struct seep_site **suppressed;
};

static void forget(struct seep_culprits *culprits)
{
	free(culprits->sites);
	free(culprits->standings);
	free(culprits->known);
	free(culprits->known_standings);
	free(culprits->suppressed);
	culprits->sites = NULL;
	culprits->standings = NULL;
	culprits->known = NULL;
	culprits->known_standings = NULL;
	culprits->suppressed = NULL;
	culprits->accusation = (struct seep_accusation){0};
}

static int read_suppressions(struct seep_culprits *culprits, const char *path)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	size_t line = 0;
	int error = seep_file_read_at(AT_FDCWD, path, MAX_SUPPRESSION_BYTES, &text);

	if (error) {
		seep_error("cannot read \"%s\": %s", path, strerror(-error));
		return error;
	}
	error = seep_suppressions_parse(text.data, &culprits->suppressions, &line);
	if (error == -EINVAL)
		seep_error("\"%s\", line %zu: a suppression is leak:PATTERN", path, line);
	return error;
}

/* The sites of the last snapshot of the capture, with what was concluded. */
static int take_baseline(struct seep_culprits *culprits, const struct seep_view *view)
{
	struct seep_side side = {.snapshot = &view->loaded->snapshot};
	SEEP_AUTO_FREE struct seep_path *paths = NULL;
	int error = seep_paths_new(view->loaded, &paths);

	side.paths = paths;
	if (!error)
		error = seep_baseline_new(&side, &culprits->baseline);
	if (error)
		seep_error("cannot take the baseline: %s", strerror(-error));
	return error;
}

static int read_baseline(struct seep_culprits *culprits, const char *path)
{
	struct seep_archive archive;
	struct seep_view view;
	int error = seep_archive_open(path, &archive);

	if (error)
		return error;
	error = seep_archive_load(&archive, seep_archive_find(&archive, SEEP_ARCHIVE_END), &view);
	if (!error) {
		error = take_baseline(culprits, &view);
		seep_view_done(&view);
	}
	seep_archive_close(&archive);
	return error;
}

int seep_culprits_new(const struct seep_config *config, struct seep_culprits **ret_culprits)
{
	struct seep_culprits *culprits = calloc(1, sizeof(*culprits));
	int error = 0;

	if (!culprits)
		return -ENOMEM;
	culprits->config = config;
	if (config->suppressions)
		error = read_suppressions(culprits, config->suppressions);
	if (!error && config->baseline)
		error = read_baseline(culprits, config->baseline);
	if (error) {
		seep_culprits_free(culprits);
		return error;
	}
	*ret_culprits = culprits;
	return 0;
}

void seep_culprits_free(struct seep_culprits *culprits)
{
	if (!culprits)
		return;
	forget(culprits);
	seep_baseline_free(culprits->baseline);
	seep_suppressions_free(culprits->suppressions);
	free(culprits);
}

/* A leak is worse than growth. */
static bool is_culprit(const struct seep_culprits *culprits, const struct seep_site *site)
{
	enum seep_class class =
		site->judgement ? seep_judgement_class(site->judgement) : SEEP_CLASS_UNKNOWN;

	return class == SEEP_CLASS_LEAK ||
	       (class == SEEP_CLASS_GROWTH && culprits->config->fail_on == SEEP_CLASS_GROWTH);
}

static bool is_suppressed(const struct seep_culprits *culprits, const struct seep_site *site,
			  struct seep_symbolizer *symbolizer)
{
	struct seep_walk walk;

	if (!culprits->suppressions)
		return false;
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		if (seep_suppressions_match(culprits->suppressions, walk.line->function) ||
		    seep_suppressions_match(culprits->suppressions, walk.line->source) ||
		    seep_suppressions_match(culprits->suppressions, walk.location->module))
			return true;
	}
	return false;
}

/* The worst comes first, but what has no place in the program last: it is there for the sake of others. */
static int compare_culprits(const void *left, const void *right)
{
	const struct seep_site *a = *(const struct seep_site *const *)left;
	const struct seep_site *b = *(const struct seep_site *const *)right;
	enum seep_severity severity_a = seep_judgement_severity(a->judgement);
	enum seep_severity severity_b = seep_judgement_severity(b->judgement);
	bool placed_a = seep_origin_of(a->stack) < 0;
	bool placed_b = seep_origin_of(b->stack) < 0;

	if (placed_a != placed_b)
		return placed_a ? -1 : 1;
	if (severity_a != severity_b)
		return severity_a < severity_b ? 1 : -1;
	if (a->judgement->rate.value != b->judgement->rate.value)
		return a->judgement->rate.value < b->judgement->rate.value ? 1 : -1;
	return (a > b) - (a < b);
}

/* Makes room for as many as there can be. 0 or -ENOMEM. */
static int reserve(struct seep_culprits *culprits, size_t max)
{
	forget(culprits);
	culprits->sites = calloc(max + 1, sizeof(*culprits->sites));
	culprits->standings = calloc(max + 1, sizeof(*culprits->standings));
	culprits->known = calloc(max + 1, sizeof(*culprits->known));
	culprits->known_standings = calloc(max + 1, sizeof(*culprits->known_standings));
	culprits->suppressed = calloc(max + 1, sizeof(*culprits->suppressed));
	return culprits->sites && culprits->standings && culprits->known &&
			       culprits->known_standings && culprits->suppressed ?
		       0 :
		       -ENOMEM;
}

/* Takes what is known, and no worse, out of the sorted sites. */
static void compare_with_baseline(struct seep_culprits *culprits,
				  struct seep_symbolizer *symbolizer)
{
	struct seep_accusation *accusation = &culprits->accusation;
	size_t count = accusation->num;

	accusation->num = 0;
	for (size_t i = 0; i < count; i++) {
		const struct seep_site *site = culprits->sites[i];
		struct seep_path path = seep_walk_path(symbolizer, site);
		struct seep_standing standing = seep_baseline_find(culprits->baseline, site, &path);

		if (standing.type == SEEP_STANDING_KNOWN) {
			culprits->known[accusation->num_known] = site;
			culprits->known_standings[accusation->num_known++] = standing;
		} else {
			culprits->sites[accusation->num] = site;
			culprits->standings[accusation->num++] = standing;
		}
	}
}

int seep_culprits_find(struct seep_culprits *culprits, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer,
		       const struct seep_accusation **ret_accusation)
{
	struct seep_accusation *accusation = &culprits->accusation;

	if (reserve(culprits, snapshot->num_sites))
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (!is_culprit(culprits, site))
			continue;
		if (is_suppressed(culprits, site, symbolizer))
			culprits->suppressed[accusation->num_suppressed++] = site;
		else
			culprits->sites[accusation->num++] = site;
	}
	qsort(culprits->sites, accusation->num, sizeof(*culprits->sites), compare_culprits);
	qsort(culprits->suppressed, accusation->num_suppressed, sizeof(*culprits->suppressed),
	      compare_culprits);
	if (culprits->baseline)
		compare_with_baseline(culprits, symbolizer);
	accusation->baseline = culprits->config->baseline;
	accusation->sites = culprits->sites;
	accusation->standings = culprits->standings;
	accusation->known = culprits->known;
	accusation->known_standings = culprits->known_standings;
	accusation->suppressed = culprits->suppressed;
	*ret_accusation = accusation;
	return 0;
}
