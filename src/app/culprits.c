// SPDX-License-Identifier: GPL-2.0-only
#include "app/culprits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "model/judgement.h"
#include "model/suppressions.h"
#include "report/walk.h"

#define MAX_SUPPRESSION_BYTES (1 << 20)

struct seep_culprits {
	const struct seep_config *config;
	struct seep_suppressions *suppressions; /* NULL: none */
	const struct seep_site **sites;
	const struct seep_site **suppressed;
};

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

int seep_culprits_new(const struct seep_config *config, struct seep_culprits **ret_culprits)
{
	struct seep_culprits *culprits = calloc(1, sizeof(*culprits));
	int error = 0;

	if (!culprits)
		return -ENOMEM;
	culprits->config = config;
	if (config->suppressions)
		error = read_suppressions(culprits, config->suppressions);
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
	seep_suppressions_free(culprits->suppressions);
	free(culprits->sites);
	free(culprits->suppressed);
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

static int make_room(struct seep_culprits *culprits, size_t num_sites)
{
	free(culprits->sites);
	free(culprits->suppressed);
	culprits->sites = calloc(num_sites + 1, sizeof(*culprits->sites));
	culprits->suppressed = calloc(num_sites + 1, sizeof(*culprits->suppressed));
	return culprits->sites && culprits->suppressed ? 0 : -ENOMEM;
}

int seep_culprits_find(struct seep_culprits *culprits, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer, struct seep_accused *ret_accused)
{
	size_t num_sites = 0, num_suppressed = 0;
	int error = make_room(culprits, snapshot->num_sites);

	if (error)
		return error;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (!is_culprit(culprits, site))
			continue;
		if (is_suppressed(culprits, site, symbolizer))
			culprits->suppressed[num_suppressed++] = site;
		else
			culprits->sites[num_sites++] = site;
	}
	qsort(culprits->sites, num_sites, sizeof(*culprits->sites), compare_culprits);
	qsort(culprits->suppressed, num_suppressed, sizeof(*culprits->suppressed),
	      compare_culprits);
	*ret_accused = (struct seep_accused){
		.sites = culprits->sites,
		.num_sites = num_sites,
		.suppressed = culprits->suppressed,
		.num_suppressed = num_suppressed,
	};
	return 0;
}
